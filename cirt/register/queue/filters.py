"""What the queue can be narrowed to and sorted by; all of it stands in the index of what waits."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa

from cirt.kernel.db import UtcDateTime
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Actor, Work
from cirt.register.likeness.kept import has_kept_like
from cirt.register.models import IS_WAITING, Lane, Report, ReportSource
from cirt.register.pages import Order
from cirt.register.sight import sees_report
from cirt.register.urgency.targets import Targets

Condition = sa.ColumnElement[bool]


class QueueView(StrEnum):
    WAITING = "waiting"
    MINE = "mine"
    LIKELY = "likely"  # much like an earlier report
    DECIDED = "decided"  # today, UTC


class QueueSort(StrEnum):
    OLDEST = "oldest"
    NEWEST = "newest"
    URGENT = "urgent"  # whose target ends first


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """``sort`` None: the longest wait first, and of what was decided the latest."""

    view: QueueView = QueueView.WAITING
    source: ReportSource | None = None
    lane: Lane | None = None
    sector: str | None = None
    words: str = ""
    tlp: Tlp | None = None
    since: datetime | None = None
    is_late: bool = False  # only those that wait longer than they should
    sort: QueueSort | None = None

    @property
    def is_decided(self) -> bool:
        return self.view is QueueView.DECIDED

    @property
    def is_narrowed(self) -> bool:
        """Whether it shows less than its view holds."""
        return self != QueueFilter(self.view, sort=self.sort)

    @property
    def by_target(self) -> bool:
        """What is decided has no target any more."""
        return self.sort is QueueSort.URGENT and not self.is_decided


def order_of(wanted: QueueFilter) -> Order:
    newest = wanted.sort is QueueSort.NEWEST
    if wanted.is_decided:
        return Order(Report.decided_at, Report.id, newest or wanted.sort is not QueueSort.OLDEST)
    return Order(Report.received_at, Report.id, newest)


def conditions_of(work: Work, wanted: QueueFilter, targets: Targets) -> list[Condition]:
    """On reports: those that the actor may see, in the view, and that fit."""
    found = seen_in(work.actor, wanted.view, sa.literal(today(work.now), UtcDateTime()))
    for column, value in (
        (Report.source, wanted.source),
        (Report.lane, wanted.lane),
        (Report.sector, wanted.sector),
        (Report.tlp, wanted.tlp),
    ):
        if value is not None:
            found.append(column == value)
    if wanted.since is not None:
        found.append(Report.received_at >= wanted.since)
    if wanted.is_late:
        found.append(_is_late(work.now, targets))
    if words := wanted.words.strip():
        columns = (Report.title, Report.organisation, Report.reference)
        found.append(sa.or_(*(one.icontains(words, autoescape=True) for one in columns)))
    return found


def seen_in(actor: Actor, view: QueueView, today: sa.BindParameter[datetime]) -> list[Condition]:
    """On reports: those in the view that the actor may see; ``today`` is when the day began."""
    return [*_in_view(actor, view, today), sees_report(actor)]


def _in_view(actor: Actor, view: QueueView, today: sa.BindParameter[datetime]) -> list[Condition]:
    if view is QueueView.DECIDED:
        return [Report.decided_at >= today]
    if view is QueueView.MINE:
        return [IS_WAITING, Report.claimed_by_id == actor.id]
    return [IS_WAITING, has_kept_like(actor)] if view is QueueView.LIKELY else [IS_WAITING]


def today(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def _is_late(now: datetime, targets: Targets) -> Condition:
    late = (
        sa.and_(Report.received_at < now - length, targets.is_of(length))
        for length in targets.lengths
    )
    return sa.or_(sa.false(), *late)
