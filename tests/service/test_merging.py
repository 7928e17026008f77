"""Merging and parting of reports and incidents: nothing is lost, nothing is glued, everything comes back."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cirt.kernel.clock import FakeClock
from cirt.kernel.db import Base
from cirt.kernel.errors import Conflict, NotAllowed, NotFound
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import PUBLIC, SYSTEM, Actor, Work
from cirt.parties.roles import Role
from cirt.register import queries, service
from cirt.register.closing.rules import open_ends
from cirt.register.closing.service import standing_of
from cirt.register.commands import (
    AddObservables,
    AddReport,
    AskStatus,
    ChangeState,
    ClaimReport,
    DecideObservables,
    EditFacts,
    RejectReport,
    TakeReport,
    WriteNote,
)
from cirt.register.labels import REPORTER_WORDS
from cirt.register.merging.commands import Merge, Unmerge
from cirt.register.merging.errors import (
    IsMerged,
    LeadingClosed,
    LeadingMerged,
    MergeNeedsReason,
    MergeWithItself,
    NotMerged,
    RedApart,
)
from cirt.register.merging.models import IncidentMerge, ReportMerge
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
    ReportState,
    Severity,
)
from cirt.register.queue.filters import QueueFilter
from cirt.register.queue.lines import queue
from cirt.register.sight import get_incident, get_report
from tests.support.register import a_person, a_report, accepting, an_incident, observables_of

TRAIL = {"audit_entry", "audit_head", "entry", "incident_merge", "report_merge"}


@pytest.fixture
def lead(program: Program) -> Actor:
    return a_person(program, "Irena", Role.LEAD)


def rows(program: Program) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table but the trail."""
    with program.engine.connect() as connection:
        return {
            name: sorted(map(tuple, connection.execute(sa.select(table))), key=repr)
            for name, table in Base.metadata.tables.items()
            if name not in TRAIL
        }


def bring(program: Program, actor: Actor, merged: str, leading: str) -> None:
    """Merge two incidents or two reports."""
    with program.work(actor) as work:
        if merged.startswith("INC"):
            version = get_incident(work, merged).version
            merge_incident(work, Merge(merged, version, leading, "The same case"))
        else:
            version = get_report(work, merged).version
            merge_report(work, Merge(merged, version, leading, "The same mail"))


def part(program: Program, actor: Actor, merged: str) -> None:
    with program.work(actor) as work:
        if merged.startswith("INC"):
            query = sa.select(IncidentMerge.id).join(
                Incident, Incident.id == IncidentMerge.merged_id
            )
            query = query.where(Incident.reference == merged, IncidentMerge.ended_at.is_(None))
            unmerge_incident(work, Unmerge(merged, work.session.scalars(query).one()))
        else:
            other = sa.select(ReportMerge.id).join(Report, Report.id == ReportMerge.merged_id)
            other = other.where(Report.reference == merged, ReportMerge.ended_at.is_(None))
            unmerge_report(work, Unmerge(merged, work.session.scalars(other).one()))


def what_is_open(work: Work, cmd: ChangeState) -> tuple[str, ...]:
    standing = standing_of(work, get_incident(work, cmd.reference), cmd.close_reason)
    return tuple(end.key for end in open_ends(standing))


def some_incidents(program: Program, lead: Actor) -> list[str]:
    """Four, with what incidents have: notes, observables that overlap, states, a report, one closed."""
    made = []
    for number in range(4):
        incident = an_incident(program, lead, title=f"Incident {number}", mine=True)
        made.append(incident.reference)
        with program.work(lead) as work:
            service.write_note(work, WriteNote(incident.reference, f"Note {number}"))
            text = f"198.51.100.{number} and 203.0.113.9"
            cmd = AddObservables(incident.reference, text, confirm=number % 2 == 0)
            service.add_observables(work, cmd)
    report = a_report(program, "It called 192.0.2.44")
    with program.work(lead) as work:
        service.add_report_to_incident(work, AddReport(report.reference, 1, made[1]))
        contained = ChangeState(made[2], 1, IncidentState.CONTAINED)
        service.change_state(work, contained)
        closed = ChangeState(made[3], 1, IncidentState.CLOSED, "A drill", CloseReason.TEST)
        service.change_state(work, replace(closed, despite=what_is_open(work, closed)))
    return made


