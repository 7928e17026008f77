"""Messages to reporters on their way by mail: each decided by the gate, sent once as far as SMTP can, tried again.

Their Message-ID is fixed before the first try: should we not hear that the server took a letter, the second one is
told from the first by nobody but the reader's mail program, which shows one.
"""

import logging
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from cirt.kernel.gpg import Gpg, GpgFailed, find_gpg
from cirt.kernel.keys import SecretUnreadable
from cirt.kernel.program import Program
from cirt.kernel.text import mark
from cirt.kernel.work import SYSTEM, Work
from cirt.notify.models import Letter
from cirt.notify.smtp import MailNotSent, send
from cirt.notify.writing import Envelope, mail_of, new_message_id
from cirt.parties.models import Ourselves
from cirt.register.acknowledging.service import forget_code, text_to_send
from cirt.register.dialogue.keeping import mail_address
from cirt.register.dialogue.models import Direction, Message, MessageKind, MessageState
from cirt.register.linking.whereabouts import concerns
from cirt.register.mail.tokens import subject_tag
from cirt.register.models import Incident, Report
from cirt.sharing.letters import LetterWithheld, ReleasedLetter, release_letter

log = logging.getLogger("cirt.letter")

JOB = "mail.send"
_LEASE = timedelta(minutes=10)  # a try takes at most three
_WAITS = (1, 5, 15, 60, 120, 240)  # minutes; the last one again and again
_GIVE_UP = timedelta(days=2)
_PER_RUN = 100
IN_CONFIDENCE = mark(
    "Their mail came encrypted and we have no key of theirs, so the program does not write to them in the clear."
)
NO_ADDRESS = mark("No mail can be sent to {address}: it is not written like a mail address.")
TOO_OLD = mark("Mail was not set up when this was written. It stands on the follow-up page.")


def send_due(program: Program) -> int:
    """Send what waits; how many went. Without a mail server everything waits."""
    if not program.settings.smtp_host:
        return 0
    with program.work(SYSTEM) as work:
        _queue_written(work, program.settings.mail_from)
    gpg = find_gpg(program.settings)
    sent = 0
    for _ in range(_PER_RUN):
        with program.work(SYSTEM) as work:
            message_id = _claim(work)
        if message_id is None:
            break
        sent += _send_one(program, gpg, message_id)
    return sent


def _queue_written(work: Work, from_address: str) -> None:
    """What was written since the last run, each with its Message-ID for good."""
    query = (
        sa.select(Message)
        .where(
            Message.state == MessageState.WRITTEN,
            Message.recipient != "",
            Message.direction == Direction.OUT,
        )
        .order_by(Message.at, Message.id)
        .limit(_PER_RUN)
        .with_for_update(skip_locked=True)
    )
    for message in work.session.scalars(query):
        if work.now - message.at > _GIVE_UP:
            message.state, message.failure = MessageState.FAILED, TOO_OLD
            forget_code(message)
            continue
        message.state = MessageState.QUEUED
        message.message_id = new_message_id(from_address)
        work.session.add(Letter(message_id=message.id, next_try_at=work.now, tries=0, error=""))


