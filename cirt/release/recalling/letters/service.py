"""What people do with letters: send one, lay it aside, ask for a reminder."""

from dataclasses import dataclass

import sqlalchemy as sa

from cirt.kernel.work import Work
from cirt.register.dialogue.keeping import mail_address
from cirt.release.errors import AddressWrong, LetterPast, NoSuchLetter
from cirt.release.recalling.letters.owing import is_owed
from cirt.release.recalling.letters.preparing import (
    PENDING,
    drop_letters,
    lock_recall,
    prepare_letters,
    reminders,
)
from cirt.release.recalling.models import LetterKind, LetterState, PeerLetter, Recall
from cirt.release.recalling.rights import check_may_recall


@dataclass(frozen=True, slots=True)
class SendLetter:
    letter: int
    address: str


def send_letter(work: Work, cmd: SendLetter) -> PeerLetter:
    """Let a prepared letter go to this address. The gate decides when it is sent, once more.

    Raises:
        NoSuchLetter, LetterPast, AddressWrong, NotYourIncident, NotAllowed.
    """
    letter, recall = _lock_letter(work, cmd.letter)
    check_may_recall(work, recall.object_id)
    address = mail_address(cmd.address)
    if not address:
        raise AddressWrong(address=cmd.address[:100])
    if letter.state not in (LetterState.PREPARED, LetterState.FAILED):
        raise LetterPast
    if letter.kind is LetterKind.REMINDER and not is_owed(work.session, recall, letter.peer_id):
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
    letter, recall = _lock_letter(work, letter_id)
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
    lock_recall(work.session, recall.id)
    if not is_owed(work.session, recall, peer_id):
        raise LetterPast
    waiting = reminders(work.session, recall.id, peer_id)
    if not waiting or waiting[-1].state not in (*PENDING, LetterState.FAILED):
        number = len(waiting) + 1
        prepare_letters(work, recall, LetterKind.REMINDER, [peer_id], number)
        waiting = reminders(work.session, recall.id, peer_id)
    return waiting[-1]


def _lock_letter(work: Work, letter_id: int) -> tuple[PeerLetter, Recall]:
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
