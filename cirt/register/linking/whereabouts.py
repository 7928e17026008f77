"""Which incidents a report is on, and which reports an incident has: asked here, and nowhere else.

Two things are told apart. A report *is on* the incidents that it was decided into, as long as they are not in the
bin: there its dialogue is told, and there it waits to be undone. It *concerns* every incident that it is linked to in
whatever way, in the bin or not, also those of the report under which it is decided, and where each of them lives now:
what is said of it is as restricted as the strictest of these.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Actor, Work
from cirt.register.linking.models import LinkKind, ReportIncident
from cirt.register.merging.models import IncidentMerge, ReportMerge
from cirt.register.models import CloseReason, Incident, IncidentState, Report
from cirt.register.sight import Condition, sees_other
from cirt.register.workflow import WAITING


@dataclass(frozen=True, slots=True)
class Concern:
    """An incident that a report concerns; ``is_open`` says that the asker may see it."""

    reference: str
    tlp: Tlp
    is_open: bool


def incidents_on(
    work: Work, report_id: int, *, leading: bool = False, lock: bool = False
) -> list[Incident]:
    """Those that a report was accepted as or added to and that are not in the bin.

    With ``leading`` also those of the report that it is merged into; with ``lock`` held until commit.
    """
    of_report = ReportIncident.report_id == report_id
    if leading:
        root = sa.select(ReportMerge.root_id).where(
            ReportMerge.merged_id == report_id, ReportMerge.ended_at.is_(None)
        )
        of_report = sa.or_(of_report, ReportIncident.report_id == root.scalar_subquery())
    ids = sa.select(ReportIncident.incident_id).where(
        of_report, ReportIncident.kind != LinkKind.RELATED
    )
    query = sa.select(Incident).where(Incident.id.in_(ids), Incident.bin_id.is_(None))
    query = query.order_by(Incident.id)
    if lock:
        query = query.with_for_update(of=Incident).execution_options(populate_existing=True)
    return list(work.session.scalars(query))


def reports_on(incident_ids: Collection[int]) -> sa.CompoundSelect[tuple[int]]:
    """Ids of the reports that are linked to these incidents in whatever way, and of what is merged into those."""
    linked = sa.select(ReportIncident.report_id).where(ReportIncident.incident_id.in_(incident_ids))
    merged = sa.select(ReportMerge.merged_id).where(
        ReportMerge.root_id.in_(linked), ReportMerge.ended_at.is_(None)
    )
    return sa.union(linked, merged)


def is_worked_on(work: Work, report: Report) -> bool:
    """Whether somebody may still work on it: it waits, or is on an incident that is not closed."""
    if report.state in WAITING:
        return True
    merged = Incident.close_reason.is_not_distinct_from(CloseReason.MERGED)  # its home counts
    query = sa.select(Incident.state).where(
        Incident.id.in_(_concerned(report.id)), Incident.bin_id.is_(None), ~merged
    )
    states = work.session.scalars(query).all()
    return not states or any(state is not IncidentState.CLOSED for state in states)


def concerns(work: Work, report_ids: Collection[int]) -> dict[int, list[Concern]]:
    """By report, each incident once; also those that are not for the asker to see. One query."""
    found: dict[int, dict[str, Concern]] = {report_id: {} for report_id in report_ids}
    ways = [
        sa.select(Report.id, at.id, at.reference, at.tlp, sees_other(work.actor, at))
        .select_from(Report)
        .where(Report.id.in_(report_ids), *way)
        for at, way in _ways(Report.id)
    ]
    for row in sorted(work.session.execute(sa.union(*ways)), key=lambda row: row[:2]):
        found[row[0]][row[2]] = Concern(row[2], row[3], bool(row[4]))
    return {report_id: list(there.values()) for report_id, there in found.items()}


def red_around(work: Work, report: Report) -> list[str]:
    """The TLP:RED incidents that a report concerns which is not TLP:RED itself: what is new of it stays there."""
    if report.tlp is Tlp.RED:
        return []
    around = concerns(work, [report.id])[report.id]
    return [one.reference for one in around if one.tlp is Tlp.RED]


def is_held_back(actor: Actor, report_id: sa.SQLColumnExpression[Any]) -> Condition:
    """On a column that names a report: it concerns an incident that the actor may not see.

    The offset changes nothing but that PostgreSQL plans each way once, not twice.
    """
    hidden = (
        sa.select(at.id).where(*way, ~sees_other(actor, at)).offset(0)
        for at, way in _ways(report_id)
    )
    return sa.or_(*map(sa.exists, hidden))


def _concerned(report_id: int) -> sa.CompoundSelect[tuple[int]]:
    given = sa.literal(report_id, sa.BigInteger)
    return sa.union(*(sa.select(at.id).where(*way) for at, way in _ways(given)))


@cache
def _aliases(is_merged: bool, is_moved: bool) -> tuple[Any, Any, Any, Any]:
    """Made once: an alias takes longer to make than a statement with it to run."""
    return (
        aliased(ReportIncident),
        aliased(Incident),
        aliased(ReportMerge) if is_merged else None,
        aliased(IncidentMerge) if is_moved else None,
    )


def _ways(report_id: sa.SQLColumnExpression[Any]) -> Iterator[tuple[Any, list[Condition]]]:
    """The ways from a report to the incidents it concerns: an alias of Incident, and what joins it.

    Each is written out, for then each is a walk along indexes.
    """
    for is_merged, is_moved in product((False, True), repeat=2):
        link, at, merge, move = _aliases(is_merged, is_moved)
        way = [link.report_id == report_id, at.id == link.incident_id]
        if merge:
            way[0] = link.report_id == merge.root_id
            way += [merge.merged_id == report_id, merge.ended_at.is_(None)]
        if move:
            way[1] = at.id == move.root_id
            way += [move.merged_id == link.incident_id, move.ended_at.is_(None)]
        yield at, way
