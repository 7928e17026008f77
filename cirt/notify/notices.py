"""Notices to leads by mail: an agreement ends soon. Each goes through the gate, with a Message-ID fixed before the first try."""

import logging
from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa

from cirt.kernel.gpg import Gpg, GpgFailed, find_gpg
from cirt.kernel.program import Program
from cirt.kernel.text import mark
from cirt.kernel.work import SYSTEM, Work
from cirt.notify.models import Notice
from cirt.notify.smtp import MailNotSent, send
from cirt.notify.writing import Envelope, mail_of, new_message_id
from cirt.parties.models import Account, Ourselves, RoleGrant
from cirt.parties.roles import roles_with
from cirt.sharing.agreements.expiry import NearEnd, take_due_warnings
from cirt.sharing.letters import LetterWithheld, ReleasedLetter, release_letter

log = logging.getLogger("cirt.notice")

WARN_JOB = "agreements.warn"
SEND_JOB = "notices.send"
_LEASE = timedelta(minutes=10)
_WAIT = timedelta(minutes=15)
_GIVE_UP = timedelta(days=2)
_PER_RUN = 100

ENDS_TITLE = mark("{reference} with {peer} ends on {day}")
ENDS_TEXT = mark(
    "{reference} with {peer} ends on {day} at {clock} UTC, in {days} days. From that minute on nothing is "
    "given to them and nothing of theirs is taken.\n\nRenew it or let it end:\n{address}\n"
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
    if not program.settings.smtp_host:
        return 0
    gpg = find_gpg(program.settings)
    sent = 0
    for _ in range(_PER_RUN):
        with program.work(SYSTEM) as work:
            notice_id = _claim(work)
        if notice_id is None:
            break
        sent += _send_one(program, gpg, notice_id)
    return sent


def _addresses(work: Work, permission: str) -> Sequence[str]:
    query = (
        sa.select(Account.email)
        .join(RoleGrant, RoleGrant.account_id == Account.id)
        .where(Account.disabled_at.is_(None), RoleGrant.role.in_(roles_with(permission)))
        .distinct()
        .order_by(Account.email)
    )
    return work.session.scalars(query).all()


def _write(program: Program, work: Work, end: NearEnd, addresses: Sequence[str]) -> None:
    settings = program.settings
    values = {
        "reference": end.reference,
        "peer": end.peer,
        "day": f"{end.valid_until:%Y-%m-%d}",
        "clock": f"{end.valid_until:%H:%M}",
        "days": end.days_left,
        "address": f"{settings.base_url.rstrip('/')}/agreements/{end.reference}",
    }
    work.session.add_all(
        Notice(
            subject=end.reference,
            address=address,
            title=ENDS_TITLE.format(**values)[:200],
            text=ENDS_TEXT.format(**values),
            message_id=new_message_id(settings.mail_from),
            written_at=work.now,
            next_try_at=work.now,
        )
        for address in addresses
    )


def _claim(work: Work) -> int | None:
    """The next one that is due; nobody else tries it for a while."""
    query = (
        sa.select(Notice)
        .where(Notice.next_try_at <= work.now)
        .order_by(Notice.next_try_at, Notice.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    notice = work.session.scalars(query).one_or_none()
    if notice is None:
        return None
    notice.tries += 1
    notice.next_try_at = work.now + _LEASE
    return notice.id


def _send_one(program: Program, gpg: Gpg | None, notice_id: int) -> bool:
    with program.work(SYSTEM, write=False) as work:
        address = work.session.get_one(Notice, notice_id).address
    key = gpg.key_for(address) if gpg else None
    with program.work(SYSTEM) as work:
        notice = work.session.get_one(Notice, notice_id)
        released = _release(work, notice, key.fingerprint if key else "")
        envelope = _envelope(program, work, notice)
    if released is None:
        return False
    try:
        mail = mail_of(released, envelope, gpg)
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no program answers it
        send(program.settings, mail)
    except (MailNotSent, GpgFailed) as error:
        retry = not isinstance(error, MailNotSent) or error.retry
        with program.work(SYSTEM) as work:
            _not_sent(work, notice_id, str(error), retry=retry)
        return False
    with program.work(SYSTEM) as work:
        _end(work, notice_id, "notice.sent")
    return True


def _release(work: Work, notice: Notice, fingerprint: str) -> ReleasedLetter | None:
    try:
        return release_letter(
            work, [notice.subject], notice.address, notice.text, fingerprint=fingerprint
        )
    except LetterWithheld:
        _end(work, notice.id, "notice.withheld")
        return None


def _envelope(program: Program, work: Work, notice: Notice) -> Envelope:
    return Envelope(
        from_name=work.session.get_one(Ourselves, 1).name,
        from_address=program.settings.mail_from,
        subject=notice.title,
        message_id=notice.message_id,
        at=notice.written_at,
    )


def _not_sent(work: Work, notice_id: int, reason: str, *, retry: bool) -> None:
    notice = work.session.get_one(Notice, notice_id)
    log.warning("notice.not-sent", extra={"notice": notice_id, "retry": retry})
    if not retry or work.now - notice.written_at > _GIVE_UP:
        _end(work, notice_id, "notice.failed")
        return
    notice.next_try_at, notice.error = work.now + _WAIT, reason


def _end(work: Work, notice_id: int, act: str) -> None:
    notice = work.session.get_one(Notice, notice_id)
    work.audit(act, notice.subject, notice=notice_id)
    work.session.execute(sa.delete(Notice).where(Notice.id == notice_id))