def _claim(work: Work) -> int | None:
    """The next letter that is due; nobody else tries it for a while."""
    query = (
        sa.select(Letter)
        .where(Letter.next_try_at <= work.now)
        .order_by(Letter.next_try_at, Letter.message_id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    letter = work.session.scalars(query).one_or_none()
    if letter is None:
        return None
    letter.tries += 1
    letter.next_try_at = work.now + _LEASE
    return letter.message_id


def _send_one(program: Program, gpg: Gpg | None, message_id: int) -> bool:
    with program.work(SYSTEM, write=False) as work:
        address = work.session.get_one(Message, message_id).recipient
    key = gpg.key_for(address) if gpg else None
    with program.work(SYSTEM) as work:
        released = _release(program, work, message_id, key.fingerprint if key else "")
        envelope = _envelope(program, work, message_id, released) if released else None
    if released is None or envelope is None:
        return False
    try:
        send(program.settings, mail_of(released, envelope, gpg))
    except (MailNotSent, GpgFailed) as error:
        retry = not isinstance(error, MailNotSent) or error.retry
        with program.work(SYSTEM) as work:
            _not_sent(work, message_id, str(error), retry=retry)
        return False
    with program.work(SYSTEM) as work:
        _was_sent(work, message_id)
    return True


def _release(
    program: Program, work: Work, message_id: int, fingerprint: str
) -> ReleasedLetter | None:
    """What the gate lets go now; None if it does not, which is told at the message."""
    message = work.session.get_one(Message, message_id)
    if not mail_address(message.recipient):  # one kept before the rule was this strict
        _end(work, message, MessageState.FAILED, NO_ADDRESS.format(address=message.recipient))
        return None
    if _is_in_confidence(_report(work, message), message) and not fingerprint:
        _end(work, message, MessageState.FAILED, IN_CONFIDENCE)
        return None
    subjects = _subjects(work, message)
    try:
        said = text_to_send(program.keys, message)
        text = f"{said}\n\n-- \n{_signature(work, subjects[0])}\n"
        return release_letter(work, subjects, message.recipient, text, fingerprint=fingerprint)
    except (LetterWithheld, SecretUnreadable) as error:
        _end(work, message, MessageState.FAILED, str(error))
        return None


def _is_in_confidence(report: Report | None, message: Message) -> bool:
    """What the program writes by itself answers an encrypted mail; a person who writes decides alone."""
    pgp = _mail_of(report).get("pgp", {})
    return message.kind is MessageKind.ACKNOWLEDGEMENT and bool(pgp.get("encrypted"))


def _subjects(work: Work, message: Message) -> list[str]:
    """The report, every incident that it concerns, and the one that this was written in."""
    report = _report(work, message)
    subjects = [report.reference] if report else []
    if message.incident_id is not None:
        subjects.append(work.session.get_one(Incident, message.incident_id).reference)
    if report is not None:
        subjects += [one.reference for one in concerns(work, [report.id])[report.id]]
    return list(dict.fromkeys(subjects))


def _report(work: Work, message: Message) -> Report | None:
    return work.session.get(Report, message.report_id) if message.report_id else None


def _signature(work: Work, reference: str) -> str:
    return f"{work.session.get_one(Ourselves, 1).name}\n{reference}"


def _envelope(program: Program, work: Work, message_id: int, released: ReleasedLetter) -> Envelope:
    """Of one that is encrypted, the subject says nothing."""
    message = work.session.get_one(Message, message_id)
    report = _report(work, message)
    name = work.session.get_one(Ourselves, 1).name
    earlier = _earlier(work, message, report)
    subject = "" if released.fingerprint else message.subject or _subject(report)
    subject = subject or name
    if report is not None:
        subject = f"{subject} {subject_tag(program.keys, report.reference)}"
    return Envelope(
        from_name=name,
        from_address=program.settings.mail_from,
        subject=subject,
        message_id=message.message_id or "",
        at=message.at,
        answers=earlier,
        is_automatic=message.kind is MessageKind.ACKNOWLEDGEMENT,
    )


def _subject(report: Report | None) -> str:
    """Of the mail that it answers, unless that was encrypted; of others the title may say too much."""
    mail = _mail_of(report)
    was_open = mail and not mail.get("pgp", {}).get("encrypted")
    return f"Re: {report.title}" if report and was_open else ""


def _earlier(work: Work, message: Message, report: Report | None) -> tuple[str, ...]:
    """Message-IDs of the thread before it, the mail that began it first, ten at most."""
    first = str(_mail_of(report).get("message_id", ""))
    query = (
        sa.select(Message.message_id)
        .where(
            Message.report_id == message.report_id,
            Message.message_id.is_not(None),
            Message.id < message.id,
        )
        .order_by(Message.id.desc())
        .limit(9)
    )
    later = [one for one in work.session.scalars(query) if one]
    return tuple(one for one in (first, *reversed(later)) if one)


def _mail_of(report: Report | None) -> dict[str, Any]:
    """What was read out of the mail that a report came as; empty where it came on another way."""
    found: dict[str, Any] = (report.headers.get("mail") or {}) if report else {}
    return found


def _was_sent(work: Work, message_id: int) -> None:
    message = work.session.get_one(Message, message_id)
    message.sent_at = work.now
    _end(work, message, MessageState.SENT, "")
    work.audit("letter.sent", f"message-{message_id}")
    log.info("letter.sent", extra={"letter": message_id})


def _not_sent(work: Work, message_id: int, reason: str, *, retry: bool) -> None:
    message, letter = (
        work.session.get_one(Message, message_id),
        work.session.get(Letter, message_id),
    )
    log.warning("letter.not-sent", extra={"letter": message_id, "retry": retry})
    if letter is None or not retry or work.now - message.at > _GIVE_UP:
        _end(work, message, MessageState.FAILED, reason)
        return
    wait = _WAITS[min(letter.tries, len(_WAITS)) - 1]
    letter.next_try_at, letter.error = work.now + timedelta(minutes=wait), reason
    message.failure = reason  # still queued: shown while we go on trying


def _end(work: Work, message: Message, state: MessageState, failure: str) -> None:
    message.state, message.failure = state, failure
    forget_code(message)
    work.session.execute(sa.delete(Letter).where(Letter.message_id == message.id))
    if state is MessageState.FAILED:
        work.audit("letter.failed", f"message-{message.id}")
