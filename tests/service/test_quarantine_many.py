"""Thousands that wait for one reason are decided at once, in short steps, and each only by what its lead had seen."""

from collections.abc import Iterator
from functools import partial

import pytest
import sqlalchemy as sa

from cirt.exchange import quarantine
from cirt.exchange.arrivals import take
from cirt.exchange.cases import slicing, together
from cirt.exchange.cases.commands import Alike, Decide, DecideAlike, Do
from cirt.exchange.cases.deciding import drop_arrival, undo_drop
from cirt.exchange.cases.errors import CannotUndo
from cirt.exchange.cases.models import AlikeDecision, Stage
from cirt.exchange.cases.queries import quarantine_line
from cirt.exchange.cases.slicing import carry_on
from cirt.exchange.cases.together import decide_alike, group_of, undo_alike
from cirt.exchange.models import Ending, Quarantined
from cirt.kernel.audit import AuditEntry
from cirt.kernel.clock import FakeClock, to_us
from cirt.kernel.errors import NotAllowed
from cirt.kernel.jobs import Job, JobState
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, SYSTEM
from cirt.parties.models import Peer
from cirt.parties.peers import find_peer
from cirt.parties.roles import Role
from cirt.sharing.models import Agreement
from cirt.worker.loop import run_one
from cirt.worker.table import HANDLERS
from tests.support.asked import asked_of
from tests.support.browse import signed_in
from tests.support.console import at_the_console, told
from tests.support.quarantine import list_quarantine
from tests.support.register import a_person
from tests.support.release import a_reader
from tests.support.stix import an_indicator
from tests.support.store import indicator, numbered

