"""Takes a mail: as the answer it is proven to be, else as a report of its own. None is taken twice."""

from cirt.kernel.keys import Keys
from cirt.kernel.work import Work
from cirt.register.acknowledging.rules import Acknowledged
from cirt.register.acknowledging.service import acknowledge
from cirt.register.mail.answers import keep_answer
from cirt.register.mail.automatic import NOT_PERSONS, take_automatic
from cirt.register.mail.belonging import answered, sent_by_us
from cirt.register.mail.ledger import MailWay, enter, fitting
from cirt.register.mail.models import MailOutcome
from cirt.register.mail.opening import OpenedMail
from cirt.register.mail.reports import keep_report

__all__ = ["MailWay", "take_mail"]


def take_mail(work: Work, keys: Keys, opened: OpenedMail, way: MailWay) -> MailOutcome | None:
    """What became of it; None if it had come before."""
    mail = opened.mail
    entry = enter(work, opened.raw, mail.digest, mail.message_id, way)
    if entry is None:
        return None
    sent = sent_by_us(work, mail)
    report, claims = answered(work, keys, mail, sent)
    acknowledged = Acknowledged.OFF
    if mail.kind in NOT_PERSONS:
        take_automatic(work, entry, opened, sent, report)
    elif report is not None:
        entry.outcome, entry.report_id = MailOutcome.ANSWER, report.id
        keep_answer(work, report, opened)
    else:
        kept, code = keep_report(work, opened, way, claims)
        entry.report_id = kept.id
        if way.reply is not None:
            acknowledged = acknowledge(work, keys, mail, kept, code, way.reply)
    facts = {"outcome": entry.outcome, "kind": mail.kind, "acknowledged": acknowledged}
    work.audit("mail.take", fitting(way.origin, 200), **facts)
    return entry.outcome
