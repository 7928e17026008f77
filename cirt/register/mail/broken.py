"""A mail that breaks what reads it: kept as it came, as a report of its bare text, or set aside with its bytes.

Nothing is read out of it, so nothing it says counts: no sender is written to, no report is found for it.
"""

import re
from dataclasses import dataclass, field
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import undefer

from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.register import texts
from cirt.register.commands import TakeReport
from cirt.register.intake import take_report
from cirt.register.mail.keeping import keep_whole
from cirt.register.mail.ledger import MailWay, bytes_digest, enter, fitting
from cirt.register.mail.models import MailOutcome, ReceivedMail, SetAsideMail
from cirt.register.models import ReportSource

BARE = "A mail that could not be read here. The file mail.eml is the mail as it came."
_SHOWN_BYTES = 100_000
_SUBJECT = re.compile(r"^Subject:(.{1,500})$", re.IGNORECASE | re.MULTILINE)
_AGAIN = timedelta(days=1)  # what breaks a mail is mended by a new release, seldom by waiting
_LEASE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class BareMail:
    """Its bytes and how they came. ``source`` is the connector's table; with ``aside_id`` it was set aside before."""

    raw: bytes = field(repr=False)
    is_whole: bool
    source: str
    way: MailWay
    aside_id: int | None = None


def keep_bare(
    work: Work, mail: BareMail, digest: str, fault: str, *, with_text: bool
) -> MailOutcome | None:
    """As a report; None if it had come before. Its marking is not known, so it gets the strictest but for RED.

    ``digest`` is of what its writer made of it, or empty where that could not be read.
    """
    entry = enter(work, mail.raw, digest or bytes_digest(mail.raw), "", mail.way)
    if entry is None:
        return None
    shown = mail.raw[:_SHOWN_BYTES].decode("utf-8", "replace") if with_text else ""
    subject = _SUBJECT.search(shown)
    command = TakeReport(
        text=shown if shown.strip() else BARE,
        tlp=Tlp.AMBER_STRICT,
        source=ReportSource.MAIL,
        headers={"mail": {"whole": mail.is_whole, "broken": fault}},
    )
    report, _ = take_report(work, command)
    report.title = texts.one_line(texts.storable(subject[1]), 120) if subject else report.title
    report.lane = mail.way.lane
    keep_whole(work, report.reference, mail.raw, is_whole=mail.is_whole)
    entry.report_id, entry.fault = report.id, fault
    work.audit("mail.broken", fitting(mail.way.origin, 200), outcome=entry.outcome, fault=fault)
    return entry.outcome


def set_aside(work: Work, mail: BareMail, digest: str, fault: str) -> MailOutcome | None:
    """Its bytes wait here for a later try; None if it had come before."""
    entry = enter(work, mail.raw, digest or bytes_digest(mail.raw), "", mail.way)
    if entry is None:
        return None
    entry.outcome, entry.fault = MailOutcome.SET_ASIDE, fault
    aside = SetAsideMail(
        received_id=entry.id,
        source=mail.source,
        is_whole=mail.is_whole,
        body=mail.raw,
        tries=1,
        next_try_at=work.now + _AGAIN,
    )
    work.session.add(aside)
    work.session.flush()
    work.audit("mail.broken", fitting(mail.way.origin, 200), outcome=entry.outcome, fault=fault)
    return entry.outcome


def claim_aside(work: Work, source: str) -> tuple[SetAsideMail, ReceivedMail] | None:
    """The next of this source that is due, for one try; nobody else tries it meanwhile."""
    query = (
        sa.select(SetAsideMail)
        .where(SetAsideMail.source == source, SetAsideMail.next_try_at <= work.now)
        .order_by(SetAsideMail.next_try_at, SetAsideMail.received_id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .options(undefer(SetAsideMail.body))
    )
    aside = work.session.scalars(query).one_or_none()
    if aside is None:
        return None
    aside.next_try_at, aside.tries = work.now + _LEASE, aside.tries + 1
    return aside, work.session.get_one(ReceivedMail, aside.received_id)


def put_off(work: Work, aside_id: int, fault: str) -> None:
    """It broke again."""
    aside = work.session.get(SetAsideMail, aside_id)
    if aside is not None:
        aside.next_try_at = work.now + _AGAIN
        work.session.get_one(ReceivedMail, aside_id).fault = fault


def take_back(work: Work, aside_id: int) -> bool:
    """It is set aside no longer, if it still was: what the same transaction makes of it takes its place."""
    gone = sa.delete(SetAsideMail).where(SetAsideMail.received_id == aside_id)
    if not work.session.execute(gone.returning(SetAsideMail.received_id)).all():
        return False
    work.session.execute(sa.delete(ReceivedMail).where(ReceivedMail.id == aside_id))
    return True
