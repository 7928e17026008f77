"""A mail that becomes a report of its own."""

from cirt.files.store import put_attachment
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.register import texts
from cirt.register.acknowledging.rules import language_of
from cirt.register.commands import TakeReport
from cirt.register.intake import take_report
from cirt.register.mail.belonging import Claims, claims_of_report
from cirt.register.mail.keeping import headers_of, keep_whole, text_of
from cirt.register.mail.ledger import MailWay
from cirt.register.mail.opening import OpenedMail
from cirt.register.models import Lane, Report, ReportSource


def keep_report(work: Work, opened: OpenedMail, way: MailWay, claims: Claims) -> tuple[Report, str]:
    """With its follow-up code. What was not there for certain does not raise or lower anything: TLP:RED by mail names no person of ours."""
    mail = opened.mail
    claims = claims_of_report(work, mail, claims)
    tlp = Tlp.AMBER_STRICT if mail.tlp is Tlp.RED else mail.tlp or way.tlp
    command = TakeReport(
        text=text_of(mail),
        reporter=texts.one_line(mail.sender_name, 200),
        contact=mail.sender,
        tlp=tlp,
        source=ReportSource.MAIL,
        language=language_of(mail),
        headers=headers_of(opened, claims),
    )
    report, code = take_report(work, command)
    report.title = texts.one_line(mail.subject, 120) or report.title
    report.lane = Lane.SPAM if mail.is_spam else way.lane
    keep_whole(work, report.reference, opened.raw, is_whole=opened.is_whole)
    for file in mail.files:
        put_attachment(work, report.reference, file.name, file.media_type, file.body)
    return report, code
