"""Notices to leads by mail: an agreement ends soon, a link needs somebody. Each gets its Message-ID when it is written."""

import logging
from collections.abc import Sequence
from email.message import EmailMessage
from functools import partial

import sqlalchemy as sa

from cirt.exchange.watching.models import LineAlert
from cirt.exchange.watching.rules import ALERT_STEPS, ALERT_WORDS, in_english
from cirt.kernel.gpg import Gpg
from cirt.kernel.program import Program
from cirt.kernel.text import mark
from cirt.kernel.work import SYSTEM, Work
from cirt.notify import outbox
from cirt.notify.models import Notice
from cirt.notify.outbox import GIVE_UP, Kind, Try, Writing
from cirt.notify.writing import Envelope, mail_of, new_message_id
from cirt.parties.models import Account, Ourselves, RoleGrant
from cirt.parties.roles import roles_with
from cirt.sharing.agreements.expiry import NearEnd, take_due_warnings
from cirt.sharing.letters import ReleasedLetter, release_letter

WARN_JOB = "agreements.warn"
SEND_JOB = "notices.send"

ENDS_TITLE = mark("{reference} with {peer} ends on {day}")
ENDS_TEXT = mark(
    "{reference} with {peer} ends on {day} at {clock} UTC, in {days} days. From that minute on nothing is "
    "given to them and nothing of theirs is taken.\n\nRenew it or let it end:\n{address}\n"
)

ALERT_TITLE = mark("Sync: look at {name}")
ALERT_TEXT = mark(
    "{name}\n\n{what} {step}\n\nThis is told once. Look at it, or say that it is expected:\n{address}\n"
)


def warn_of_ends(program: Program) -> int:
    """Write to everybody who may change agreements about ends that came near; how many notices."""
    with program.work(SYSTEM) as work:
        due = take_due_warnings(work)
        addresses = _addresses(work, "agreement:write") if due else []
        for end in due:
            _write(program, work, end, addresses)
    return len(due) * len(addresses)


def send_due(program: Program) -> int:
    """Send what waits; how many went. Without a mail server everything waits."""
    return outbox.send_due(program, _KIND)


def _addresses(work: Work, permission: str) -> Sequence[str]:
    query = (
        sa.select(Account.email)
        .join(RoleGrant, RoleGrant.account_id == Account.id)
        .where(Account.disabled_at.is_(None), RoleGrant.role.in_(roles_with(permission)))
        .distinct()
        .order_by(Account.email)
    )
    return work.session.scalars(query).all()


def tell_of_alerts(program: Program, work: Work, alerts: Sequence[LineAlert]) -> None:
    """To everybody who may run links, in the transaction that raised them."""
    for alert in alerts:
        values = {
            "name": alert.name,
            "what": ALERT_WORDS[alert.kind].format(**in_english(alert.values)),
            "step": ALERT_STEPS[alert.kind],
            "address": f"{program.settings.base_url.rstrip('/')}/sync",
        }
        title, text = ALERT_TITLE.format(**values), ALERT_TEXT.format(**values)
        _put(program, work, str(alert.reference), title, text, _addresses(work, "sync:run"))


def _write(program: Program, work: Work, end: NearEnd, addresses: Sequence[str]) -> None:
    values = {
        "reference": end.reference,
        "peer": end.peer,
        "day": f"{end.valid_until:%Y-%m-%d}",
        "clock": f"{end.valid_until:%H:%M}",
        "days": end.days_left,
        "address": f"{program.settings.base_url.rstrip('/')}/agreements/{end.reference}",
    }
    title, text = ENDS_TITLE.format(**values), ENDS_TEXT.format(**values)
    _put(program, work, end.reference, title, text, addresses)


def _put(
    program: Program, work: Work, subject: str, title: str, text: str, addresses: Sequence[str]
) -> None:
    work.session.add_all(
        Notice(
            subject=subject,
            address=address,
            title=title[:200],
            text=text,
            message_id=new_message_id(program.settings.mail_from),
            written_at=work.now,
            next_try_at=work.now,
        )
        for address in addresses
    )


def _make(work: Work, this: Try) -> Writing:
    notice = work.session.get_one(Notice, this.row_id)
    released = release_letter(
        work, [notice.subject], notice.address, notice.text, fingerprint=this.fingerprint
    )
    name = work.session.get_one(Ourselves, 1).name
    envelope = Envelope(
        from_name=name,
        from_address=this.program.settings.mail_from,
        subject=name if released.fingerprint else notice.title,  # it would stand in the clear
        message_id=notice.message_id,
        at=notice.written_at,
    )
    return partial(_mail, released, envelope, this.gpg)


def _mail(released: ReleasedLetter, envelope: Envelope, gpg: Gpg | None) -> EmailMessage:
    """
    Raises:
        GpgFailed.
    """
    mail = mail_of(released, envelope, gpg)
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no program answers it
    return mail


def _put_off(work: Work, notice: Notice, reason: str) -> None:
    notice.error = reason


def _end(work: Work, notice_id: int, act: str) -> None:
    notice = work.session.get_one(Notice, notice_id)
    work.audit(act, notice.subject, notice=notice_id)
    work.session.execute(sa.delete(Notice).where(Notice.id == notice_id))


_KIND = Kind(
    log=logging.getLogger("cirt.notice"),
    event="notice",
    logged_as="notice",
    model=Notice,
    key=Notice.id,
    due_at=Notice.next_try_at,
    address=lambda work, notice_id: work.session.get_one(Notice, notice_id).address,
    make=_make,
    is_over=lambda work, notice: work.now - notice.written_at > GIVE_UP,
    sent=lambda work, notice_id: _end(work, notice_id, "notice.sent"),
    put_off=_put_off,
    given_up=lambda work, notice_id, _reason: _end(work, notice_id, "notice.failed"),
    refused=lambda work, notice_id, _reason: _end(work, notice_id, "notice.withheld"),
)
