"""Letters to peers about recalls on their way by mail."""

import logging
from functools import partial

from cirt.kernel.program import Program
from cirt.kernel.work import Work
from cirt.notify import outbox
from cirt.notify.outbox import Kind, Try, Writing
from cirt.notify.writing import Envelope, mail_of, new_message_id
from cirt.objects.models import StixObject
from cirt.parties.peers import ourselves
from cirt.release.recalling.letters.owing import had_it
from cirt.release.recalling.letters.words import words_of
from cirt.release.recalling.models import LetterState, PeerLetter, Recall
from cirt.sharing.letters import AboutObject, release_peer_letter

_TRIES = 16  # about two days; it may have been prepared long before a person let it go


def send_peer_letters(program: Program) -> int:
    """Send what people let go; how many went. Without a mail server everything waits."""
    return outbox.send_due(program, _KIND)


def _make(work: Work, this: Try) -> Writing:
    """With its words kept as they go, and its Message-ID over all tries. Of one that is encrypted, the subject says nothing."""
    letter = work.session.get_one(PeerLetter, this.row_id)
    recall = work.session.get_one(Recall, letter.recall_id)
    stix_id = work.session.get_one(StixObject, recall.object_id).stix_id
    words, name = words_of(letter.kind, stix_id, recall.at), ourselves(work.session).name
    letter.subject, letter.text = words.subject, words.text
    about = AboutObject(
        recall.object_id, letter.peer_id, had_it(work.session, recall.object_id, letter.peer_id)
    )
    text = f"{words.text}\n\n-- \n{name}\n"
    released = release_peer_letter(work, about, letter.address, text, fingerprint=this.fingerprint)
    from_address = this.program.settings.mail_from
    letter.message_id = letter.message_id or new_message_id(from_address)
    envelope = Envelope(
        from_name=name,
        from_address=from_address,
        subject=name if released.fingerprint else letter.subject,
        message_id=letter.message_id,
        at=work.now,
    )
    return partial(mail_of, released, envelope, this.gpg)


def _sent(work: Work, letter_id: int) -> None:
    letter = work.session.get_one(PeerLetter, letter_id)
    letter.state, letter.sent_at, letter.failure = LetterState.SENT, work.now, ""
    work.audit("letter.sent", f"letter-{letter_id}")


def _put_off(work: Work, letter: PeerLetter, reason: str) -> None:
    letter.failure = reason


def _failed(work: Work, letter_id: int, reason: str) -> None:
    letter = work.session.get_one(PeerLetter, letter_id)
    letter.state, letter.failure = LetterState.FAILED, reason
    work.audit("letter.failed", f"letter-{letter_id}")


_KIND = Kind(
    log=logging.getLogger("cirt.peer-letter"),
    event="peer-letter",
    logged_as="letter",
    model=PeerLetter,
    key=PeerLetter.id,
    due_at=PeerLetter.next_try_at,
    waits=PeerLetter.state == LetterState.QUEUED,
    address=lambda work, letter_id: work.session.get_one(PeerLetter, letter_id).address,
    make=_make,
    is_over=lambda _work, letter: letter.tries >= _TRIES,
    sent=_sent,
    put_off=_put_off,
    given_up=_failed,
    refused=_failed,
)
