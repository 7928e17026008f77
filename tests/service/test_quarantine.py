"""Ways on from quarantine: taken anyway, dropped, taken up again, decided together; every kind of case."""

import json
from typing import Any

import pytest
import sqlalchemy as sa

from cirt.exchange.arrivals import take
from cirt.exchange.arriving.reasons import MESSAGES
from cirt.exchange.cases.commands import Alike, Decide, DecideAlike, Do
from cirt.exchange.cases.comparing import conflict_of
from cirt.exchange.cases.deciding import drop_arrival, take_arrival, undo_drop
from cirt.exchange.cases.errors import (
    CannotUndo,
    NothingKept,
    NothingLikeIt,
    NotTakeable,
    SayWhichIsRight,
)
from cirt.exchange.cases.kinds import MEANINGS, Case, Way, case_of, means
from cirt.exchange.cases.queries import Age, Wanted, quarantine_line, quarantine_page
from cirt.exchange.cases.showing import laid_out, shown_bytes
from cirt.exchange.cases.together import decide_alike, group_of, undo_alike
from cirt.exchange.loops.disputes import Solution, Solve, solve
from cirt.exchange.models import Ending, Outcome, Quarantined
from cirt.exchange.quarantine import NoSuchArrival
from cirt.kernel.audit import AuditEntry
from cirt.kernel.clock import FakeClock
from cirt.kernel.errors import NotAllowed
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, Work
from cirt.objects.models import ObjectVersion
from cirt.objects.models import StixObject as ObjectRow
from cirt.parties.four_eyes.errors import ReasonNeeded
from cirt.parties.models import Peer
from cirt.parties.peers import ourselves
from cirt.parties.roles import Role
from cirt.sharing.models import Agreement
from tests.support.quarantine import list_quarantine
from tests.support.register import a_person
from tests.support.release import a_reader, our_indicator
from tests.support.stix import an_indicator, an_object
from tests.support.store import indicator, numbered, put

FUTURE: dict[str, Any] = {"modified": "2099-01-01T00:00:00.000Z"}
WHY = "Their lead confirmed it by phone"
STATEMENT = numbered("marking-definition", 9)


def held(work: Work, raw: bytes, peer: Peer | None) -> Quarantined:
    """The row of an arrival that is not taken."""
    [arrival] = take(work, [raw], peer=peer)
    assert arrival.reason is not None
    query = sa.select(Quarantined).where(
        Quarantined.code == arrival.code, Quarantined.settled_at.is_(None)
    )
    return list(work.session.scalars(query.order_by(Quarantined.id)))[-1]


def newest(work: Work, stix_id: str) -> str:
    query = (
        sa.select(ObjectVersion.version_text)
        .join(ObjectRow, ObjectRow.newest_id == ObjectVersion.id)
        .where(ObjectRow.stix_id == stix_id)
    )
    return work.session.scalars(query).one()


def test_every_reason_has_a_kind_of_case_and_every_kind_its_sentences() -> None:
    assert set(MEANINGS) == set(Case)
    of_own = {case_of(code) for code in MESSAGES}
    assert of_own == {
        Case.UNKNOWN_MARKING,
        Case.VERSION,
        Case.REVOCATION,
        Case.CONFLICT,
        Case.ENDED,
        Case.CLAIM,
        Case.OFTEN,
        Case.FUTURE,
    }
    assert case_of("marking-contradicts") is Case.REDEFINED
    assert case_of("red-arrival") is Case.RED
    assert case_of("ceiling-in") is Case.AGREEMENT
    assert case_of("bad-pattern") is Case.SHAPE
    assert means("our-name").way is Way.NONE


