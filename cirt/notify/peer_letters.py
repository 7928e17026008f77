"""Letters to peers about recalls on their way: each decided by the gate when it is sent, tried again, sent once."""

import logging
from datetime import timedelta

import sqlalchemy as sa

from cirt.kernel.gpg import Gpg, GpgFailed, find_gpg
from cirt.kernel.program import Program
from cirt.kernel.work import SYSTEM, Work
from cirt.notify.smtp import MailNotSent, send
from cirt.notify.writing import Envelope, mail_of, new_message_id
from cirt.parties.peers import ourselves
from cirt.release.recalling.letters import had_it, words_of
from cirt.release.recalling.models import LetterState, PeerLetter, Recall
from cirt.sharing.letters import AboutObject, LetterWithheld, ReleasedLetter, release_peer_letter

log = logging.getLogger("cirt.peer-letter")

_LEASE = timedelta(minutes=10)
_WAITS = (1, 5, 15, 60, 120, 240)  # minutes
_TRIES = 16  # about two days
_PER_RUN = 100


def send_peer_letters(program: Program) -> int:
    """Send what people let go; how many went. Without a mail server everything waits."""
    if not program.settings.smtp_host:
        return 0
    gpg = find_gpg(program.settings)
    sent = 0
    for _ in range(_PER_RUN):
        with program.work(SYSTEM) as work:
            letter_id = _claim(work)
        if letter_id is None:
            break
        sent += _send_one(program, gpg, letter_id)
    return sent


def _claim(work: Work) -> int | None:
    query = (
        sa.select(PeerLetter)
        .where(PeerLetter.state == LetterState.QUEUED, PeerLetter.next_try_at <= work.now)
        .order_by(PeerLetter.next_try_at, PeerLetter.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    letter = work.session.scalars(query).one_or_none()
    if letter is None:
        return None
    letter.tries += 1
    letter.next_try_at = work.now + _LEASE
    return letter.id


def _send_one(program: Program, gpg: Gpg | None, letter_id: int) -> bool:
    with program.work(SYSTEM, write=False) as work:
        address = work.session.get_one(PeerLetter, letter_id).address
    key = gpg.key_for(address) if gpg else None
    with program.work(SYSTEM) as work:
        released = _release(work, letter_id, key.fingerprint if key else "")
        envelope = _envelope(program, work, letter_id, released) if released else None
    if released is None or envelope is None:
        return False
    try:
        send(program.settings, mail_of(released, envelope, gpg))
    except (MailNotSent, GpgFailed) as error:
        retry = not isinstance(error, MailNotSent) or error.retry
        with program.work(SYSTEM) as work:
            _not_sent(work, letter_id, str(error), retry=retry)
        return False
    with program.work(SYSTEM) as work:
        letter = work.session.get_one(PeerLetter, letter_id)
        letter.state, letter.sent_at, letter.failure = LetterState.SENT, work.now, ""
        work.audit("letter.sent", f"letter-{letter_id}")
    log.info("peer-letter.sent", extra={"letter": letter_id})
    return True


def _release(work: Work, letter_id: int, fingerprint: str) -> ReleasedLetter | None:
    """With its words kept as they go; None where the gate does not let it, which is told at the letter."""
    letter = work.session.get_one(PeerLetter, letter_id)
    recall = work.session.get_one(Recall, letter.recall_id)
    words = words_of(work.session, letter)
    letter.subject, letter.text = words.subject, words.text
    about = AboutObject(
        recall.object_id, letter.peer_id, had_it(work, recall.object_id, letter.peer_id)
    )
    text = f"{words.text}\n\n-- \n{ourselves(work.session).name}\n"
    try:
        return release_peer_letter(work, about, letter.address, text, fingerprint=fingerprint)
    except LetterWithheld as error:
        letter.state, letter.failure = LetterState.FAILED, str(error)
        work.audit("letter.failed", f"letter-{letter_id}")
        return None


def _envelope(program: Program, work: Work, letter_id: int, released: ReleasedLetter) -> Envelope:
    """Of one that is encrypted, the subject says nothing. Its Message-ID stays over all tries."""
    letter = work.session.get_one(PeerLetter, letter_id)
    name = ourselves(work.session).name
    letter.message_id = letter.message_id or new_message_id(program.settings.mail_from)
    return Envelope(
        from_name=name,
        from_address=program.settings.mail_from,
        subject=name if released.fingerprint else letter.subject,
        message_id=letter.message_id,
        at=work.now,
    )


def _not_sent(work: Work, letter_id: int, reason: str, *, retry: bool) -> None:
    letter = work.session.get_one(PeerLetter, letter_id)
    letter.failure = reason
    log.warning("peer-letter.not-sent", extra={"letter": letter_id, "retry": retry})
    if not retry or letter.tries >= _TRIES:
        letter.state = LetterState.FAILED
        work.audit("letter.failed", f"letter-{letter_id}")
        return
    wait = _WAITS[min(letter.tries, len(_WAITS)) - 1]
    letter.next_try_at = work.now + timedelta(minutes=wait)
