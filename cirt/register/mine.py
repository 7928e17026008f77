"""What waits for one person: own incidents, those that wait for others, and reports that nobody has taken."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.register.cases import IncidentFilter, IncidentRow, Who, incidents
from cirt.register.models import (
    IS_WAITING,
    Entry,
    EntryKind,
    Incident,
    IncidentState,
    Report,
    ReportState,
)
from cirt.register.sight import sees_report
from cirt.register.tasks.queries import TaskRow, my_tasks

_OWN = 50  # looked at, to tell those apart that wait
_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Unclaimed:
    reference: str
    title: str
    tlp: Tlp
    received_at: datetime
    waited: timedelta


@dataclass(frozen=True, slots=True)
class Mine:
    """``incidents`` are in work, ``waiting`` wait for somebody else, by reference ``since`` when; ``owned`` counts both."""

    owned: int
    incidents: list[IncidentRow]
    waiting: list[IncidentRow]
    since: dict[str, datetime]
    tasks: list[TaskRow]
    unclaimed: list[Unclaimed]


def mine(work: Work) -> Mine:
    """Five queries."""
    own = incidents(work, IncidentFilter(who=Who.MINE), limit=_OWN)
    waiting = [row for row in own.rows if row.state is IncidentState.WAITING]
    at_work = [row for row in own.rows if row.state is not IncidentState.WAITING]
    shown = waiting[:_SHOWN]
    since = _since(work, [row.reference for row in shown])
    return Mine(own.total, at_work[:_SHOWN], shown, since, my_tasks(work), unclaimed(work))


def _since(work: Work, references: list[str]) -> dict[str, datetime]:
    """When each of these incidents came to the state it is in."""
    query = (
        sa.select(Incident.reference, sa.func.max(Entry.at, type_=Entry.at.type))
        .join(Entry, Entry.incident_id == Incident.id)
        .where(Incident.reference.in_(references), Entry.kind == EntryKind.STATE)
        .group_by(Incident.reference)
    )
    return {row[0]: row[1] for row in work.session.execute(query)}


def unclaimed(work: Work) -> list[Unclaimed]:
    """Reports that nobody has taken, the longest wait first."""
    query = (
        sa.select(Report.reference, Report.title, Report.tlp, Report.received_at)
        .where(IS_WAITING, Report.state == ReportState.RECEIVED, sees_report(work.actor))
        .order_by(Report.received_at, Report.id)
        .limit(_SHOWN)
    )
    return [
        Unclaimed(row.reference, row.title, row.tlp, row.received_at, work.now - row.received_at)
        for row in work.session.execute(query)
    ]
