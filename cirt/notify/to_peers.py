"""What letters to peers have in common on their way by mail."""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from cirt.exchange.models import ArrivalLetter
from cirt.kernel.work import Work
from cirt.notify.outbox import Kind, Try, Writing
from cirt.notify.writing import Envelope, mail_of, new_message_id
from cirt.release.recalling.models import LetterState, PeerLetter
from cirt.sharing.letters import ReleasedLetter

_TRIES = 16  # about two days; it may have been prepared long before a person let it go

AnyLetter = ArrivalLetter | PeerLetter


def signed(text: str, name: str) -> str:
    return f"{text}\n\n-- \n{name}\n"


def written(
    work: Work, this: Try, letter: AnyLetter, name: str, released: ReleasedLetter
) -> Writing:
    """With its Message-ID kept over all tries. Of one that is encrypted, the subject says nothing."""
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


def kind_of(
    event: str,
    model: Any,
    make: Callable[[Work, Try], Writing],
    sent: Callable[[Work, int], None],
    failed: Callable[[Work, int, str], None],
) -> Kind[Any]:
    """Of letters that wait in ``model`` until a person has let them go."""
    return Kind(
        log=logging.getLogger("cirt.peer-letter"),
        event=event,
        logged_as="letter",
        model=model,
        key=model.id,
        due_at=model.next_try_at,
        waits=model.state == LetterState.QUEUED,
        address=lambda work, letter_id: work.session.get_one(model, letter_id).address,
        make=make,
        is_over=lambda _work, letter: letter.tries >= _TRIES,
        sent=sent,
        put_off=_put_off,
        given_up=failed,
        refused=failed,
    )


def _put_off(_work: Work, letter: AnyLetter, reason: str) -> None:
    letter.failure = reason
