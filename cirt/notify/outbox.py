"""The one way out by mail: what is due is claimed under a lease, decided by the gate as it goes, sent, and tried again.

Sent once, as far as SMTP can: each mail's Message-ID is kept before its first try, so should we not hear that the server
took it, the second one is told from the first by nobody but the reader's mail program, which shows one.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Generic, Protocol, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from cirt.kernel.gpg import Gpg, GpgFailed, find_gpg
from cirt.kernel.program import Program
from cirt.kernel.work import SYSTEM, Work
from cirt.notify.smtp import MailNotSent, send
from cirt.sharing.letters import LetterWithheld

GIVE_UP = timedelta(days=2)
PER_RUN = 100
_LEASE = timedelta(minutes=10)  # a try takes at most three
_WAITS = (1, 5, 15, 60, 120, 240)  # minutes; the last one again and again


class Waiting(Protocol):
    """A row that waits to be mailed."""

    tries: int

    @property
    def next_try_at(self) -> datetime | None: ...  # of one being tried: when it counts as lost
    @next_try_at.setter
    def next_try_at(self, at: datetime) -> None: ...


R = TypeVar("R", bound=Waiting)


@dataclass(frozen=True, slots=True)
class Try:
    """One try at one row."""

    program: Program
    row_id: int
    gpg: Gpg | None
    fingerprint: str  # of the key that our ring has for its address; empty: it has none


@dataclass(frozen=True, slots=True)
class Stays:
    """What is noted of one that may not go, for good."""

    reason: str


# Makes the mail of what the gate let go, after the transaction in which it decided. Raises GpgFailed.
Writing = Callable[[], EmailMessage]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Generic[R]):
    """A kind of mail: which rows are due, how one is made, and what is noted of it, each time in one transaction.

    ``make`` asks the gate, whose ``LetterWithheld`` counts as ``Stays``, and sees to it that the Message-ID is kept.
    """

    log: logging.Logger
    event: str  # what its events in the log begin with
    logged_as: str  # what its id is called there
    model: type[R]
    key: InstrumentedAttribute[int]
    due_at: InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None]
    make: Callable[[Work, Try], Writing | Stays]
    is_over: Callable[[Work, R], bool]  # no other try after one that went wrong
    sent: Callable[[Work, int], None]
    put_off: Callable[[Work, R, str], None]
    given_up: Callable[[Work, int, str], None]
    refused: Callable[[Work, int, str], None]  # by the gate, or a rule of its own
    address: Callable[[Work, int], str] | None = None  # None: it brings a key of its own
    waits: sa.ColumnElement[bool] = field(default_factory=sa.true)  # where what is over stays, too


def send_due(program: Program, kind: Kind[R]) -> int:
    """Send what waits; how many went. Without a mail server everything waits."""
    if not program.settings.smtp_host:
        return 0
    gpg = find_gpg(program.settings)
    sent = 0
    for _ in range(PER_RUN):
        with program.work(SYSTEM) as work:
            row_id = _claim(work, kind)
        if row_id is None:
            break
        sent += _send_one(program, kind, row_id, gpg)
    return sent


def _claim(work: Work, kind: Kind[R]) -> int | None:
    """The next one that is due; nobody else tries it for a while."""
    query = (
        sa.select(kind.model, kind.key)
        .where(kind.waits, kind.due_at <= work.now)
        .order_by(kind.due_at, kind.key)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    found = work.session.execute(query).one_or_none()
    if found is None:
        return None
    row, row_id = found
    row.tries += 1
    row.next_try_at = work.now + _LEASE
    return row_id


def _send_one(program: Program, kind: Kind[R], row_id: int, gpg: Gpg | None) -> bool:
    try:
        writing = _make(program, kind, row_id, gpg)
        if writing is None:
            return False
        send(program.settings, writing())
    except (MailNotSent, GpgFailed) as error:
        retry = not isinstance(error, MailNotSent) or error.retry
        kind.log.warning("%s.not-sent", kind.event, extra={kind.logged_as: row_id, "retry": retry})
        with program.work(SYSTEM) as work:
            _not_sent(work, kind, row_id, str(error), retry=retry)
        return False
    with program.work(SYSTEM) as work:
        kind.sent(work, row_id)
    kind.log.info("%s.sent", kind.event, extra={kind.logged_as: row_id})
    return True


def _make(program: Program, kind: Kind[R], row_id: int, gpg: Gpg | None) -> Writing | None:
    """What the gate lets go now; None if it does not, which is noted with its decision.

    Raises:
        GpgFailed.
    """
    fingerprint = _fingerprint(program, kind, row_id, gpg)
    with program.work(SYSTEM) as work:
        try:
            made = kind.make(work, Try(program, row_id, gpg, fingerprint))
        except LetterWithheld as withheld:
            made = Stays(str(withheld))
        if not isinstance(made, Stays):
            return made
        kind.refused(work, row_id, made.reason)
    kind.log.warning("%s.stays", kind.event, extra={kind.logged_as: row_id})
    return None


def _fingerprint(program: Program, kind: Kind[R], row_id: int, gpg: Gpg | None) -> str:
    """Looked up while nothing is locked: GnuPG takes its time."""
    if gpg is None or kind.address is None:
        return ""
    with program.work(SYSTEM, write=False) as work:
        address = kind.address(work, row_id)
    key = gpg.key_for(address)
    return key.fingerprint if key else ""


def _not_sent(work: Work, kind: Kind[R], row_id: int, reason: str, *, retry: bool) -> None:
    row = work.session.get(kind.model, row_id)
    if row is None or not retry or kind.is_over(work, row):
        kind.given_up(work, row_id, reason)
        return
    wait = _WAITS[min(row.tries, len(_WAITS)) - 1]
    row.next_try_at = work.now + timedelta(minutes=wait)
    kind.put_off(work, row, reason)