@pytest.mark.parametrize("revoked", [False, True], ids=["version", "revocation"])
def test_a_version_by_somebody_else_comes_in_when_a_person_lets_it(
    program: Program, *, revoked: bool
) -> None:
    lead = a_person(program, "Irena", Role.LEAD)
    with program.work(CONSOLE) as work:
        bringer, other = a_reader(work), a_reader(work, "cert-c")
        take(work, [indicator(1).raw], peer=bringer)
        row = held(work, indicator(1, day=2, revoked=revoked).raw, other)
        assert case_of(row.code) is (Case.REVOCATION if revoked else Case.VERSION)
        number = row.id
    with pytest.raises(ReasonNeeded), program.work(lead) as work:
        take_arrival(work, Decide(number, " "))

    with program.work(lead) as work:
        assert take_arrival(work, Decide(number, WHY)).outcome is Outcome.TAKEN

    with program.work(CONSOLE) as work:
        line = quarantine_line(work.session, number)
        assert line is not None
        assert (line.settled_as, line.settled_by, line.note) == (Ending.TAKEN, "Irena", WHY)
        assert newest(work, numbered("indicator", 1)) == "2025-03-02T10:00:00.000Z"
        acts = work.session.scalars(sa.select(AuditEntry.act)).all()
        assert "quarantine.take" in acts
        if not revoked:
            again = held(work, indicator(1, day=3).raw, other)
            assert again.code == "foreign-version"  # one was let in, not its sender
    with pytest.raises(NoSuchArrival), program.work(lead) as work:
        take_arrival(work, Decide(number, WHY))


