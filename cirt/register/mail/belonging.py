"""Where a mail belongs: to the report whose answer it is proven to be, or nowhere but with what it merely names.

What a mail says of itself proves nothing. It goes to a report only if it answers a Message-ID of ours, which cannot
be guessed, from the address to which we wrote, or bears the tag of our subject. Whatever else names a report or an
incident waits as a suggestion for a person.
"""

from collections.abc import Iterable

import sqlalchemy as sa

from cirt.kernel.keys import Keys
from cirt.kernel.work import Work
from cirt.register.dialogue.keeping import MAX_MESSAGES
from cirt.register.dialogue.models import Direction, Message
from cirt.register.mail.claims import Why
from cirt.register.mail.kinds import MailKind
from cirt.register.mail.ledger import fitting
from cirt.register.mail.models import ReceivedMail
from cirt.register.mail.parse import Mail
from cirt.register.mail.tokens import proven_by
from cirt.register.models import Incident, Report, ReportState

Claims = dict[str, Why]  # by reference, what is nearest first


def sent_by_us(work: Work, mail: Mail) -> Message | None:
    """The last of our letters that this answers, or that came back with it."""
    ids = {*mail.references, *(mail.returned if mail.kind is MailKind.BOUNCE else ())}
    query = (
        sa.select(Message)
        .where(Message.message_id.in_(ids), Message.direction == Direction.OUT)
        .order_by(Message.id.desc())
    )
    return work.session.scalars(query.limit(1)).one_or_none() if ids else None


def answered(
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


def claims_of_report(work: Work, mail: Mail, claims: Claims) -> Claims:
    """Of a mail that is a report of its own: what it names, and the reports whose mails are near to it."""
    return {**claims, **_of_thread(work, mail, claims), **_of_twins(work, mail)}


def _of_thread(work: Work, mail: Mail, claims: Claims) -> Claims:
    """Reports whose mails this one answers: somebody who read them writes to us as well."""
    found = _that_came_as(work, mail.references)
    return {one: Why.THREAD for one in found if one not in claims}


def _of_twins(work: Work, mail: Mail) -> Claims:
    """Reports whose mail had the same Message-ID and said something else: one of the two may be forged."""
    return dict.fromkeys(_that_came_as(work, [mail.message_id]), Why.TWIN)


def _that_came_as(work: Work, message_ids: Iterable[str]) -> list[str]:
    ids = [fitting(one, 300) for one in message_ids if one]
    query = (
        sa.select(Report.reference)
        .where(
            Report.id.in_(sa.select(ReceivedMail.report_id).where(ReceivedMail.message_id.in_(ids)))
        )
        .order_by(Report.id)
    )
    return list(work.session.scalars(query.limit(3))) if ids else []
