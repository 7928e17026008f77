"""Which mails broke what reads them, for whoever looks after the mailboxes; nothing of what they say."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from cirt.kernel.work import Work
from cirt.register.mail.models import MailOutcome, ReceivedMail, SetAsideMail

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class BrokenMail:
    """``next_try_at`` is None where it became a report."""

    at: datetime
    origin: str
    fault: str
    next_try_at: datetime | None


def broken_mails(work: Work) -> list[BrokenMail]:
    """Those set aside first, then the newest."""
    is_aside = ReceivedMail.outcome == MailOutcome.SET_ASIDE
    query = (
        sa.select(ReceivedMail, SetAsideMail.next_try_at)
        .outerjoin(SetAsideMail, SetAsideMail.received_id == ReceivedMail.id)
        .where(ReceivedMail.fault != sa.literal_column("''"))
        .order_by(sa.desc(is_aside), ReceivedMail.id.desc())
        .limit(_SHOWN)
    )
    return [
        BrokenMail(row.taken_at, row.origin, row.fault, next_try_at)
        for row, next_try_at in work.session.execute(query)
    ]


def set_aside_counts(work: Work) -> dict[str, int]:
    """By source."""
    query = sa.select(SetAsideMail.source, sa.func.count().label("of_it")).group_by(
        SetAsideMail.source
    )
    return {row.source: row.of_it for row in work.session.execute(query)}
