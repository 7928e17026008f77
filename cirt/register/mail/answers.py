"""The answer of a reporter by mail, in the dialogue of its report."""

from cirt.kernel.work import Work
from cirt.register import texts
from cirt.register.commands import SentFile
from cirt.register.dialogue.keeping import keep_message
from cirt.register.dialogue.models import Channel, Direction, Message, MessageFile, MessageKind
from cirt.register.linking.whereabouts import red_around
from cirt.register.mail.keeping import headers_of, keep_whole, text_of
from cirt.register.mail.ledger import fitting
from cirt.register.mail.opening import OpenedMail
from cirt.register.mail.tokens import without_tag
from cirt.register.models import Report


def keep_answer(work: Work, report: Report, opened: OpenedMail) -> Message:
    mail = opened.mail
    files = [SentFile(file.name, file.media_type, file.body) for file in mail.files]
    message = keep_message(work, message_of(report, opened), text_of(mail), files)
    owner = next(iter(red_around(work, report)), report.reference)
    kept = keep_whole(work, owner, opened.raw, is_whole=opened.is_whole)
    work.session.add(MessageFile(attachment_id=kept, message_id=message.id))
    return message


def message_of(report: Report, opened: OpenedMail) -> Message:
    mail = opened.mail
    return Message(
        report_id=report.id,
        direction=Direction.IN,
        channel=Channel.MAIL,
        kind=MessageKind.ANSWER,
        subject=texts.one_line(without_tag(mail.subject), 200),
        sender=fitting(mail.sender or mail.sender_name, 254),
        message_id=fitting(mail.message_id, 300) or None,
        in_reply_to=fitting(mail.references[0], 300) if mail.references else None,
        headers=headers_of(opened, {}),
    )