def some_reports(program: Program, lead: Actor) -> list[str]:
    """Four: waiting, claimed, on an incident, rejected."""
    texts = [f"Mail {n} called 198.51.100.{n} and 203.0.113.9" for n in range(4)]
    made = [a_report(program, text) for text in texts]
    incident = an_incident(program, lead)
    with program.work(lead) as work:
        service.claim_report(work, ClaimReport(made[1].reference, 1))
        service.add_report_to_incident(work, AddReport(made[2].reference, 1, incident.reference))
        service.reject_report(work, RejectReport(made[3].reference, 1, "Advertising"))
    return [report.reference for report in made]


PAIRS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=6)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pairs=PAIRS, order=st.randoms(use_true_random=False))
@pytest.mark.parametrize("make", [some_incidents, some_reports], ids=["incidents", "reports"])
def test_merging_and_parting_again_gives_back_every_row(
    program: Program, make: Callable[[Program, Actor], list[str]], pairs: Any, order: Any
) -> None:
    """Whatever is merged into what, in chains too, and in whatever order the merges are undone."""
    _, actor, names = _prepared(program, make)
    before = rows(program)

    merged: list[str] = []
    for one, other in pairs:
        try:
            bring(program, actor, names[one], names[other])
        except (Conflict, MergeWithItself):
            assert rows(program) == before or merged
        else:
            merged.append(names[one])
    order.shuffle(merged)
    for name in merged:
        part(program, actor, name)

    assert rows(program) == before


_PREPARED: dict[tuple[int, str], tuple[Program, Actor, list[str]]] = {}


def _prepared(
    program: Program, make: Callable[[Program, Actor], list[str]]
) -> tuple[Program, Actor, list[str]]:
    """Made once for all examples of one test: each ends as it began."""
    key = (id(program), make.__name__)
    if key not in _PREPARED:
        actor = a_person(program, "Irena", Role.LEAD)
        _PREPARED.clear()
        _PREPARED[key] = (program, actor, make(program, actor))
    return _PREPARED[key]


def test_what_is_merged_is_read_through_the_leading_incident(program: Program, lead: Actor) -> None:
    first, second, third, _ = some_incidents(program, lead)
    bring(program, lead, first, second)
    bring(program, lead, second, third)

    with program.work(lead, write=False) as work:
        view = queries.incident_view(work, third)
        told = queries.timeline(work, third, queries.TimelineFilter(queries.Thread.NOTES))
        found = queries.observables(work, third)
        old = queries.incident_view(work, first)
    assert [one.reference for one in view.merged_here] == [first, second]
    assert [entry.note.text for entry in told.rows if entry.note] == ["Note 2", "Note 1", "Note 0"]
    assert len(view.reports) == 1
    values = sorted(row.observable.value for row in found.rows)
    assert values == ["192.0.2.44", "198.51.100.0", "198.51.100.1", "198.51.100.2", "203.0.113.9"]
    assert view.confirmed + view.offered == 5
    assert old.merged_into is not None
    assert old.merged_into.reference == second
    assert old.incident.close_reason is CloseReason.MERGED
    assert view.merged_into is None


def test_a_merged_incident_counts_once(program: Program, lead: Actor) -> None:
    first, second, third, _ = some_incidents(program, lead)
    other = a_report(program, "We saw 203.0.113.9")
    with program.work(lead, write=False) as work:
        assert len(queries.report_view(work, other.reference).hits.incidents) == 4
        assert queries.desk(work).open_incidents == 3
    bring(program, lead, first, third)
    bring(program, lead, second, third)

    with program.work(lead, write=False) as work:
        hits = queries.report_view(work, other.reference).hits
        assert queries.desk(work).open_incidents == 1
    assert [hit.reference for hit in hits.incidents][-1] == third
    assert len(hits.incidents) == 2


