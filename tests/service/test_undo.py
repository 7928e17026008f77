"""Undo of a decision against what has come of it since: it is undone cleanly, or it is said why not; nothing is lost."""

import threading
from collections.abc import Callable

import pytest

from cirt.kernel.clock import FakeClock
from cirt.kernel.errors import CirtError, Conflict
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Actor, Work
from cirt.parties.roles import Role
from cirt.register import queries, service
from cirt.register.bin.commands import DeleteIncident, Restore
from cirt.register.bin.queries import bin_row
from cirt.register.bin.service import delete_incident, restore
from cirt.register.closing.rules import open_ends
from cirt.register.closing.service import standing_of
from cirt.register.commands import (
    AddReport,
    ChangeState,
    RejectReport,
    UndoDecision,
    WriteNote,
)
from cirt.register.dialogue.commands import AskReporter
from cirt.register.errors import ReportChanged, UndoneByWork
from cirt.register.linking.errors import UndoneByClosing, UndoneByMerge, UndoneByOthers
from cirt.register.linking.queries import incidents_of
from cirt.register.linking.splitting import accept_as_another, add_to_another
from cirt.register.linking.whereabouts import incidents_on
from cirt.register.merging.commands import Merge, Unmerge
from cirt.register.merging.models import IncidentMerge, ReportMerge
from cirt.register.merging.queries import present_merge
from cirt.register.merging.service import (
    merge_incident,
    merge_report,
    unmerge_incident,
    unmerge_report,
)
from cirt.register.models import (
    CloseReason,
    Incident,
    IncidentState,
    ObservableState,
    Report,
    ReportSource,
    ReportState,
)
from cirt.register.sight import get_incident, get_report
from cirt.register.tasks.commands import AddTask
from cirt.register.tasks.service import add_task
from tests.support.register import a_person, a_report, accepting, an_incident, observables_of

After = Callable[[Work, Incident, Report], object]


@pytest.fixture
def irena(program: Program) -> Actor:
    return a_person(program, "Irena", Role.LEAD)


def accepted(program: Program, actor: Actor, report: Report, tlp: Tlp = Tlp.AMBER) -> Incident:
    with program.work(actor) as work:
        return service.accept_report(work, accepting(report, tlp=tlp, mine=True))


def undo(program: Program, actor: Actor, report: Report) -> Report:
    with program.work(actor) as work:
        version = get_report(work, report.reference).version
        return service.undo_decision(work, UndoDecision(report.reference, version))


def close(work: Work, incident: Incident, _: Report) -> None:
    standing = standing_of(work, get_incident(work, incident.reference), CloseReason.TEST)
    despite = tuple(end.key for end in open_ends(standing))
    cmd = ChangeState(
        incident.reference, 1, IncidentState.CLOSED, "A drill", CloseReason.TEST, despite=despite
    )
    service.change_state(work, cmd)


def merged_away(work: Work, incident: Incident, report: Report) -> None:
    others = work.session.query(Incident).filter(Incident.id != incident.id)
    leading = others.one().reference
    merge_incident(work, Merge(incident.reference, 1, leading, "One case"))


SINCE: dict[str, tuple[After, type[Conflict]]] = {
    "a task": (
        lambda work, incident, _: add_task(work, AddTask(incident.reference, "Call them")),
        UndoneByWork,
    ),
    "a note": (
        lambda work, incident, _: service.write_note(work, WriteNote(incident.reference, "Called")),
        UndoneByWork,
    ),
    "a letter": (
        lambda work, _, report: service.ask_reporter(work, AskReporter(report.reference, "When?")),
        UndoneByWork,
    ),
    "closing": (close, UndoneByClosing),
    "a merge": (merged_away, UndoneByMerge),
}


@pytest.mark.parametrize("since", SINCE)
def test_what_has_come_of_an_accepted_report_keeps_it_and_is_said(
    program: Program, irena: Actor, since: str
) -> None:
    report = a_report(program)
    an_incident(program, irena)
    incident = accepted(program, irena, report)
    act, refusal = SINCE[since]
    with program.work(irena) as work:
        act(work, incident, report)

    with pytest.raises(refusal, match=incident.reference):
        undo(program, irena, report)


@pytest.mark.parametrize("since", SINCE)
def test_a_report_that_was_added_leaves_whatever_has_come_of_the_incident(
    program: Program, irena: Actor, since: str
) -> None:
    report = a_report(program, "It called 198.51.100.7")
    an_incident(program, irena)
    incident = an_incident(program, irena, mine=True)
    with program.work(irena) as work:
        service.add_report_to_incident(work, AddReport(report.reference, 1, incident.reference))
        SINCE[since][0](work, incident, report)

    assert undo(program, irena, report).state is ReportState.RECEIVED

    with program.work(irena, write=False) as work:
        assert incidents_on(work, report.id) == []
        assert {row.state for row in observables_of(work, incident)} == {ObservableState.DISMISSED}


