"""Letters to peers about recalls: made ready, sent by a person's click, reminded of by themselves, never doubled."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.program import Program
from cirt.kernel.text import mark
from cirt.kernel.work import SYSTEM, Work
from cirt.objects.models import StixObject
from cirt.parties.models import Peer
from cirt.register.dialogue.keeping import mail_address
from cirt.release.errors import AddressWrong, LetterPast, NoSuchLetter
from cirt.release.holdings.models import FetchedRow
from cirt.release.holdings.queries import Hold, holds_of
from cirt.release.models import Feed, FeedRow
from cirt.release.recalling.models import LetterKind, LetterState, PeerLetter, Recall
from cirt.release.recalling.rights import check_may_recall
from cirt.release.recalling.writing import drop_letters, prepare_letters

JOB = "recall.remind"
REMIND_AFTER = timedelta(days=7)
_LOOKED_BACK = timedelta(days=365)  # at recalls; what nobody fetched in a year, nobody will
_PENDING = (LetterState.PREPARED, LetterState.QUEUED)

SUBJECTS = {
    LetterKind.CLOSED: mark("Revoked: {stix_id}"),
    LetterKind.REMINDER: mark("Reminder, revoked: {stix_id}"),
    LetterKind.AUTHOR: mark("We offer your object no longer: {stix_id}"),
}
TEXTS = {
    LetterKind.CLOSED: mark(
        "You had this object from us:\n\n    {stix_id}\n\nWe revoked it on {day}. Please stop using it, and tell those to"
        " whom you gave it. We write because our collections are not open to your systems at present."
    ),
    LetterKind.REMINDER: mark(
        "You fetched this object from us:\n\n    {stix_id}\n\nWe offered you its revocation on {day}, and your systems have"
        " not fetched it yet. Please stop using the object, and see that your systems poll our collection again."
    ),
    LetterKind.AUTHOR: mark(
        "This object is yours:\n\n    {stix_id}\n\nSince {day} we offer it to nobody any more. If it is wrong, please revoke"
        " it: only you can, and we pass your revocation on to those who had it from us."
    ),
}


@dataclass(frozen=True, slots=True)
class Words:
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class SendLetter:
    letter: int
    address: str


def words_of(session: Session, letter: PeerLetter) -> Words:
    """What it says: the id, the day, what to do. Never why, and nothing of what is in the object."""
    recall = session.get_one(Recall, letter.recall_id)
    stix_id = session.get_one(StixObject, recall.object_id).stix_id
    values = {"stix_id": stix_id, "day": f"{recall.at:%Y-%m-%d}"}
    return Words(
        SUBJECTS[letter.kind].format(**values),
        TEXTS[letter.kind].format(**values),
    )


def send_letter(work: Work, cmd: SendLetter) -> PeerLetter:
    """Let a prepared letter go to this address. The gate decides when it is sent, once more.

    Raises:
        NoSuchLetter, LetterPast, AddressWrong, NotYourIncident, NotAllowed.
    """
    letter, recall = lock_letter(work, cmd.letter)
    check_may_recall(work, recall.object_id)
    address = mail_address(cmd.address)
    if not address:
        raise AddressWrong(address=cmd.address[:100])
    if letter.state not in (LetterState.PREPARED, LetterState.FAILED):
        raise LetterPast
    if letter.kind is LetterKind.REMINDER and not _is_owed(work, recall, letter.peer_id):
        raise LetterPast
    letter.state, letter.address, letter.failure = LetterState.QUEUED, address, ""
    letter.sent_by_id, letter.next_try_at, letter.tries = work.actor.id, work.now, 0
    work.audit("letter.queue", f"letter-{letter.id}", peer=letter.peer_id, kind=letter.kind.value)
    return letter


def drop_letter(work: Work, letter_id: int) -> None:
    """It is not needed.

    Raises:
        NoSuchLetter, LetterPast, NotYourIncident, NotAllowed.
    """
    letter, recall = lock_letter(work, letter_id)
    check_may_recall(work, recall.object_id)
    if not drop_letters(work, PeerLetter.id == letter.id):
        raise LetterPast


def ask_reminder(work: Work, recall_id: int, peer_id: int) -> PeerLetter:
    """A reminder to one peer that has not fetched the revocation; the one that waits already, if there is one.

    Raises:
        NoSuchLetter: there is no such recall.
        LetterPast: it owes nothing.
    """
    recall = work.session.get(Recall, recall_id)
    if recall is None:
        raise NoSuchLetter(letter=recall_id)
    check_may_recall(work, recall.object_id)
    _lock_recall(work.session, recall.id)
    if not _is_owed(work, recall, peer_id):
        raise LetterPast
    waiting = _reminders(work.session, recall.id, peer_id)
    if not waiting or waiting[-1].state not in (*_PENDING, LetterState.FAILED):
        number = len(waiting) + 1
        prepare_letters(work, recall, LetterKind.REMINDER, [peer_id], number)
        waiting = _reminders(work.session, recall.id, peer_id)
    return waiting[-1]


def remind_due(program: Program) -> int:
    """Prepare a reminder where a revocation has waited a week, or a week since the last letter; how many."""
    with program.work(SYSTEM, write=False) as work:
        late = _late(work.session, work.now)
    return sum(_prepare_one(program, recall_id, peer_id) for recall_id, peer_id in late)


def _prepare_one(program: Program, recall_id: int, peer_id: int) -> int:
    with program.work(SYSTEM) as work:
        recall = work.session.get_one(Recall, recall_id)
        _lock_recall(work.session, recall.id)
        if _is_written_to(work.session, recall.id, peer_id):
            return 0
        told = _reminders(work.session, recall.id, peer_id)
        last = max((each.sent_at or each.prepared_at for each in told), default=recall.at)
        pending = any(each.state in _PENDING for each in told)
        if pending or work.now - last < REMIND_AFTER or not _is_owed(work, recall, peer_id):
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
            if not _owes(holds.get(recall.object_id, []), letter.peer_id)
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
            ~_was_fetched(),
        )
        .distinct()
    )
    return [(row[0], row[1]) for row in session.execute(query.order_by(Recall.id, Feed.peer_id))]


def _was_fetched() -> sa.ColumnElement[bool]:
    return sa.exists().where(
        FetchedRow.feed_id == FeedRow.feed_id, FetchedRow.date_us == FeedRow.date_us
    )


def _is_owed(work: Work, recall: Recall, peer_id: int) -> bool:
    holds = holds_of(work.session, [recall.object_id]).get(recall.object_id, [])
    return _owes(holds, peer_id)


def _owes(holds: Sequence[Hold], peer_id: int) -> bool:
    """It has a revocation before it that it has not fetched, by none of its ways."""
    mine = [hold for hold in holds if hold.peer_id == peer_id]
    return any(hold.owed for hold in mine) and not any(hold.knows for hold in mine)


def had_it(work: Work, object_id: int, peer_id: int) -> bool:
    holds = holds_of(work.session, [object_id]).get(object_id, [])
    return any(hold.had_it for hold in holds if hold.peer_id == peer_id)


def _reminders(session: Session, recall_id: int, peer_id: int) -> list[PeerLetter]:
    query = sa.select(PeerLetter).where(
        PeerLetter.recall_id == recall_id,
        PeerLetter.peer_id == peer_id,
        PeerLetter.kind == LetterKind.REMINDER,
    )
    query = query.order_by(PeerLetter.number).execution_options(populate_existing=True)
    return list(session.scalars(query))


def _is_written_to(session: Session, recall_id: int, peer_id: int) -> bool:
    """It cannot read our collections, so the recall itself prepared a letter to it."""
    closed = sa.exists().where(
        PeerLetter.recall_id == recall_id,
        PeerLetter.peer_id == peer_id,
        PeerLetter.kind == LetterKind.CLOSED,
        PeerLetter.state != LetterState.DROPPED,
    )
    return bool(session.scalar(sa.select(closed)))


def _lock_recall(session: Session, recall_id: int) -> None:
    session.execute(sa.select(Recall.id).where(Recall.id == recall_id).with_for_update()).all()


def lock_letter(work: Work, letter_id: int) -> tuple[PeerLetter, Recall]:
    """
    Raises:
        NoSuchLetter.
    """
    query = (
        sa.select(PeerLetter)
        .where(PeerLetter.id == letter_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    letter = work.session.scalars(query).one_or_none()
    if letter is None:
        raise NoSuchLetter(letter=letter_id)
    return letter, work.session.get_one(Recall, letter.recall_id)


@dataclass(frozen=True, slots=True)
class LetterLine:
    """A letter for pages; ``words`` are those that it would go with, or went with."""

    id: int
    kind: LetterKind
    state: LetterState
    peer: str
    slug: str
    address: str
    words: Words
    prepared_at: datetime
    sent_at: datetime | None
    failure: str


def letters_of(session: Session, *conditions: sa.ColumnElement[bool]) -> list[LetterLine]:
    """The youngest first; on PeerLetter."""
    query: sa.Select[*tuple[Any, ...]] = (
        sa.select(PeerLetter, Peer.name, Peer.slug, Recall.at, StixObject.stix_id)
        .join(Peer, Peer.id == PeerLetter.peer_id)
        .join(Recall, Recall.id == PeerLetter.recall_id)
        .join(StixObject, StixObject.id == Recall.object_id)
        .where(*conditions)
        .order_by(PeerLetter.prepared_at.desc(), PeerLetter.id.desc())
        .limit(100)
    )
    lines = []
    for letter, name, slug, at, stix_id in session.execute(query):
        values = {"stix_id": stix_id, "day": f"{at:%Y-%m-%d}"}
        said = Words(
            letter.subject or SUBJECTS[letter.kind].format(**values),
            letter.text or TEXTS[letter.kind].format(**values),
        )
        lines.append(
            LetterLine(
                letter.id,
                letter.kind,
                letter.state,
                name,
                slug,
                letter.address,
                said,
                letter.prepared_at,
                letter.sent_at,
                letter.failure,
            )
        )
    return lines


def last_address(session: Session, peer_id: int) -> str:
    """Where a letter to this peer went last: offered for the next one."""
    query = sa.select(PeerLetter.address).where(
        PeerLetter.peer_id == peer_id, PeerLetter.state == LetterState.SENT
    )
    return session.scalar(query.order_by(PeerLetter.sent_at.desc()).limit(1)) or ""