def test_work_done_meanwhile_stays_with_what_it_was_done_on(program: Program, lead: Actor) -> None:
    first, second, *_ = some_incidents(program, lead)
    bring(program, lead, second, first)
    with program.work(lead) as work:
        service.write_note(work, WriteNote(first, "Written on the leading one"))
        page = queries.observables(work, first, state=ObservableState.OFFERED)
        ids = tuple(row.id for row in page.rows)
        service.decide_observables(work, DecideObservables(first, confirm=ids))

    part(program, lead, second)

    with program.work(lead, write=False) as work:
        states = {row.value: row.state for row in observables_of(work, get_incident(work, second))}
        told = queries.timeline(work, second, queries.TimelineFilter(queries.Thread.NOTES))
    assert states["198.51.100.1"] is ObservableState.CONFIRMED
    assert states["203.0.113.9"] is ObservableState.OFFERED  # the leading one's stood for it
    assert [entry.note.text for entry in told.rows if entry.note] == ["Note 1"]


def test_facts_and_state_of_what_is_merged_are_the_leading_ones(
    program: Program, lead: Actor
) -> None:
    first, second, *_ = some_incidents(program, lead)
    bring(program, lead, second, first)
    waiting = a_report(program, "One more")
    facts = EditFacts(
        second, 1, "Another title", "fraud", "phishing", Severity.LOW, Tlp.AMBER, None
    )

    acts: tuple[Callable[[Work], object], ...] = (
        lambda work: service.change_state(work, ChangeState(second, 1, IncidentState.OPEN, "No")),
        lambda work: service.edit_facts(work, facts),
        lambda work: service.add_report_to_incident(work, AddReport(waiting.reference, 1, second)),
    )
    for act in acts:
        with (
            pytest.raises(IsMerged, match=f"{second} is merged into {first}"),
            program.work(lead) as work,
        ):
            act(work)


def test_only_leads_merge_incidents_and_triage_merges_reports(
    program: Program, lead: Actor
) -> None:
    handler = a_person(program, "Tomas", Role.HANDLER)
    first, second, *_ = some_incidents(program, lead)
    one, other = a_report(program), a_report(program)

    with pytest.raises(NotAllowed):
        bring(program, handler, first, second)
    bring(program, handler, one.reference, other.reference)


def test_merges_that_make_no_sense_are_refused_in_words(program: Program, lead: Actor) -> None:
    first, second, third, closed = some_incidents(program, lead)
    with pytest.raises(MergeWithItself):
        bring(program, lead, first, first)
    with pytest.raises(MergeNeedsReason), program.work(lead) as work:
        merge_incident(work, Merge(first, 1, second, " "))
    with pytest.raises(LeadingClosed, match=closed):
        bring(program, lead, first, closed)
    with pytest.raises(NotFound):
        bring(program, lead, first, "INC-2020-9999")
    bring(program, lead, closed, first)
    bring(program, lead, first, second)
    with pytest.raises(LeadingMerged, match=f"Merge into {second}"):
        bring(program, lead, third, first)
    with pytest.raises(IsMerged):
        bring(program, lead, first, third)
    with pytest.raises(NotMerged), program.work(lead) as work:
        unmerge_incident(work, Unmerge(first, 999))


def test_red_and_not_red_stay_apart_and_the_hidden_is_not_there(
    program: Program, lead: Actor
) -> None:
    handler = a_person(program, "Tomas", Role.LEAD)
    red = an_incident(program, lead, tlp=Tlp.RED)
    plain = an_incident(program, lead)

    with pytest.raises(RedApart):
        bring(program, lead, red.reference, plain.reference)
    with pytest.raises(NotFound):
        bring(program, handler, plain.reference, red.reference)


