"""How much waits, for the tabs of the queue and the desk."""

from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from cirt.kernel.work import Work
from cirt.register.models import IS_WAITING, Report
from cirt.register.pages import MOST, Count
from cirt.register.queue.filters import QueueView, in_view
from cirt.register.sight import sees_report


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """Counted no further than lists are."""

    waiting: Count
    mine: Count
    likely: Count
    decided_today: Count
    oldest_wait: timedelta | None


def queue_counts(work: Work) -> QueueCounts:
    """One statement; each number is read from an index."""
    oldest = (
        sa.select(Report.received_at)
        .where(IS_WAITING, sees_report(work.actor))
        .order_by(Report.received_at, Report.id)
        .limit(1)
    )
    asked = [_count(work, view) for view in QueueView]
    *counted, since = work.session.execute(sa.select(*asked, oldest.scalar_subquery())).one()
    waiting, mine, likely, decided = map(Count, counted)
    return QueueCounts(waiting, mine, likely, decided, work.now - since if since else None)


def _count(work: Work, view: QueueView) -> sa.ScalarSelect[int]:
    one = sa.select(sa.literal(1).label("one")).select_from(Report)
    some = one.where(*in_view(work, view), sees_report(work.actor)).limit(MOST + 1).subquery()
    return sa.select(sa.func.count()).select_from(some).scalar_subquery()