def test_nobody_versions_what_is_ours_whoever_lets_it(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer, ours = a_reader(work), our_indicator(work)
        put(work, ours)
        changed = {**ours.content(), "modified": "2027-01-01T00:00:00.000Z", "name": "Theirs"}
        row = held(work, json.dumps({**changed, "modified": later(ours)}).encode(), peer)

        answer = take_arrival(work, Decide(row.id, WHY))

        assert (answer.outcome, answer.code) == (Outcome.HELD, "foreign-version")
        assert row.settled_at is None
        assert newest(work, ours.stix_id) == ours.version_text


def later(one: Any) -> str:
    """A second after it."""
    text: str = one.version_text
    return f"{text[:17]}{(int(text[17:19]) + 1) % 60:02}.999Z"


def test_a_version_of_the_far_future_can_be_taken_or_waits(program: Program) -> None:
    with program.work(CONSOLE) as work:
        row = held(work, indicator(1, **FUTURE).raw, a_reader(work))

        assert take_arrival(work, Decide(row.id, WHY)).outcome is Outcome.TAKEN


def test_what_claims_our_name_or_redefines_a_marking_is_never_let_in(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        forged = indicator(1, created_by_ref=ourselves(work.session).identity_id)
        redefined = an_object(
            "marking-definition",
            id="marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
            modified=None,
            definition_type="tlp",
            definition={"tlp": "red"},
        )
        for raw, case in ((forged.raw, Case.CLAIM), (redefined, Case.REDEFINED)):
            row = held(work, raw, peer)
            assert case_of(row.code) is case
            with pytest.raises(NotTakeable):
                take_arrival(work, Decide(row.id, WHY))


@pytest.mark.parametrize("transit", [False, True])
def test_what_names_another_peer_as_its_author_waits_unless_its_sender_may_pass_on(
    program: Program, *, transit: bool
) -> None:
    author = numbered("identity", 5)
    with program.work(CONSOLE) as work:
        a_reader(work, "cert-c").identity_id = author
        sender = a_reader(work, transit=transit)
        work.session.flush()
        [arrival] = take(work, [indicator(1, created_by_ref=author).raw], peer=sender)
        if transit:
            assert arrival.outcome is Outcome.TAKEN
            return
        assert arrival.code == "their-name"
        assert "CERT-C" in arrival.sentence
        [row] = list_quarantine(work.session)
        assert take_arrival(work, Decide(row.id, WHY)).outcome is Outcome.TAKEN


def test_what_the_agreement_forbade_comes_in_once_it_allows_it(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work, types=["malware"])
        row = held(work, indicator(1).raw, peer)
        assert case_of(row.code) is Case.AGREEMENT
        assert take_arrival(work, Decide(row.id, "")).outcome is Outcome.REFUSED
        assert row.settled_at is None
        agreement = work.session.scalars(sa.select(Agreement)).one()
        agreement.types = []
        work.session.flush()

        assert take_arrival(work, Decide(row.id, "")).outcome is Outcome.TAKEN


def test_what_is_kept_for_another_reason_then_is_not_lost_when_that_goes(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        row = held(work, indicator(1, **FUTURE).raw, peer)
        agreement = work.session.scalars(sa.select(Agreement)).one()
        agreement.types = ["malware"]
        work.session.flush()
        take_arrival(work, Decide(row.id, WHY))
        assert row.settled_as is Ending.MOVED
        [moved] = list_quarantine(work.session)
        agreement.types = []
        work.session.flush()

        take_arrival(work, Decide(moved.id, ""))

        assert [each.id for each in list_quarantine(work.session)] == [row.id]
        assert row.body == indicator(1, **FUTURE).raw


def test_a_drop_is_undone_for_a_day_and_the_same_is_not_shown_again_meanwhile(
    program: Program, clock: FakeClock
) -> None:
    raw = indicator(1, **FUTURE).raw
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        row = held(work, raw, peer)
        with pytest.raises(ReasonNeeded):
            drop_arrival(work, Decide(row.id, ""))
        drop_arrival(work, Decide(row.id, WHY))
        take(work, [raw], peer=peer)
        assert list_quarantine(work.session) == []
        undo_drop(work, row.id)
        assert [each.id for each in list_quarantine(work.session)] == [row.id]
        drop_arrival(work, Decide(row.id, WHY))
    clock.forward(days=1, seconds=1)

    with pytest.raises(CannotUndo), program.work(CONSOLE) as work:
        undo_drop(work, row.id)


def test_undoing_a_drop_takes_what_it_waited_for_if_that_came_meanwhile(program: Program) -> None:
    definition = an_object(
        "marking-definition",
        id=STATEMENT,
        modified=None,
        definition_type="statement",
        definition={"statement": "Copyright"},
    )
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        row = held(work, indicator(1, object_marking_refs=[STATEMENT]).raw, peer)
        drop_arrival(work, Decide(row.id, WHY))
        take(work, [definition], peer=peer)
        assert quarantine_page(work.session, Wanted(), work.now).rows == []

        undo_drop(work, row.id)

        assert row.settled_as is Ending.TAKEN


def test_a_second_content_that_makes_a_version_rest_is_solved_and_not_dropped(
    program: Program,
) -> None:
    other = an_indicator(**{**indicator(1, tlp=Tlp.GREEN).content(), "description": "other words"})
    with program.work(CONSOLE) as work:
        bringer, liar = a_reader(work), a_reader(work, "cert-c")
        take(work, [indicator(1, tlp=Tlp.GREEN).raw], peer=bringer)
        row = held(work, other, liar)
        with pytest.raises(SayWhichIsRight):
            drop_arrival(work, Decide(row.id, WHY))
        with pytest.raises(NothingLikeIt):
            decide_alike(work, DecideAlike("cert-c", "conflict", row.id, Do.DROP, WHY))
        found = conflict_of(work, row.id)
        assert found is not None
        [differs] = [each for each in found.differs if each.name == "description"]
        assert differs.second == "other words"

        solve(work, Solve(row.id, Solution.FIRST))
        take(work, [other], peer=liar)  # once more

        again = conflict_of(work, row.id)
        assert again is not None
        assert not again.is_disputed
        assert row.settled_as is Ending.FIRST


def test_red_gains_no_content_whatever_is_asked(program: Program) -> None:
    with program.work(CONSOLE) as work:
        row = held(work, indicator(1, tlp=Tlp.RED).raw, a_reader(work))

        with pytest.raises(NotTakeable):
            take_arrival(work, Decide(row.id, WHY))

        assert shown_bytes(work, row.id) is None
        drop_arrival(work, Decide(row.id, WHY))
        undo_drop(work, row.id)
        assert row.body is None


def test_bytes_whose_content_was_found_to_be_red_are_gone_with_what_was_said_of_them(
    program: Program,
) -> None:
    raw = indicator(1, object_marking_refs=[STATEMENT]).raw
    red = an_object(
        "marking-definition",
        id=STATEMENT,
        modified=None,
        definition_type="tlp",
        definition={"tlp": "red"},
    )
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        row = held(work, raw, peer)
        assert shown_bytes(work, row.id) is None
        take(work, [red], peer=peer)
        work.session.flush()
        if row.settled_at is None:  # such a definition is refused, so nobody knows it yet
            assert row.body == raw
            return
        assert (row.body, row.values) == (None, {})


def test_bytes_are_shown_as_they_came_with_what_nobody_sees(program: Program) -> None:
    raw = b'{"type":"odd","n":1.50e1,"big":123456789012345678901234567890,"t":"a\\"{,\xe2\x80\xae"}'
    with program.work(CONSOLE) as work:
        row = held(work, raw, a_reader(work))
        shown = shown_bytes(work, row.id)

    assert shown is not None
    assert shown.is_laid_out
    assert shown.text.splitlines() == [
        "{",
        '  "type": "odd",',
        '  "n": 1.50e1,',
        '  "big": 123456789012345678901234567890,',
        '  "t": "a\\"{,\\u202e"',
        "}",
    ]
    assert laid_out(b"\xff no json \x07") == ("\ufffd no json \\u0007", False)


def test_all_of_one_peer_and_reason_are_decided_as_they_were_counted(
    program: Program, clock: FakeClock
) -> None:
    with program.work(CONSOLE) as work:
        peer, other = a_reader(work), a_reader(work, "cert-c")
        take(work, [indicator(n, **FUTURE).raw for n in (1, 2, 3)], peer=peer)
        take(work, [indicator(9, **FUTURE).raw], peer=other)
        group = group_of(work.session, Alike("cert-b", "far-future"))
        assert (group.count, group.objects, group.disputed) == (3, 3, 0)
        take(work, [indicator(4, **FUTURE).raw], peer=peer)
        with pytest.raises(ReasonNeeded):
            decide_alike(work, DecideAlike("cert-b", group.code, group.upto, Do.DROP, ""))

        done = decide_alike(work, DecideAlike("cert-b", group.code, group.upto, Do.DROP, WHY))

        assert (done.decided, done.left, done.total) == (3, 0, 3)
        assert len(list_quarantine(work.session)) == 2
        assert undo_alike(work, done.id).reopened == 3
        taken = decide_alike(work, DecideAlike("cert-b", group.code, group.upto, Do.TAKE, WHY))
        assert (taken.decided, taken.left) == (3, 0)
        with pytest.raises(NothingLikeIt):
            group_of(work.session, Alike("nobody", "far-future"))


def test_lists_are_filtered_by_peer_kind_outcome_and_age(
    program: Program, clock: FakeClock
) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        take(work, [indicator(1, **FUTURE).raw], peer=peer)
    clock.forward(days=40)
    with program.work(CONSOLE) as work:
        take(work, [b"{}"], peer=None)

        def found(**wanted: Any) -> list[str]:
            page = quarantine_page(work.session, Wanted(**wanted), work.now)
            return [line.code for line in page.rows]

        assert len(found()) == 2
        assert found(peer="cert-b") == ["far-future"]
        assert found(peer="") == found(case=Case.SHAPE) == found(age=Age.DAY)
        assert found(case=Case.FUTURE) == found(age=Age.OLD) == found(outcome=Outcome.HELD)
        assert found(settled=True) == []
        drop_arrival(work, Decide(list_quarantine(work.session)[0].id, WHY))
        assert found(settled=True) == ["far-future"]


def test_only_leads_decide(program: Program) -> None:
    handler = a_person(program, "Amina", Role.HANDLER)
    with program.work(CONSOLE) as work:
        number = held(work, indicator(1, **FUTURE).raw, a_reader(work)).id
    for act in (take_arrival, drop_arrival):
        with pytest.raises(NotAllowed), program.work(handler) as work:
            act(work, Decide(number, WHY))
    with pytest.raises(NotAllowed), program.work(handler) as work:
        undo_drop(work, number)


def test_what_holds_no_bytes_cannot_be_taken(program: Program) -> None:
    with program.work(CONSOLE) as work:
        row = held(work, indicator(1, **FUTURE).raw, a_reader(work))
        row.body = None
        with pytest.raises(NothingKept):
            take_arrival(work, Decide(row.id, WHY))