def test_what_becomes_red_later_is_not_named_on_the_merged_one(
    program: Program, lead: Actor
) -> None:
    other = a_person(program, "Tomas", Role.LEAD)
    first, second = an_incident(program, lead), an_incident(program, lead)
    bring(program, lead, first.reference, second.reference)
    with program.work(lead) as work:
        cmd = EditFacts(second.reference, 1, "Quiet", "fraud", None, Severity.HIGH, Tlp.RED, None)
        service.edit_facts(work, cmd)

    with program.work(other, write=False) as work:
        into = queries.incident_view(work, first.reference).merged_into
    assert into is not None
    assert (into.reference, into.title, into.reason) == ("", "", "")
    with pytest.raises(NotFound):
        part(program, other, first.reference)
    part(program, lead, first.reference)


def test_of_two_merges_the_other_way_round_in_the_same_second_one_wins(
    program: Program, lead: Actor
) -> None:
    one, other = an_incident(program, lead).reference, an_incident(program, lead).reference
    failures: list[Exception] = []
    start = threading.Barrier(2)

    def merge(merged: str, leading: str) -> None:
        start.wait()
        try:
            bring(program, lead, merged, leading)
        except Conflict as error:
            failures.append(error)

    threads = [threading.Thread(target=merge, args=pair) for pair in ((one, other), (other, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(failures) == 1
    with program.work(SYSTEM, write=False) as work:
        assert work.session.scalar(sa.select(sa.func.count(IncidentMerge.id))) == 1


def test_a_merged_report_leaves_the_queue_and_shares_its_leading_ones_fate(
    program: Program, lead: Actor, clock: FakeClock
) -> None:
    with program.work(PUBLIC) as work:
        report, code = service.take_report(work, TakeReport("The same mail, 198.51.100.7"))
    leading = a_report(program, "The mail called 198.51.100.8")
    bring(program, lead, report.reference, leading.reference)

    with program.work(lead) as work:
        assert [row.reference for row in queue(work, QueueFilter()).rows] == [leading.reference]
        incident = service.accept_report(work, accepting(leading))
    with program.work(lead, write=False) as work:
        view = queries.incident_view(work, incident.reference)
        assert [one.reference for one in view.reports] == [report.reference, leading.reference]
        found = {row.value for row in observables_of(work, incident)}
        assert found == {"198.51.100.7", "198.51.100.8"}
        words = service.report_status(work, AskStatus(report.reference, code))
        assert words == REPORTER_WORDS[ReportState.ACCEPTED]
    with pytest.raises(IsMerged), program.work(lead) as work:
        service.accept_report(work, accepting(report))


def test_a_report_merged_into_one_on_an_incident_brings_its_observables_and_takes_them_back(
    program: Program, lead: Actor
) -> None:
    _, waiting = a_report(program), a_report(program, "And 198.51.100.7 and 198.51.100.8")
    on_incident = a_report(program, "It called 203.0.113.9")
    with program.work(lead) as work:
        incident = service.accept_report(work, accepting(on_incident))
    bring(program, lead, waiting.reference, on_incident.reference)
    with program.work(lead) as work:
        rows = {row.value: row for row in observables_of(work, incident)}
        assert set(rows) == {"203.0.113.9", "198.51.100.7", "198.51.100.8"}
        cmd = DecideObservables(incident.reference, confirm=(rows["198.51.100.7"].id,))
        service.decide_observables(work, cmd)

    part(program, lead, waiting.reference)

    with program.work(lead, write=False) as work:
        left = {row.value for row in observables_of(work, incident)}
        state = get_report(work, waiting.reference).state
    assert left == {"203.0.113.9", "198.51.100.7"}  # what was decided on stays
    assert state is ReportState.RECEIVED