WHY = "Their feed is not what we agreed on"
ALIKE = "/sync/quarantine/alike?peer=cert-b&code=type"


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of three arrivals, and four are too many to look at each."""
    monkeypatch.setattr(slicing, "_DROPPED", 3)
    monkeypatch.setattr(slicing, "_TRIED", 3)
    monkeypatch.setattr(together, "FEW", 4)


def refused(program: Program, *numbers: int, slug: str = "cert-b") -> None:
    """As many indicators of a peer that may send malware only."""
    with program.work(CONSOLE) as work:
        known = work.session.scalars(sa.select(Peer).where(Peer.slug == slug)).one_or_none()
        peer = known or a_reader(work, slug, types=["malware"])
        take(work, [indicator(n).raw for n in numbers], peer=peer)


def waiting(program: Program) -> list[str | None]:
    with program.work(SYSTEM, write=False) as work:
        return [row.stix_id for row in list_quarantine(work.session)]


def ids(*numbers: int) -> list[str]:
    return [numbered("indicator", n) for n in numbers]


def acts(program: Program) -> list[str]:
    with program.work(SYSTEM, write=False) as work:
        query = sa.select(AuditEntry.act).where(AuditEntry.act.startswith("quarantine."))
        return list(work.session.scalars(query.order_by(AuditEntry.seq)))


def of(program: Program, number: int) -> AlikeDecision:
    with program.work(SYSTEM, write=False) as work:
        return work.session.get_one(AlikeDecision, number)


def drop_all(program: Program) -> int:
    """A decision on all that wait now; its first step is done."""
    with program.work(CONSOLE) as work:
        group = group_of(work.session, Alike("cert-b", "type"))
        return decide_alike(work, DecideAlike("cert-b", "type", group.upto, Do.DROP, WHY)).id


def work_off(program: Program) -> None:
    while run_one(program):
        pass


def test_a_lead_drops_all_and_the_worker_goes_through_them(program: Program) -> None:
    refused(program, *range(1, 9))
    lead = signed_in(program, Role.LEAD, name="Irena")
    lead.get(ALIKE)
    assert "8 arrivals wait for this reason" in lead.text
    assert "The worker goes through them in small steps" in lead.text
    assert "They are of" not in lead.text  # nobody has counted the objects of so many

    lead.send("/sync/quarantine/alike", do="drop", reason=WHY)
    lead.follow()
    assert "3 of 8 are done; the worker goes on." in lead.text
    assert lead.text.count("3 of 8 are done; the worker goes on.") == 2  # beside the group, too
    lead.get(ALIKE)
    assert "They are being decided on already" in lead.text
    work_off(program)
    lead.get("/sync/quarantine?decision=1")
    assert "8 arrivals are dropped." in lead.text
    lead.get("/sync/quarantine?view=settled")

    assert "Decided on all at once, within a day" in lead.text
    assert WHY in lead.text
    assert "by Irena" in lead.text
    assert acts(program) == ["quarantine.decide-alike", "quarantine.decided-alike"]
    with program.work(SYSTEM, write=False) as work:
        assert work.session.scalars(sa.select(Job.state)).all() == [JobState.DONE]
        for number in work.session.scalars(sa.select(Quarantined.id)):
            line = quarantine_line(work.session, number)
            assert line is not None
            assert (line.settled_as, line.settled_by, line.note) == (Ending.DROPPED, "Irena", WHY)


def test_what_is_offered_again_after_a_drop_of_all_is_not_shown_again(program: Program) -> None:
    refused(program, *range(1, 6))
    number = drop_all(program)
    work_off(program)

    refused(program, *range(1, 7))

    assert waiting(program) == ids(6)
    assert of(program, number).decided == 5


def test_only_what_the_page_had_counted_is_decided(program: Program, clock: FakeClock) -> None:
    refused(program, *range(1, 9))
    with program.work(CONSOLE) as work:
        kept = list_quarantine(work.session)[6].id
        drop_arrival(work, Decide(kept, WHY))
    clock.forward(seconds=10)
    with program.work(CONSOLE) as work:
        group, shown = group_of(work.session, Alike("cert-b", "type")), to_us(work.now)
    assert group.count == 7
    clock.forward(seconds=10)
    refused(program, 9)  # came since
    with program.work(CONSOLE) as work:
        undo_drop(work, kept)  # waits since

    with program.work(CONSOLE) as work:
        decide_alike(work, DecideAlike("cert-b", "type", group.upto, Do.DROP, WHY, shown))
    work_off(program)

    assert waiting(program) == ids(7, 9)


def test_a_decision_that_is_taken_back_stops_and_all_wait_again(
    program: Program, clock: FakeClock
) -> None:
    refused(program, *range(1, 9))
    number = drop_all(program)
    next(carry_on(program, number))
    assert waiting(program) == ids(7, 8)
    clock.forward(hours=1)

    with program.work(CONSOLE) as work:
        undo_alike(work, number)
    work_off(program)

    assert waiting(program) == ids(*range(1, 9))
    found = of(program, number)
    assert (found.stage, found.reopened) == (Stage.REOPENED, 6)
    with pytest.raises(CannotUndo), program.work(CONSOLE) as work:
        undo_alike(work, number)
    again = drop_all(program)
    work_off(program)
    assert of(program, again).decided == 8
    clock.forward(days=1)
    with pytest.raises(CannotUndo), program.work(CONSOLE) as work:
        undo_alike(work, again)


def test_a_decision_that_takes_more_than_a_day_is_taken_back_to_its_end_and_a_day_longer(
    program: Program, clock: FakeClock
) -> None:
    """The worker may have rested over a weekend."""
    refused(program, *range(1, 9))
    slow = drop_all(program)
    clock.forward(days=3)
    with program.work(CONSOLE) as work:
        undo_alike(work, slow)
    work_off(program)
    assert waiting(program) == ids(*range(1, 9))
    late = drop_all(program)
    clock.forward(days=3)
    work_off(program)
    clock.forward(hours=23)

    lead = signed_in(program, Role.LEAD)
    lead.get("/sync/quarantine?view=settled")
    assert "Take them up again" in lead.text
    with program.work(CONSOLE) as work:
        undo_alike(work, late)
    work_off(program)

    assert waiting(program) == ids(*range(1, 9))


def test_what_one_takes_up_again_by_itself_is_not_taken_up_with_the_others(
    program: Program,
) -> None:
    refused(program, *range(1, 5))
    number = drop_all(program)
    work_off(program)
    with program.work(CONSOLE) as work:
        first = work.session.scalars(sa.select(Quarantined.id).order_by(Quarantined.id)).first()
        assert first is not None
        undo_drop(work, first)
        drop_arrival(work, Decide(first, "This one for good"))
        undo_alike(work, number)
    work_off(program)

    assert waiting(program) == ids(2, 3, 4)


def test_a_later_decision_holds_for_what_the_first_had_not_come_to(program: Program) -> None:
    refused(program, *range(1, 9))
    first = drop_all(program)
    with program.work(CONSOLE) as work:
        for agreement in work.session.scalars(sa.select(Agreement)):
            agreement.types = []
    with program.work(CONSOLE) as work:
        group = group_of(work.session, Alike("cert-b", "type"))
        second = decide_alike(work, DecideAlike("cert-b", "type", group.upto, Do.TAKE, "")).id
    work_off(program)

    assert (of(program, first).stage, of(program, first).decided) == (Stage.REPLACED, 3)
    assert (of(program, second).stage, of(program, second).decided) == (Stage.DECIDED, 5)
    assert waiting(program) == []


def test_all_are_tried_anew_by_the_worker_in_the_name_of_who_decided(program: Program) -> None:
    lead = a_person(program, "Irena", Role.LEAD)
    refused(program, *range(1, 9))
    with program.work(CONSOLE) as work:
        for agreement in work.session.scalars(sa.select(Agreement)):
            agreement.types, agreement.ceiling_in = ["indicator"], Tlp.CLEAR
        upto = list_quarantine(work.session)[-1].id
    with program.work(lead) as work:
        number = decide_alike(work, DecideAlike("cert-b", "type", upto, Do.TAKE, "")).id
    work_off(program)

    found = of(program, number)
    with program.work(SYSTEM, write=False) as work:
        rows = work.session.scalars(
            sa.select(Quarantined).where(Quarantined.code == "type").order_by(Quarantined.id)
        ).all()
        assert {row.settled_as for row in rows} <= {Ending.TAKEN, Ending.MOVED}
        assert {row.settled_by_id for row in rows} == {lead.id}
        assert {row.decision_id for row in rows} == {number}
    assert found.stage is Stage.DECIDED
    assert found.looked_at == 8
    assert found.left == len(waiting(program))


def test_what_is_still_against_the_agreement_waits_on_and_is_counted(program: Program) -> None:
    refused(program, *range(1, 9))
    with program.work(CONSOLE) as work:
        upto = list_quarantine(work.session)[-1].id
        number = decide_alike(work, DecideAlike("cert-b", "type", upto, Do.TAKE, "")).id
    work_off(program)

    found = of(program, number)
    assert (found.looked_at, found.left) == (8, 8)
    assert waiting(program) == ids(*range(1, 9))


def test_a_worker_that_dies_leaves_whole_steps_and_two_share_the_rest(program: Program) -> None:
    refused(program, *range(1, 21))
    number = drop_all(program)
    next(carry_on(program, number))
    one, other = carry_on(program, number), carry_on(program, number)

    counts = [*_in_turn(one, other)]

    found = of(program, number)
    assert (found.decided, sum(counts)) == (20, 14)
    assert waiting(program) == []
    assert acts(program).count("quarantine.decided-alike") == 1
    work_off(program)  # the job finds nothing left to do
    assert of(program, number).decided == 20


def test_decisions_that_take_long_hold_up_no_other_work(program: Program) -> None:
    refused(program, *range(1, 9))
    refused(program, *range(1, 9), slug="cert-c")
    with program.work(CONSOLE) as work:
        for slug in ("cert-b", "cert-c"):
            decide_alike(work, DecideAlike(slug, "type", 100, Do.DROP, WHY))

        assert set(work.session.scalars(sa.select(Job.lane))) == {"quarantine.decide-deciding"}
    next(carry_on(program, 1))
    with program.work(CONSOLE) as work:
        undo_alike(work, 1)  # does not wait for the other's end
        assert set(work.session.scalars(sa.select(Job.lane))) == {
            "quarantine.decide-deciding",
            "quarantine.decide-reopening",
        }
    work_off(program)
    assert waiting(program) == ids(*range(1, 9))


def test_what_the_worker_has_given_up_is_asked_for_anew(program: Program, clock: FakeClock) -> None:
    refused(program, *range(1, 9))
    number = drop_all(program)
    work_off(program)
    with program.work(CONSOLE) as work:
        undo_alike(work, number)
        work.session.execute(
            sa.update(Job).where(Job.state == JobState.WAITING).values(state=JobState.DEAD)
        )
    assert len(waiting(program)) == 3
    clock.forward(hours=1)

    HANDLERS[slicing.JOB](program, {})
    HANDLERS[slicing.JOB](program, {})  # it waits for the worker already
    work_off(program)

    assert len(waiting(program)) == 8
    assert of(program, number).stage is Stage.REOPENED
    with program.work(SYSTEM, write=False) as work:
        states = [*work.session.scalars(sa.select(Job.state).order_by(Job.id))]
    assert states == [JobState.DONE, JobState.DEAD, JobState.DONE]


def _in_turn(one: Iterator[int], other: Iterator[int]) -> Iterator[int]:
    while True:
        found = [each for each in (next(one, None), next(other, None)) if each is not None]
        if not found:
            return
        yield from found


def test_large_arrivals_go_in_smaller_steps(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quarantine, "_BYTES", 1)
    refused(program, *range(1, 5))
    number = drop_all(program)

    assert list(carry_on(program, number)) == [1, 1, 1]


def test_second_contents_that_make_a_version_rest_are_passed_over(program: Program) -> None:
    def other(n: int) -> bytes:
        return an_indicator(
            **{**indicator(n, tlp=Tlp.GREEN).content(), "description": "other words"}
        )

    with program.work(CONSOLE) as work:
        bringer, liar = a_reader(work), a_reader(work, "cert-c")
        take(work, [indicator(n, tlp=Tlp.GREEN).raw for n in range(1, 7)], peer=bringer)
        take(work, [other(n) for n in range(1, 7)], peer=liar)
        rows = list_quarantine(work.session)
        assert {row.code for row in rows} == {"conflict"}
        rested = sa.select(Quarantined.id).where(Quarantined.stix_id.in_(ids(2, 5)))
        for number in work.session.scalars(rested).all():
            slicing_row = work.session.get_one(Quarantined, number)
            slicing_row.version_text = "2001-01-01T00:00:00.000Z"  # of a version that does not rest
    lead = signed_in(program, Role.LEAD)
    lead.get("/sync/quarantine/alike?peer=cert-c&code=conflict")
    assert "Second contents of versions that rest are not dropped" in lead.text

    lead.send("/sync/quarantine/alike", do="drop", reason=WHY)
    work_off(program)

    assert waiting(program) == ids(1, 3, 4, 6)
    found = of(program, 1)
    assert (found.decided, found.left, found.looked_at) == (2, 4, 6)


def test_pages_ask_as_much_for_many_as_for_few(program: Program) -> None:
    refused(program, *range(1, 6))
    refused(program, 1, slug="cert-c")
    lead = signed_in(program, Role.LEAD)
    paths = ("/sync/quarantine", ALIKE, "/sync/quarantine?peer=cert-c", "/sync")
    for path in paths:
        lead.get(path)

    def counted(path: str) -> int:
        with asked_of(program.engine) as statements:
            lead.get(path)
        return len(statements)

    few = [counted(path) for path in paths]
    refused(program, *range(10, 60))

    assert [counted(path) for path in paths] == few


def test_what_is_counted_is_counted_from_an_index_alone(program: Program) -> None:
    if program.engine.name != "sqlite":
        pytest.skip("PostgreSQL chooses by how much there is")
    refused(program, 1)
    lead = signed_in(program, Role.LEAD)
    filters = ("", "?peer=cert-b", "?case=agreement", "?outcome=held", "?age=old", "?view=settled")
    for path in (*(f"/sync/quarantine{each}" for each in filters), ALIKE, "/sync"):
        with asked_of(program.engine) as statements:
            lead.get(path)
        texts = [each.text for each in statements]
        counting = [each for each in texts if each.startswith("SELECT") and "count(" in each]
        for statement in (
            each for each in counting if "FROM quarantined" in each and "rate_alarm" not in each
        ):
            assert not reads_rows(program, statement), statement


def reads_rows(program: Program, statement: str) -> bool:
    """Whether SQLite looks into a row of quarantine for it; the plan alone does not tell where it may have to."""
    with program.engine.connect() as connection:
        table = connection.exec_driver_sql(
            "SELECT rootpage FROM sqlite_master WHERE name = 'quarantined'"
        ).scalar_one()
        given = (None,) * statement.count("?")
        code = connection.exec_driver_sql(f"EXPLAIN {statement}", given).all()
    cursors = {step[2] for step in code if step[1] == "OpenRead" and step[3] == table}
    assert any(step[1] == "OpenRead" for step in code)
    return any(step[1] == "Column" and step[2] in cursors for step in code)


def test_only_leads_decide_on_many_and_take_it_back(program: Program) -> None:
    handler = a_person(program, "Amina", Role.HANDLER)
    refused(program, *range(1, 6))
    number = drop_all(program)
    with pytest.raises(NotAllowed), program.work(handler) as work:
        undo_alike(work, number)
    with pytest.raises(NotAllowed), program.work(handler) as work:
        decide_alike(work, DecideAlike("cert-b", "type", 10, Do.DROP, WHY))
    visitor = signed_in(program, Role.HANDLER, name="Bela")
    visitor.get(f"/sync/quarantine?decision={number}")
    assert "3 of 5 are done; the worker goes on." in visitor.text
    assert "Take them up again" not in visitor.text
    assert visitor.get(ALIKE).status_code == 403


def test_the_console_decides_on_all_and_takes_it_back(program: Program) -> None:
    refused(program, *range(1, 9))
    said = partial(told, program, "quarantine")

    groups = said("groups")
    assert [(each["peer"], each["code"], each["waiting"]) for each in groups] == [
        ("cert-b", "type", 8)
    ]
    dropped = said("drop-all", "cert-b", "type", "--reason", WHY)
    assert dropped == {"decision": 1, "do": "drop", "decided": 8, "left": 0}
    assert said("list") == []
    assert said("undo-all", "1") == {"decision": 1, "reopened": 8}
    tried = said("take-all", "cert-b", "type")
    assert tried == {"decision": 2, "do": "take", "decided": 8, "left": 8}
    again = at_the_console(program, "quarantine", "undo-all", "2")
    assert again.exit_code == 1
    assert "Only what was dropped can be taken up again" in again.output
    with program.work(CONSOLE, write=False) as work:
        assert find_peer(work.session, "cert-b").name == "CERT-B"
