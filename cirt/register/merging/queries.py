"""Where a record lives now and what is shown through it, read from the merges that are in force."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from cirt.kernel.work import Actor, Work
from cirt.parties.models import Account, Person
from cirt.register.merging.models import IncidentMerge, ReportMerge
from cirt.register.models import Incident, Report, ReportState
from cirt.register.sight import sees_binned_incident, sees_incident, sees_report

AnyMerge: TypeAlias = type[IncidentMerge] | type[ReportMerge]
_DEEPEST = 100  # merges in a chain; a person stops long before
_RECORD = sa.bindparam("record_id", type_=sa.BigInteger)


@dataclass(frozen=True, slots=True)
class MergedInto:
    """The merge that a record is under; ``reference`` is empty where the leading one is not for the asker."""

    merge_id: int
    reference: str
    title: str
    reason: str
    by: str
    at: datetime
    is_in_bin: bool  # the leading one: it resolves, and what is merged into it can be taken out


@dataclass(frozen=True, slots=True)
class MergedHere:
    """A record shown through the one asked about, directly or by way of another."""

    merge_id: int
    reference: str
    title: str
    into: str  # the reference of what it was merged into
    at: datetime


def home_of(
    merge: AnyMerge,
    column: sa.SQLColumnExpression[int] | sa.SQLColumnExpression[int | None],
) -> sa.ColumnElement[int]:
    """The id under which the record of ``column`` lives now: its own where it is not merged."""
    root = (
        sa.select(merge.root_id)
        .where(merge.merged_id == column, merge.ended_at.is_(None))
        .correlate_except(merge)  # also where it stands two queries deep
        .scalar_subquery()
    )
    return sa.func.coalesce(root, column)


def family(work: Work, merge: AnyMerge, record_id: int) -> list[int]:
    """The record and all that is shown through it, as far as the asker may see; itself comes first."""
    query = _seen_below(work.actor, merge)
    return [record_id, *work.session.scalars(query, {"record_id": record_id})]


@lru_cache(maxsize=256)
def _seen_below(actor: Actor, merge: AnyMerge) -> sa.Select[tuple[int]]:
    """Made once for each who asks, as below."""
    table: Any = Incident if merge is IncidentMerge else Report
    sees = sees_incident(actor) if merge is IncidentMerge else sees_report(actor)
    below = below_of(merge, _RECORD)
    return sa.select(table.id).where(table.id.in_(sa.select(below.c.id)), sees).order_by(table.id)


def whole_family(work: Work, merge: AnyMerge, record_id: int) -> list[int]:
    """The same, also of what is not for the asker to see: for acts that concern all of it."""
    below = below_of(merge, record_id)
    return [record_id, *work.session.scalars(sa.select(below.c.id).order_by(below.c.id))]


def reports_of(work: Work, ids: list[int]) -> list[Report]:
    """The reports of a family, the one asked about first."""
    found = {
        row.id: row for row in work.session.scalars(sa.select(Report).where(Report.id.in_(ids)))
    }
    return [found[one] for one in ids]


def below_of(merge: AnyMerge, record_id: int | sa.BindParameter[int]) -> sa.CTE:
    """Ids of everything merged into this record, by however many steps."""
    in_force = merge.ended_at.is_(None)
    first = sa.select(merge.merged_id.label("id"), sa.literal(1).label("depth")).where(
        merge.leading_id == record_id, in_force
    )
    found = first.cte("below", recursive=True)
    more = sa.select(merge.merged_id, found.c.depth + 1).where(
        merge.leading_id == found.c.id, in_force, found.c.depth < _DEEPEST
    )
    return found.union(more)


def present_merge(work: Work, merge: AnyMerge, record_id: int) -> Any:
    """The row of the merge that this record is under, if it is."""
    query = sa.select(merge).where(merge.merged_id == record_id, merge.ended_at.is_(None))
    return work.session.scalars(query).one_or_none()


def fate_of(work: Work, report: Report) -> ReportState:
    """The state that its reporter is told: of the report under which it is decided on."""
    if report.state is not ReportState.MERGED:
        return report.state
    root = sa.select(Report.state).join(ReportMerge, ReportMerge.root_id == Report.id)
    in_force = (ReportMerge.merged_id == report.id, ReportMerge.ended_at.is_(None))
    return work.session.scalars(root.where(*in_force)).one()


def merged_into(work: Work, merge: AnyMerge, record_id: int) -> MergedInto | None:
    query = _leading(work.actor, merge)
    row = work.session.execute(query, {"record_id": record_id}).one_or_none()
    if row is None:
        return None
    found, reference, title, name, bin_id = row
    return MergedInto(
        merge_id=found.id,
        reference=reference or "",
        title=title or "",
        reason=found.reason if reference else "",
        by=name or "",
        at=found.merged_at,
        is_in_bin=bin_id is not None,
    )


@lru_cache(maxsize=256)
def _leading(actor: Actor, merge: AnyMerge) -> sa.Select[*tuple[Any, ...]]:
    table: Any = Incident if merge is IncidentMerge else Report
    bin_id: Any = Incident.bin_id if merge is IncidentMerge else sa.null()
    sees = sees_binned_incident if merge is IncidentMerge else sees_report
    return (
        sa.select(merge, table.reference, table.title, Person.name, bin_id)
        .select_from(merge)
        .outerjoin(table, sa.and_(table.id == merge.leading_id, sees(actor)))
        .outerjoin(Account, Account.id == merge.merged_by_id)
        .outerjoin(Person, Person.id == Account.person_id)
        .where(merge.merged_id == _RECORD, merge.ended_at.is_(None))
    )


def merged_here(work: Work, merge: AnyMerge, record_ids: list[int]) -> list[MergedHere]:
    """What is shown through these, the earliest merge first. ``record_ids`` is a family."""
    if len(record_ids) == 1:
        return []
    table: Any = Incident if merge is IncidentMerge else Report
    leading: Any = aliased(table)
    query = (
        sa.select(merge.id, table.reference, table.title, leading.reference, merge.merged_at)
        .select_from(merge)
        .join(table, table.id == merge.merged_id)
        .join(leading, leading.id == merge.leading_id)
        .where(
            merge.merged_id.in_(record_ids[1:]),
            merge.leading_id.in_(record_ids),
            merge.ended_at.is_(None),
        )
        .order_by(merge.merged_at, merge.id)
    )
    return [MergedHere(*row) for row in work.session.execute(query)]
