"""Keeps a mail: as the answer it is proven to be, else as a report of its own. None is taken twice.

What a mail says of itself proves nothing. It goes to a report only if it answers a Message-ID of ours, which cannot
be guessed, from the address to which we wrote, or bears the tag of our subject. Whatever else names a report or an
incident waits as a suggestion for a person.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from cirt.files.store import MAX_MAIL_BYTES, put_attachment
from cirt.kernel.db import insert_new
from cirt.kernel.keys import Keys
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.register import texts
from cirt.register.acknowledging.rules import Acknowledged, ReplyWay, language_of
from cirt.register.acknowledging.service import acknowledge
from cirt.register.commands import SentFile, TakeReport
from cirt.register.dialogue.keeping import MAX_MESSAGES, keep_message
from cirt.register.dialogue.models import (
    Channel,
    Direction,
    Message,
    MessageFile,
    MessageKind,
    MessageState,
)
from cirt.register.intake import MAX_TEXT_BYTES, take_report
from cirt.register.linking.whereabouts import red_around
from cirt.register.mail.claims import Why
from cirt.register.mail.kinds import MailKind
from cirt.register.mail.models import MailOutcome, ReceivedMail
from cirt.register.mail.opening import OpenedMail
from cirt.register.mail.parse import Mail
from cirt.register.mail.tokens import proven_by, without_tag
from cirt.register.models import Incident, Lane, Report, ReportSource, ReportState

Claims = dict[str, Why]  # by reference, what is nearest first

_NOT_PERSONS = (MailKind.REPLY, MailKind.BOUNCE)


@dataclass(frozen=True, slots=True)
class MailWay:
    """How a mail came: where it lies, what the operator set for that mailbox, and how it can be answered."""

    origin: str
    lane: Lane | None = None
    tlp: Tlp = Tlp.AMBER
    reply: ReplyWay | None = None  # None where no mail is sent


def take_mail(work: Work, keys: Keys, opened: OpenedMail, way: MailWay) -> MailOutcome | None:
    """What became of it; None if it had come before."""
    entry_id = _entered(work, opened.mail, way)
    if entry_id is None:
        return None
    entry = work.session.get_one(ReceivedMail, entry_id)
    mail = opened.mail
    sent = _sent_by_us(work, mail)
    report, claims = _answered(work, keys, mail, sent)
    acknowledged = Acknowledged.OFF
    if mail.kind in _NOT_PERSONS:
        _take_automatic(work, entry, opened, sent, report)
    elif report is not None:
        entry.outcome, entry.report_id = MailOutcome.ANSWER, report.id
        _keep_answer(work, report, opened)
    else:
        kept, code = _keep_report(work, opened, way, claims)
        entry.report_id = kept.id
        if way.reply is not None:
            acknowledged = acknowledge(work, keys, mail, kept, code, way.reply)
    facts = {"outcome": entry.outcome, "kind": mail.kind, "acknowledged": acknowledged}
    work.audit("mail.take", way.origin[:200], **facts)
    return entry.outcome


def _entered(work: Work, mail: Mail, way: MailWay) -> int | None:
    """Its line in the ledger; None if it has one, also by a transaction at work."""
    values = {
        "digest": mail.digest,
        "message_id": _stored(mail.message_id, 300),
        "outcome": MailOutcome.REPORT,
        "origin": _stored(way.origin, 300),
        "sender": "",
        "subject": "",
        "taken_at": work.now,
    }
    connection = work.session.connection()
    insert = insert_new(connection, ReceivedMail, "digest").values(**values)
    return connection.execute(insert.returning(ReceivedMail.id)).scalar_one_or_none()


def _sent_by_us(work: Work, mail: Mail) -> Message | None:
    """The last of our letters that this answers, or that came back with it."""
    ids = {*mail.references, *(mail.returned if mail.kind is MailKind.BOUNCE else ())}
    query = (
        sa.select(Message)
        .where(Message.message_id.in_(ids), Message.direction == Direction.OUT)
        .order_by(Message.id.desc())
    )
    return work.session.scalars(query.limit(1)).one_or_none() if ids else None


def _answered(
    work: Work, keys: Keys, mail: Mail, sent: Message | None
) -> tuple[Report | None, Claims]:
    """The report whose answer this is proven to be, and what else it only names."""
    claims: Claims = {**_of_letter(work, sent), **dict.fromkeys(mail.claims, Why.NAMED)}
    proven = proven_by(keys, mail.subject)
    condition = Report.reference == proven
    if not proven:
        if sent is None or sent.report_id is None:
            return None, claims
        condition = Report.id == sent.report_id
    report = work.session.scalars(
        sa.select(Report).where(condition).with_for_update()
    ).one_or_none()
    if report is None:
        return None, claims
    same_sender = sent is not None and mail.sender == sent.recipient.casefold()
    against = _against(work, report) if proven or same_sender else Why.SENDER
    if against is not None:
        return None, {
            report.reference: against,
            **{k: v for k, v in claims.items() if k != report.reference},
        }
    return report, claims


def _of_letter(work: Work, sent: Message | None) -> Claims:
    """A letter that was written in an incident to somebody who had reported nothing."""
    if sent is None or sent.report_id is not None or sent.incident_id is None:
        return {}
    return {work.session.get_one(Incident, sent.incident_id).reference: Why.LETTER}


def _against(work: Work, report: Report) -> Why | None:
    """A rejected report is read by nobody, so what answers it is a report of its own."""
    if report.state is ReportState.REJECTED:
        return Why.REJECTED
    came = sa.select(sa.func.count()).where(
        Message.report_id == report.id, Message.direction == Direction.IN
    )
    return Why.FULL if (work.session.scalar(came) or 0) >= MAX_MESSAGES else None


def _take_automatic(
    work: Work, entry: ReceivedMail, opened: OpenedMail, sent: Message | None, report: Report | None
) -> None:
    """It opens nothing and answers nothing: a bounce is told at the letter, a reply only shown there."""
    mail = opened.mail
    entry.outcome = MailOutcome.AUTOMATIC
    if mail.kind is MailKind.BOUNCE and sent is not None:
        entry.outcome, entry.report_id = MailOutcome.BOUNCE, sent.report_id
        sent.state, sent.failure = MessageState.FAILED, _stored(mail.status or mail.subject, 300)
        work.audit("message.bounce", f"message-{sent.id}")
    elif report is not None and mail.kind is MailKind.REPLY:
        entry.report_id = report.id
        message = _message(report, opened)
        message.text = texts.storable(_text(mail)[:10_000])
        message.at = message.read_at = work.now
        work.session.add(message)
        work.session.flush()
    else:
        entry.sender, entry.subject = _stored(mail.sender, 254), _stored(mail.subject, 200)


def _keep_answer(work: Work, report: Report, opened: OpenedMail) -> Message:
    mail = opened.mail
    files = [SentFile(file.name, file.media_type, file.body) for file in mail.files]
    message = keep_message(work, _message(report, opened), _text(mail), files)
    owner = next(iter(red_around(work, report)), report.reference)
    kept = _keep_whole(work, owner, opened)
    work.session.add(MessageFile(attachment_id=kept, message_id=message.id))
    return message


def _message(report: Report, opened: OpenedMail) -> Message:
    mail = opened.mail
    return Message(
        report_id=report.id,
        direction=Direction.IN,
        channel=Channel.MAIL,
        kind=MessageKind.ANSWER,
        subject=texts.one_line(without_tag(mail.subject), 200),
        sender=_stored(mail.sender or mail.sender_name, 254),
        message_id=_stored(mail.message_id, 300) or None,
        in_reply_to=_stored(mail.references[0], 300) if mail.references else None,
        headers=_headers(opened, {}),
    )


def _keep_report(
    work: Work, opened: OpenedMail, way: MailWay, claims: Claims
) -> tuple[Report, str]:
    """With its follow-up code. What was not there for certain does not raise or lower anything: TLP:RED by mail names no person of ours."""
    mail = opened.mail
    claims = {**claims, **_of_thread(work, mail, claims), **_of_twins(work, mail)}
    tlp = Tlp.AMBER_STRICT if mail.tlp is Tlp.RED else mail.tlp or way.tlp
    command = TakeReport(
        text=_text(mail),
        reporter=texts.one_line(mail.sender_name, 200),
        contact=mail.sender,
        tlp=tlp,
        source=ReportSource.MAIL,
        language=language_of(mail),
        headers=_headers(opened, claims),
    )
    report, code = take_report(work, command)
    report.title = texts.one_line(mail.subject, 120) or report.title
    report.lane = Lane.SPAM if mail.is_spam else way.lane
    _keep_whole(work, report.reference, opened)
    for file in mail.files:
        put_attachment(work, report.reference, file.name, file.media_type, file.body)
    return report, code


def _of_thread(work: Work, mail: Mail, claims: Claims) -> Claims:
    """Reports whose mails this one answers: somebody who read them writes to us as well."""
    found = _that_came_as(work, mail.references)
    return {one: Why.THREAD for one in found if one not in claims}


def _of_twins(work: Work, mail: Mail) -> Claims:
    """Reports whose mail had the same Message-ID and said something else: one of the two may be forged."""
    return dict.fromkeys(_that_came_as(work, [mail.message_id]), Why.TWIN)


def _that_came_as(work: Work, message_ids: Iterable[str]) -> list[str]:
    ids = [_stored(one, 300) for one in message_ids if one]
    query = (
        sa.select(Report.reference)
        .where(
            Report.id.in_(sa.select(ReceivedMail.report_id).where(ReceivedMail.message_id.in_(ids)))
        )
        .order_by(Report.id)
    )
    return list(work.session.scalars(query.limit(3))) if ids else []


def _keep_whole(work: Work, owner: str, opened: OpenedMail) -> int:
    """The mail exactly as it came."""
    name, media_type = "mail.eml", "message/rfc822"
    if not opened.is_whole:
        name, media_type = "mail-headers.txt", "text/rfc822-headers"
    kept = put_attachment(
        work, owner, name, media_type, opened.raw, max_bytes=MAX_MAIL_BYTES + 1024
    )
    return kept.id


def _text(mail: Mail) -> str:
    """What the register holds at most; the whole stands in the mail as it came."""
    text = mail.text.strip() or texts.one_line(mail.subject, 200) or "—"
    room = MAX_TEXT_BYTES - 4
    return text.encode("utf-8", "surrogatepass")[:room].decode("utf-8", "ignore") or "—"


def _headers(opened: OpenedMail, claims: Claims) -> dict[str, Any]:
    """The fields as they stand, and what we made of them; ``claims`` are unproven."""
    mail, pgp = opened.mail, opened.pgp
    return {
        "fields": [[texts.storable(name), texts.storable(value)] for name, value in mail.fields],
        "mail": {
            "kind": mail.kind,
            "to": list(map(texts.storable, mail.recipients)),
            "message_id": texts.storable(mail.message_id),
            "claims": list(claims),
            "why": claims,
            "red": mail.tlp is Tlp.RED,
            "spam": mail.is_spam,
            "attached": mail.attached,
            "left_out": mail.left_out,
            "whole": opened.is_whole,
            "pgp": {
                "encrypted": pgp.was_encrypted,
                "opened": pgp.was_opened,
                "signature": pgp.signature,
                "fingerprint": pgp.fingerprint,
                "problem": pgp.problem,
            },
        },
    }


def _stored(text: str, limit: int) -> str:
    return texts.one_line(texts.storable(text), limit)
