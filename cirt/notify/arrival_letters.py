"""Letters to peers about what they sent and was not taken, on their way by mail."""

import logging
from functools import partial

from cirt.exchange.cases.asking import about, note_failed, note_sent
from cirt.exchange.models import ArrivalLetter
from cirt.kernel.program import Program
from cirt.kernel.work import Work
from cirt.notify import outbox
from cirt.notify.outbox import Kind, Try, Writing
from cirt.notify.writing import Envelope, mail_of, new_message_id
from cirt.parties.peers import ourselves
from cirt.release.recalling.models import LetterState
from cirt.sharing.letters import release_arrival_letter

_TRIES = 16  # about two days


def send_arrival_letters(program: Program) -> int:
    """Send what people let go; how many went. Without a mail server everything waits."""
    return outbox.send_due(program, _KIND)


def _make(work: Work, this: Try) -> Writing:
    """Of one that is encrypted, the subject says nothing."""
    letter = work.session.get_one(ArrivalLetter, this.row_id)
    name = ourselves(work.session).name
    text = f"{letter.text}\n\n-- \n{name}\n"
    released = release_arrival_letter(
        work,
        about(work, letter),
        letter.address,
        letter.subject,
        text,
        fingerprint=this.fingerprint,
    )
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


def _put_off(work: Work, letter: ArrivalLetter, reason: str) -> None:
    letter.failure = reason


_KIND = Kind(
    log=logging.getLogger("cirt.peer-letter"),
    event="arrival-letter",
    logged_as="letter",
    model=ArrivalLetter,
    key=ArrivalLetter.id,
    due_at=ArrivalLetter.next_try_at,
    waits=ArrivalLetter.state == LetterState.QUEUED,
    address=lambda work, letter_id: work.session.get_one(ArrivalLetter, letter_id).address,
    make=_make,
    is_over=lambda _work, letter: letter.tries >= _TRIES,
    sent=note_sent,
    put_off=_put_off,
    given_up=note_failed,
    refused=note_failed,
)