def test_a_merge_that_was_undone_in_between_does_not_count_for_the_merged_report(
    program: Program, irena: Actor
) -> None:
    report, twin = a_report(program), a_report(program)
    accepted(program, irena, report)
    with program.work(irena) as work:
        merge_report(work, Merge(twin.reference, 1, report.reference, "The same"))

    assert undo(program, irena, report).state is ReportState.RECEIVED
    with program.work(irena) as work:
        merge = present_merge(work, ReportMerge, twin.id)
        assert unmerge_report(work, Unmerge(twin.reference, merge.id)).state is ReportState.RECEIVED


def test_what_is_on_an_incident_that_is_not_open_to_the_actor_stays_and_is_not_named(
    program: Program, irena: Actor
) -> None:
    omar = a_person(program, "Omar", Role.LEAD)
    report = a_report(program)
    accepted(program, omar, report)
    with program.work(irena) as work:
        cmd = accepting(get_report(work, report.reference), tlp=Tlp.RED)
        red = accept_as_another(work, cmd)

    with pytest.raises(UndoneByOthers) as refused:
        undo(program, omar, report)
    assert red.reference not in str(refused.value)
    assert undo(program, irena, report).state is ReportState.RECEIVED


def test_what_another_report_names_too_stays_offered_in_its_name(
    program: Program, irena: Actor
) -> None:
    first = a_report(program, "203.0.113.9 and 198.51.100.7")
    second = a_report(program, "203.0.113.9 and evil.example")
    incident = an_incident(program, irena)
    for report in (first, second):
        with program.work(irena) as work:
            service.add_report_to_incident(work, AddReport(report.reference, 1, incident.reference))

    undo(program, irena, first)

    with program.work(irena, write=False) as work:
        found = {row.value: (row.state, row.source) for row in observables_of(work, incident)}
    assert found == {
        "203.0.113.9": (ObservableState.OFFERED, second.reference),
        "evil.example": (ObservableState.OFFERED, second.reference),
        "198.51.100.7": (ObservableState.DISMISSED, first.reference),
    }


def test_what_another_report_names_too_stays_when_a_merged_one_is_parted(
    program: Program, irena: Actor
) -> None:
    leading, merged = a_report(program), a_report(program, "203.0.113.9 and 198.51.100.7")
    incident = accepted(program, irena, leading)
    with program.work(irena) as work:
        merge_report(work, Merge(merged.reference, 1, leading.reference, "The same"))
    later = a_report(program, "Also 203.0.113.9")
    with program.work(irena) as work:
        service.add_report_to_incident(work, AddReport(later.reference, 1, incident.reference))
        merge = present_merge(work, ReportMerge, merged.id)
        unmerge_report(work, Unmerge(merged.reference, merge.id))

    with program.work(irena, write=False) as work:
        found = [(row.value, row.source) for row in observables_of(work, incident)]
    assert found == [("203.0.113.9", later.reference)]


def test_an_undo_sent_twice_says_that_the_report_changed(program: Program, irena: Actor) -> None:
    report = a_report(program)
    accepted(program, irena, report)
    undo(program, irena, report)

    with pytest.raises(ReportChanged), program.work(irena) as work:
        service.undo_decision(work, UndoDecision(report.reference, 2))


# --- the bin ---


def binned(program: Program, actor: Actor, incident: Incident) -> int:
    with program.work(actor) as work:
        version = get_incident(work, incident.reference).version
        return delete_incident(work, DeleteIncident(incident.reference, version)).id


def brought_back(program: Program, actor: Actor, act: int) -> None:
    with program.work(actor) as work:
        restore(work, Restore(act))


def where(program: Program, actor: Actor, report: Report) -> tuple[ReportState, list[str]]:
    with program.work(actor, write=False) as work:
        there = [one.reference for one in incidents_on(work, report.id)]
        return get_report(work, report.reference).state, there


