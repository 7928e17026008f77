"""How much waits, for the tabs of the queue and the desk."""

from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from cirt.kernel.db import UtcDateTime
from cirt.kernel.work import Actor, Work
from cirt.register.models import IS_WAITING, Report
from cirt.register.pages import Count, counted_rows
from cirt.register.queue.filters import QueueView, seen_in, today
from cirt.register.sight import sees_report


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """Counted no further than lists are."""

    waiting: Count
    mine: Count
    likely: Count
    decided_today: Count
    oldest_wait: timedelta | None

    def of(self, view: QueueView) -> Count:
        return {
            QueueView.WAITING: self.waiting,
            QueueView.MINE: self.mine,
            QueueView.LIKELY: self.likely,
            QueueView.DECIDED: self.decided_today,
        }[view]


def queue_counts(work: Work) -> QueueCounts:
    """One statement; each number is read from an index."""
    found = work.session.execute(_counting(work.actor), {"today": today(work.now)}).one()
    *counted, since = found
    waiting, mine, likely, decided = map(Count, counted)
    return QueueCounts(waiting, mine, likely, decided, work.now - since if since else None)


@lru_cache(maxsize=256)
def _counting(actor: Actor) -> sa.Select[*tuple[Any, ...]]:
    oldest = (
        sa.select(Report.received_at)
        .where(IS_WAITING, sees_report(actor))
        .order_by(Report.received_at, Report.id)
        .limit(1)
    )
    day = sa.bindparam("today", type_=UtcDateTime())
    asked = [
        counted_rows(sa.select(Report.id).where(*seen_in(actor, view, day))) for view in QueueView
    ]
    return sa.select(*asked, oldest.scalar_subquery())
