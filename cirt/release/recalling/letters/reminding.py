"""Reminders by themselves: a week after a revocation was offered and not fetched, and every week after a letter."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.program import Program
from cirt.kernel.work import SYSTEM
from cirt.release.holdings.models import was_fetched
from cirt.release.holdings.queries import holds_of
from cirt.release.models import Feed, FeedRow
from cirt.release.recalling.letters.owing import is_owed, owes
from cirt.release.recalling.letters.preparing import (
    PENDING,
    drop_letters,
    lock_recall,
    prepare_letters,
    reminders,
)
from cirt.release.recalling.models import LetterKind, LetterState, PeerLetter, Recall

JOB = "recall.remind"
REMIND_AFTER = timedelta(days=7)
_LOOKED_BACK = timedelta(days=365)  # at recalls; what nobody fetched in a year, nobody will


def remind_due(program: Program) -> int:
    """Prepare a reminder where a revocation has waited a week, or a week since the last letter; how many."""
    with program.work(SYSTEM, write=False) as work:
        late = _late(work.session, work.now)
    return sum(_prepare_one(program, recall_id, peer_id) for recall_id, peer_id in late)


def _prepare_one(program: Program, recall_id: int, peer_id: int) -> int:
    with program.work(SYSTEM) as work:
        recall = work.session.get_one(Recall, recall_id)
        lock_recall(work.session, recall.id)
        if _is_written_to(work.session, recall.id, peer_id):
            return 0
        told = reminders(work.session, recall.id, peer_id)
        last = max((each.sent_at or each.prepared_at for each in told), default=recall.at)
        pending = any(each.state in PENDING for each in told)
        if pending or work.now - last < REMIND_AFTER or not is_owed(work.session, recall, peer_id):
            return 0
        return prepare_letters(work, recall, LetterKind.REMINDER, [peer_id], len(told) + 1)


def drop_needless(program: Program) -> int:
    """Reminders of what was fetched meanwhile; how many."""
    with program.work(SYSTEM) as work:
        query = (
            sa.select(PeerLetter, Recall)
            .join(Recall, Recall.id == PeerLetter.recall_id)
            .where(PeerLetter.state == LetterState.PREPARED, PeerLetter.kind == LetterKind.REMINDER)
        )
        rows = work.session.execute(query).all()
        holds = holds_of(work.session, {recall.object_id for _, recall in rows})
        needless = [
            letter.id
            for letter, recall in rows
            if not owes(holds.get(recall.object_id, []), letter.peer_id)
        ]
        return drop_letters(work, PeerLetter.id.in_(needless)) if needless else 0


def _late(session: Session, now: datetime) -> list[tuple[int, int]]:
    """Recalls whose revocation stands open in a feed for a week; which of them is fetched, is asked later."""
    query = (
        sa.select(Recall.id, Feed.peer_id)
        .join(
            FeedRow,
            sa.and_(FeedRow.object_id == Recall.object_id, FeedRow.version_id == Recall.version_id),
        )
        .join(Feed, Feed.id == FeedRow.feed_id)
        .where(
            Recall.at <= now - REMIND_AFTER,
            Recall.at >= now - _LOOKED_BACK,
            FeedRow.recall.is_(True),
            FeedRow.closed_us.is_(None),
            ~was_fetched(),
        )
        .distinct()
    )
    return [(row[0], row[1]) for row in session.execute(query.order_by(Recall.id, Feed.peer_id))]


def _is_written_to(session: Session, recall_id: int, peer_id: int) -> bool:
    """It cannot read our collections, so the recall itself prepared a letter to it."""
    closed = sa.exists().where(
        PeerLetter.recall_id == recall_id,
        PeerLetter.peer_id == peer_id,
        PeerLetter.kind == LetterKind.CLOSED,
        PeerLetter.state != LetterState.DROPPED,
    )
    return bool(session.scalar(sa.select(closed)))
