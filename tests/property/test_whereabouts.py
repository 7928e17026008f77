"""Whatever people do with a few reports and incidents, in whatever order: nothing is lost, everything still resolves."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cirt.kernel.audit import AuditEntry
from cirt.kernel.clock import FakeClock
from cirt.kernel.errors import CirtError
from cirt.kernel.program import Program
from cirt.kernel.work import Actor, Work
from cirt.parties.roles import Role
from cirt.register import service
from cirt.register.bin.commands import DeleteIncident, Restore
from cirt.register.bin.service import delete_incident, restore
from cirt.register.commands import AddReport, UndoDecision, WriteNote
from cirt.register.errors import IncidentInBin
from cirt.register.linking.commands import LinkReport
from cirt.register.linking.models import LinkKind, ReportIncident
from cirt.register.linking.service import link_report
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
    Entry,
    Incident,
    IncidentObservable,
    Report,
    ReportObservable,
    ReportState,
)
from cirt.register.relations.commands import LinkIncidents, Wish
from cirt.register.relations.models import IncidentRelation
from cirt.register.sight import get_incident, get_report
from cirt.register.workflow import ON_INCIDENT
from tests.support.register import a_person, a_report, accepting, an_incident

TABLES = (Incident, Report, ReportIncident, IncidentObservable, ReportObservable, IncidentRelation)
TABLES_OF_TRAIL = (AuditEntry, Entry)


@dataclass
class World:
    """Some reports and incidents, and what was seen of them so far."""

    program: Program
    clock: FakeClock
    actor: Actor
    reports: list[int] = field(default_factory=list)
    incidents: list[int] = field(default_factory=list)
    versions: dict[tuple[str, int], int] = field(default_factory=dict)
    trail: dict[str, set[int]] = field(default_factory=dict)

    def report(self, work: Work, at: int) -> Report:
        return work.session.get_one(Report, self.reports[at % len(self.reports)])

    def incident(self, work: Work, at: int) -> Incident:
        return work.session.get_one(Incident, self.incidents[at % len(self.incidents)])


def a_world(program: Program, clock: FakeClock) -> World:
    with program.engine.connect() as connection:
        count = connection.scalar(sa.select(sa.func.count(Report.id))) or 0
    actor = a_person(program, f"Irena{count}", Role.LEAD)
    world = World(program, clock, actor)
    texts = ("203.0.113.9 and 198.51.100.1", "203.0.113.9 and evil.example", "nothing to find")
    world.reports = [a_report(program, text).id for text in texts]
    world.incidents = [an_incident(program, actor).id for _ in range(2)]
    return world


def accept(world: World, work: Work, one: int, _: int) -> None:
    """As one more incident where it is on one already."""
    report = world.report(work, one)
    act = accept_as_another if report.state in ON_INCIDENT else service.accept_report
    world.incidents.append(act(work, accepting(report)).id)


def add(world: World, work: Work, one: int, other: int) -> None:
    report = world.report(work, one)
    act = add_to_another if report.state in ON_INCIDENT else service.add_report_to_incident
    cmd = AddReport(report.reference, report.version, world.incident(work, other).reference)
    act(work, cmd)


def link(world: World, work: Work, one: int, other: int) -> None:
    to = world.incident(work, other).reference
    link_report(work, LinkReport(world.report(work, one).reference, to, "Perhaps"))


def undo(world: World, work: Work, one: int, _: int) -> None:
    report = world.report(work, one)
    service.undo_decision(work, UndoDecision(report.reference, report.version))


def put_in_bin(world: World, work: Work, one: int, _: int) -> None:
    incident = world.incident(work, one)
    delete_incident(work, DeleteIncident(incident.reference, incident.version, "A mistake"))


def bring_back(world: World, work: Work, one: int, _: int) -> None:
    restore(work, Restore(world.incident(work, one).bin_id or 0))


def bring_any_back(world: World, work: Work, one: int, _: int) -> None:
    rows = [world.incident(work, at) for at in range(len(world.incidents))]
    acts = [row.bin_id for row in rows if row.bin_id is not None]
    restore(work, Restore(acts[one % len(acts)] if acts else 0))


def merge_incidents(world: World, work: Work, one: int, other: int) -> None:
    merged = world.incident(work, one)
    leading = world.incident(work, other).reference
    merge_incident(work, Merge(merged.reference, merged.version, leading, "One case"))


def part_incident(world: World, work: Work, one: int, _: int) -> None:
    merged = world.incident(work, one)
    merge = present_merge(work, IncidentMerge, merged.id)
    unmerge_incident(work, Unmerge(merged.reference, merge.id if merge else 0))


def merge_reports(world: World, work: Work, one: int, other: int) -> None:
    merged = world.report(work, one)
    leading = world.report(work, other).reference
    merge_report(work, Merge(merged.reference, merged.version, leading, "One mail"))


def part_report(world: World, work: Work, one: int, _: int) -> None:
    merged = world.report(work, one)
    merge = present_merge(work, ReportMerge, merged.id)
    unmerge_report(work, Unmerge(merged.reference, merge.id if merge else 0))


def make_part(world: World, work: Work, one: int, other: int) -> None:
    part, whole = world.incident(work, one).reference, world.incident(work, other).reference
    service.link_incidents(work, LinkIncidents(part, whole, Wish.PART_OF))


def write(world: World, work: Work, one: int, _: int) -> None:
    service.write_note(work, WriteNote(world.incident(work, one).reference, "Called evil.example"))


Act = Callable[[World, Work, int, int], None]
ACTS: tuple[Act, ...] = (
    accept, accept, add, add, link, undo, undo, put_in_bin, bring_any_back, merge_incidents, part_incident,
    merge_reports, part_report, make_part, write,
)  # fmt: skip
# What is taken back at once leaves everything as it was.
BACK: dict[Act, Act] = {
    merge_incidents: part_incident,
    merge_reports: part_report,
    put_in_bin: bring_back,
}
STEPS = st.tuples(st.sampled_from(ACTS), st.integers(0, 5), st.integers(0, 5), st.booleans())


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, min_size=6, max_size=18))
def test_nothing_is_lost_whatever_is_done_in_whatever_order(
    program: Program, clock: FakeClock, steps: list[tuple[Act, int, int, bool]]
) -> None:
    world = a_world(program, clock)
    look(world)
    for act, one, other, and_back in steps:
        if and_back and act in BACK:
            before = rows(program)
            if done(world, act, one, other):
                assert done(world, BACK[act], one, other)
                assert rows(program) == before
        else:
            done(world, act, one, other)
        look(world)


def done(world: World, act: Act, one: int, other: int) -> bool:
    """Whether it was not refused; a refusal has words, and all of them can be filled in."""
    world.clock.forward(minutes=1)
    count = len(world.incidents)
    try:
        with world.program.work(world.actor) as work:
            act(world, work, one, other)
    except CirtError as refusal:
        del world.incidents[count:]
        said = str(refusal)
    else:
        return True
    assert "{" not in said
    return False


def rows(program: Program) -> dict[str, list[Any]]:
    """Every row but for its version, which rises whatever happens."""
    with program.engine.connect() as connection:
        return {
            table.__tablename__: sorted(
                (
                    tuple(row)
                    for row in connection.execute(
                        sa.select(*(c for c in table.__table__.c if c.name != "version"))
                    )
                ),
                key=repr,
            )
            for table in TABLES
        }


def look(world: World) -> None:
    with world.program.work(world.actor, write=False) as work:
        for report_id in world.reports:
            check_report(work, work.session.get_one(Report, report_id))
        for incident_id in world.incidents:
            check_incident(work, work.session.get_one(Incident, incident_id))
        check_versions(world, work)
        check_parts(world, work)
        for table in TABLES_OF_TRAIL:
            (key,) = table.__table__.primary_key
            ids = set(work.session.scalars(sa.select(key)))
            assert ids >= world.trail.get(table.__tablename__, set())
            world.trail[table.__tablename__] = ids


def check_report(work: Work, report: Report) -> None:
    """It waits for somebody, or it is where somebody finds it."""
    assert get_report(work, report.reference) is report
    merge = present_merge(work, ReportMerge, report.id)
    assert (merge is not None) is (report.state is ReportState.MERGED)
    state = report.state if merge is None else ReportState(merge.before["state"])
    there = incidents_on(work, report.id)
    assert (state in ON_INCIDENT) is bool(there)
    assert (report.decided_at is not None) is (state in ON_INCIDENT)


def check_incident(work: Work, incident: Incident) -> None:
    if incident.bin_id is None:
        assert get_incident(work, incident.reference) is incident
    else:
        with pytest.raises(IncidentInBin):
            get_incident(work, incident.reference)
    begun = sa.select(sa.func.count()).where(
        ReportIncident.incident_id == incident.id, ReportIncident.kind == LinkKind.ACCEPTED
    )
    assert (work.session.scalar(begun) or 0) <= 1


def check_versions(world: World, work: Work) -> None:
    for kind, ids in ((Report, world.reports), (Incident, world.incidents)):
        for row_id in ids:
            version = work.session.get_one(kind, row_id).version  # type: ignore[attr-defined]  # both have one
            assert version >= world.versions.get((kind.__name__, row_id), 1)
            world.versions[kind.__name__, row_id] = version


def check_parts(world: World, work: Work) -> None:
    """What is merged counts as one; taking away what is part of nothing more must leave nothing."""
    home = {
        merge.merged_id: merge.root_id
        for merge in work.session.scalars(
            sa.select(IncidentMerge).where(IncidentMerge.ended_at.is_(None))
        )
    }
    links = work.session.execute(sa.select(IncidentRelation.incident_id, IncidentRelation.other_id))
    parts = {(home.get(low, low), home.get(high, high)) for low, high in links}
    while parts:
        wholes = {high for _, high in parts}
        loose = {(low, high) for low, high in parts if low not in wholes}
        assert loose, f"a circle in {parts}"
        parts -= loose