def on_two(program: Program, actor: Actor, report: Report) -> tuple[Incident, Incident]:
    first = accepted(program, actor, report)
    second = an_incident(program, actor)
    with program.work(actor) as work:
        add_to_another(work, AddReport(report.reference, 2, second.reference))
    return first, second


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_report_on_two_incidents_waits_when_both_are_deleted_and_is_on_both_again(
    program: Program, irena: Actor, clock: FakeClock, order: tuple[int, int]
) -> None:
    report = a_report(program)
    both = on_two(program, irena, report)
    before = where(program, irena, report)

    acts = [binned(program, irena, both[0])]
    assert where(program, irena, report) == (ReportState.ACCEPTED, [both[1].reference])
    acts.append(binned(program, irena, both[1]))
    assert where(program, irena, report) == (ReportState.RECEIVED, [])
    clock.forward(minutes=1)
    for at in order:
        brought_back(program, irena, acts[at])
        assert where(program, irena, report)[0] is ReportState.ACCEPTED

    assert where(program, irena, report) == before


def test_an_undone_report_does_not_come_back_with_an_incident_from_the_bin(
    program: Program, irena: Actor, clock: FakeClock
) -> None:
    report = a_report(program)
    first, second = on_two(program, irena, report)
    act = binned(program, irena, first)
    clock.forward(minutes=1)
    assert undo(program, irena, report).state is ReportState.RECEIVED
    with program.work(irena) as work:
        version = get_report(work, report.reference).version
        service.reject_report(work, RejectReport(report.reference, version, "Advertising"))

    brought_back(program, irena, act)

    assert where(program, irena, report) == (ReportState.REJECTED, [])
    with program.work(irena, write=False) as work:
        links = incidents_of(work, report.id)
    assert [(one.reference, one.is_decided) for one in links] == [(first.reference, False)]
    assert second.reference not in {one.reference for one in links}


def test_a_merged_report_goes_back_into_triage_with_its_incident_and_is_parted_as_it_was(
    program: Program, irena: Actor
) -> None:
    report, leading = a_report(program), a_report(program)
    incident = accepted(program, irena, report)
    with program.work(irena) as work:
        version = get_report(work, report.reference).version
        merge_report(work, Merge(report.reference, version, leading.reference, "The same"))
    act = binned(program, irena, incident)
    assert where(program, irena, report) == (ReportState.MERGED, [])
    with program.work(irena) as work:
        merge = present_merge(work, ReportMerge, report.id)
        unmerge_report(work, Unmerge(report.reference, merge.id))
    assert where(program, irena, report) == (ReportState.RECEIVED, [])

    brought_back(program, irena, act)

    assert where(program, irena, report) == (ReportState.ACCEPTED, [incident.reference])


def test_reports_that_are_not_open_to_the_reader_are_not_counted_in_the_bin(
    program: Program, irena: Actor
) -> None:
    omar = a_person(program, "Omar", Role.LEAD)
    red = a_report(program, "By phone", actor=irena, source=ReportSource.DESK, tlp=Tlp.RED)
    incident, plain = an_incident(program, irena), a_report(program)
    for report in (red, plain):
        with program.work(irena) as work:
            add = AddReport(report.reference, 1, incident.reference, "She said so")
            service.add_report_to_incident(work, add)
    act = binned(program, omar, incident)

    for actor, seen in ((irena, 2), (omar, 1)):
        with program.work(actor, write=False) as work:
            row = bin_row(work, act)
        assert row is not None
        assert len(row.reports) == seen


def test_a_merged_incident_is_parted_after_its_deletion_was_undone(
    program: Program, irena: Actor
) -> None:
    report = a_report(program)
    incident, leading = accepted(program, irena, report), an_incident(program, irena)
    with program.work(irena) as work:
        merge_incident(work, Merge(incident.reference, 1, leading.reference, "One case"))
    brought_back(program, irena, binned(program, irena, incident))
    with program.work(irena) as work:
        merge = present_merge(work, IncidentMerge, incident.id)
        parted = unmerge_incident(work, Unmerge(incident.reference, merge.id))

    assert parted.state is IncidentState.OPEN
    assert where(program, irena, report) == (ReportState.ACCEPTED, [incident.reference])


def test_an_undo_and_a_deletion_at_once_both_end_and_the_report_waits(
    program: Program, irena: Actor
) -> None:
    report = a_report(program)
    incident = an_incident(program, irena)
    with program.work(irena) as work:
        service.add_report_to_incident(work, AddReport(report.reference, 1, incident.reference))
    together = threading.Barrier(2)
    other: list[BaseException] = []

    def run(act: Callable[[], object]) -> None:
        together.wait()
        try:
            act()
        except CirtError:
            pass
        except Exception as error:  # noqa: BLE001  (a deadlock, say)
            other.append(error)

    acts = (lambda: undo(program, irena, report), lambda: binned(program, irena, incident))
    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert other == []
    assert where(program, irena, report) == (ReportState.RECEIVED, [])
    with program.work(irena, write=False) as work:
        assert queries.report_view(work, report.reference).report.decided_at is None
