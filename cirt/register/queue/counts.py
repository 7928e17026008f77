"""How much waits, for the tabs of the queue and the desk."""

from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from cirt.kernel.work import Work
from cirt.register.models import IS_WAITING, Report
from cirt.register.pages import Count, counted_rows
from cirt.register.queue.filters import QueueView, seen_in
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
    oldest = (
        sa.select(Report.received_at)
        .where(IS_WAITING, sees_report(work.actor))
        .order_by(Report.received_at, Report.id)
        .limit(1)
    )
    asked = [counted_rows(sa.select(Report.id).where(*seen_in(work, view))) for view in QueueView]
    *counted, since = work.session.execute(sa.select(*asked, oldest.scalar_subquery())).one()
    waiting, mine, likely, decided = map(Count, counted)
    return QueueCounts(waiting, mine, likely, decided, work.now - since if since else None)
