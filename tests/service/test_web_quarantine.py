"""Pages of quarantine: one arrival with its ways on, all alike, the letter, and what peers did not take."""

from functools import partial

import sqlalchemy as sa

from cirt.exchange.arrivals import take
from cirt.exchange.links.service import AddLink, add_link
from cirt.exchange.models import LinkDirection, Outgoing, Quarantined
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE
from cirt.parties.peers import find_peer
from cirt.parties.roles import Role
from tests.support.browse import forms_in, signed_in
from tests.support.console import at_the_console, told
from tests.support.release import a_reader, our_indicator
from tests.support.stix import an_indicator
from tests.support.store import indicator, put

FUTURE = "2099-01-01T00:00:00.000Z"


def some_held(program: Program, count: int = 1) -> list[int]:
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        take(work, [indicator(n + 1, modified=FUTURE).raw for n in range(count)], peer=peer)
        return list(work.session.scalars(sa.select(Quarantined.id).order_by(Quarantined.id)))


def test_an_arrival_shows_its_bytes_and_is_taken_anyway_with_a_reason(program: Program) -> None:
    [number] = some_held(program)
    lead = signed_in(program, Role.LEAD, name="Irena")
    lead.get(f"/sync/quarantine/{number}")
    assert "A version of the far future" in lead.text
    assert "bytes, laid out for reading" in lead.text
    assert "[ipv4-addr:value =" in lead.text

    assert lead.send(f"/sync/quarantine/{number}/drop").status_code == 422
    form = lead.form(f"/sync/quarantine/{number}/drop").fields
    lead.post(f"/sync/quarantine/{number}/take", {**form, "reason": "They said so"})
    lead.follow()

    assert "It is in" in lead.text
    assert "Taken" in lead.text
    assert "Held" not in lead.text
    assert "They said so" in lead.text


def test_what_was_dropped_is_taken_up_again(program: Program) -> None:
    [number] = some_held(program)
    lead = signed_in(program, Role.LEAD)
    lead.get(f"/sync/quarantine/{number}")
    lead.send(f"/sync/quarantine/{number}/drop", reason="Not ours")
    lead.follow()

    lead.send(f"/sync/quarantine/{number}/undo")
    lead.follow()

    assert "It is taken up again" in lead.text
    assert "Take it anyway" in lead.text


def test_what_can_never_be_taken_says_by_which_rule_and_has_no_such_button(
    program: Program,
) -> None:
    with program.work(CONSOLE) as work:
        take(work, [an_indicator(pattern="[")], peer=a_reader(work))
        number = work.session.scalars(sa.select(Quarantined.id)).one()
    lead = signed_in(program, Role.LEAD)

    lead.get(f"/sync/quarantine/{number}")

    assert "It is not as STIX 2.1 asks" in lead.text
    assert "Take it anyway" not in lead.text
    assert "Ask the peer" in lead.text
    form = lead.form(f"/sync/quarantine/{number}/drop").fields
    assert lead.post(f"/sync/quarantine/{number}/take", {**form, "reason": "x"}).status_code == 409


def test_many_alike_are_counted_before_they_are_dropped_and_all_taken_up_again(
    program: Program,
) -> None:
    some_held(program, 3)
    lead = signed_in(program, Role.LEAD)
    lead.get("/sync/quarantine")
    assert "Decide on all" in lead.text
    assert "For example: " in lead.text
    assert "far-future" not in lead.text.partition("For example")[0]  # no code in place of words
    lead.get("/sync/quarantine/alike?peer=cert-b&code=far-future")
    assert "3 arrivals wait for this reason" in lead.text
    assert lead.send("/sync/quarantine/alike", do="drop").status_code == 422

    lead.send("/sync/quarantine/alike", do="drop", reason="Wrong clock")
    lead.follow()
    assert "3 arrivals are dropped" in lead.text
    assert "Nothing is in quarantine" in lead.text
    [undo] = [form.action for form in forms_in(lead.page) if "/alike/" in form.action]
    lead.send(undo)
    lead.follow()

    assert "They wait again" in lead.text
    lead.get("/sync/quarantine/alike?peer=nobody&code=far-future")
    assert "3 arrivals" not in lead.text


def test_the_letter_is_offered_changed_and_let_go(program: Program) -> None:
    [number] = some_held(program)
    lead = signed_in(program, Role.LEAD)
    lead.get(f"/sync/quarantine/{number}/ask")
    assert "check your clock" in lead.page

    assert lead.send(f"/sync/quarantine/{number}/ask", address="nobody").status_code == 422
    lead.send(f"/sync/quarantine/{number}/ask", address="duty@cert-b.example", text="Is it right?")
    lead.follow()

    assert "The letter is on its way" in lead.text
    assert "Is it right?" in lead.text
    handler = signed_in(program, Role.HANDLER, name="Bela")
    assert handler.get(f"/sync/quarantine/{number}/ask").status_code == 403


def test_what_a_peer_did_not_take_is_shown_in_its_words_and_sent_again_or_let_be(
    program: Program,
) -> None:
    with program.work(CONSOLE) as work:
        a_reader(work)
        link = add_link(work, AddLink("cert-b", "far", LinkDirection.PUSH))
        ours = [our_indicator(work, f"198.51.100.{n}", Tlp.GREEN) for n in (7, 8)]
        for each in put(work, *ours):
            refused = Outgoing(
                link_id=link.id,
                version_id=each.version_id,
                queued_at=work.now,
                refused_at=work.now,
                failure="<b>too old</b>",
            )
            work.session.add(refused)
    lead = signed_in(program, Role.LEAD)
    lead.get("/sync")
    assert "2 objects not taken by peers" in lead.text
    lead.get("/sync/outgoing?peer=cert-b")
    assert "too old" in lead.text
    assert "<b>too" not in lead.page

    with program.work(CONSOLE, write=False) as work:
        first, second = work.session.scalars(sa.select(Outgoing.id).order_by(Outgoing.id))
    lead.send(f"/sync/outgoing/{first}/retry")
    lead.get("/sync/outgoing")
    lead.send(f"/sync/outgoing/{second}/drop")
    lead.follow()

    assert "Peers took all that we sent" in lead.text
    with program.work(CONSOLE, write=False) as work:
        again = work.session.get_one(Outgoing, first)
        left = work.session.get_one(Outgoing, second)
        assert (again.failure, again.given_up_at) == (None, None)
        assert left.failure is not None
        assert left.given_up_at is not None


def test_the_console_lists_shows_takes_drops_and_undoes(program: Program) -> None:
    first, second = some_held(program, 2)
    said = partial(told, program, "quarantine")

    listed = said("list", "--peer", "cert-b", "--case", "future")
    assert [row["id"] for row in listed] == [second, first]
    shown = said("show", str(first))
    assert shown["way"] == "take"
    taken = said("take", str(first), "--reason", "They said so")
    assert taken["outcome"] == "taken"
    said("drop", str(second), "--reason", "Wrong clock")
    assert said("list") == []
    said("undo", str(second))
    done = at_the_console(program, "quarantine", "take", str(second))
    assert done.exit_code == 1
    assert "Say why" in done.output
    with program.work(CONSOLE, write=False) as work:
        assert find_peer(work.session, "cert-b").name == "CERT-B"
