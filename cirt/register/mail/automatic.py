"""Mails that no person wrote: automatic replies, and letters of ours that came back."""

from cirt.kernel.work import Work
from cirt.register import texts
from cirt.register.dialogue.models import Message, MessageState
from cirt.register.mail.answers import message_of
from cirt.register.mail.keeping import text_of
from cirt.register.mail.kinds import MailKind
from cirt.register.mail.ledger import fitting
from cirt.register.mail.models import MailOutcome, ReceivedMail
from cirt.register.mail.opening import OpenedMail
from cirt.register.models import Report

NOT_PERSONS = (MailKind.REPLY, MailKind.BOUNCE)


def take_automatic(
    work: Work, entry: ReceivedMail, opened: OpenedMail, sent: Message | None, report: Report | None
) -> None:
    """It opens nothing and answers nothing: a bounce is told at the letter, a reply only shown there."""
    mail = opened.mail
    entry.outcome = MailOutcome.AUTOMATIC
    if mail.kind is MailKind.BOUNCE and sent is not None:
        entry.outcome, entry.report_id = MailOutcome.BOUNCE, sent.report_id
        sent.state, sent.failure = MessageState.FAILED, fitting(mail.status or mail.subject, 300)
        work.audit("message.bounce", f"message-{sent.id}")
    elif report is not None and mail.kind is MailKind.REPLY:
        entry.report_id = report.id
        message = message_of(report, opened)
        message.text = texts.storable(text_of(mail)[:10_000])
        message.at = message.read_at = work.now
        work.session.add(message)
        work.session.flush()
    else:
        entry.sender, entry.subject = fitting(mail.sender, 254), fitting(mail.subject, 200)
