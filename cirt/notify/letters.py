"""Messages to reporters on their way by mail. Each gets its Message-ID when it is queued."""

import logging
from functools import partial
from typing import Any

import sqlalchemy as sa

from cirt.kernel.keys import SecretUnreadable
from cirt.kernel.program import Program
from cirt.kernel.text import mark
from cirt.kernel.work import SYSTEM, Work
from cirt.notify import outbox
from cirt.notify.models import Letter
from cirt.notify.outbox import GIVE_UP, PER_RUN, Kind, Stays, Try, Writing
from cirt.notify.writing import Envelope, mail_of, new_message_id
from cirt.parties.models import Ourselves
from cirt.register.acknowledging.service import forget_code, text_to_send
from cirt.register.dialogue.keeping import mail_address
from cirt.register.dialogue.models import Direction, Message, MessageKind, MessageState
from cirt.register.linking.whereabouts import concerns
from cirt.register.mail.tokens import subject_tag
from cirt.register.models import Incident, Report
from cirt.sharing.letters import ReleasedLetter, release_letter

JOB = "mail.send"
IN_CONFIDENCE = mark(
    "Their mail came encrypted and we have no key of theirs, so the program does not write to them in the clear."
)
NO_ADDRESS = mark("No mail can be sent to {address}: it is not written like a mail address.")
TOO_OLD = mark("Mail was not set up when this was written. It stands on the follow-up page.")


def send_due(program: Program) -> int:
    """Send what waits; how many went. Without a mail server everything waits."""
    if program.settings.smtp_host:
        with program.work(SYSTEM) as work:
            _queue_written(work, program.settings.mail_from)
    return outbox.send_due(program, _KIND)


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
        .limit(PER_RUN)
        .with_for_update(skip_locked=True)
    )
    for message in work.session.scalars(query):
        if work.now - message.at > GIVE_UP:
            message.state, message.failure = MessageState.FAILED, TOO_OLD
            forget_code(message)
            continue
        message.state = MessageState.QUEUED
        message.message_id = new_message_id(from_address)
        work.session.add(Letter(message_id=message.id, next_try_at=work.now, tries=0, error=""))


def _make(work: Work, this: Try) -> Writing | Stays:
    message = work.session.get_one(Message, this.row_id)
    report = _report(work, message)
    if not mail_address(message.recipient):  # one kept before the rule was this strict
        return Stays(NO_ADDRESS.format(address=message.recipient))
    if _is_in_confidence(report, message) and not this.fingerprint:
        return Stays(IN_CONFIDENCE)
    subjects = _subjects(work, message)
    try:
        said = text_to_send(this.program.keys, message)
    except SecretUnreadable as error:
        return Stays(str(error))
    text = f"{said}\n\n-- \n{_signature(work, subjects[0])}\n"
    released = release_letter(work, subjects, message.recipient, text, fingerprint=this.fingerprint)
    envelope = _envelope(this.program, work, message, released)
    return partial(mail_of, released, envelope, this.gpg)


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


def _envelope(program: Program, work: Work, message: Message, released: ReleasedLetter) -> Envelope:
    """Of one that is encrypted, the subject says nothing."""
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


def _is_over(work: Work, letter: Letter) -> bool:
    return work.now - work.session.get_one(Message, letter.message_id).at > GIVE_UP


def _sent(work: Work, message_id: int) -> None:
    message = work.session.get_one(Message, message_id)
    message.sent_at = work.now
    _end(work, message, MessageState.SENT, "")
    work.audit("letter.sent", f"message-{message_id}")


def _put_off(work: Work, letter: Letter, reason: str) -> None:
    letter.error = reason
    message = work.session.get_one(Message, letter.message_id)
    message.failure = reason  # still queued: shown while we go on trying


def _failed(work: Work, message_id: int, reason: str) -> None:
    _end(work, work.session.get_one(Message, message_id), MessageState.FAILED, reason)
    work.audit("letter.failed", f"message-{message_id}")


def _end(work: Work, message: Message, state: MessageState, failure: str) -> None:
    message.state, message.failure = state, failure
    forget_code(message)
    work.session.execute(sa.delete(Letter).where(Letter.message_id == message.id))


_KIND = Kind(
    log=logging.getLogger("cirt.letter"),
    event="letter",
    logged_as="letter",
    model=Letter,
    key=Letter.message_id,
    due_at=Letter.next_try_at,
    address=lambda work, message_id: work.session.get_one(Message, message_id).recipient,
    make=_make,
    is_over=_is_over,
    sent=_sent,
    put_off=_put_off,
    given_up=_failed,
    refused=_failed,
)
