"""Mails that a connector found: each is taken as what it is, else as its bare text, else set aside. None stops another.

Every try is one transaction with all that belongs to it, so that a kill in the middle leaves the mail as it was
before: to be handed over again, and entered once.
"""

import logging
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.exc import OperationalError

from cirt.kernel.gpg import find_gpg
from cirt.kernel.program import Program
from cirt.kernel.settings import Settings
from cirt.kernel.work import SYSTEM, Actor, Work
from cirt.register.acknowledging.rules import ReplyWay
from cirt.register.mail.broken import (
    BareMail,
    claim_aside,
    keep_bare,
    put_off,
    set_aside,
    take_back,
)
from cirt.register.mail.ledger import MailWay
from cirt.register.mail.models import MailOutcome
from cirt.register.mail.opening import OpenedMail, open_mail
from cirt.register.mail.service import take_mail
from cirt.sources.setup import SetUp

log = logging.getLogger("cirt.source")

Note = Callable[[Work, int], None]  # what the same transaction tells of it: how much was taken
Taking = Callable[[Work], MailOutcome | None]

_OURS = Path(__file__).parent.parent
_TAKEN = (MailOutcome.REPORT, MailOutcome.ANSWER)


@dataclass(slots=True)
class _Handing:
    """One mail on its way in; ``fault`` is the last that broke."""

    program: Program
    mail: BareMail
    opened: OpenedMail | None = field(default=None, repr=False)
    fault: str = ""

    @property
    def digest(self) -> str:
        """Of what its writer made of it, where that could be read."""
        return self.opened.mail.digest if self.opened else ""

    def tries(self) -> Iterator[Callable[[], Taking]]:
        """What is tried, until something stands. A database that was away for a moment gets a second chance."""
        yield self._as_mail
        if self.fault == OperationalError.__name__:
            yield self._as_mail
        yield lambda: self._as_bare(with_text=True)
        yield lambda: self._as_bare(with_text=False)

    def _as_mail(self) -> Taking:
        """Decrypting may take seconds, so the mail is opened before its transaction begins."""
        gpg = find_gpg(self.program.settings)
        opened = open_mail(self.mail.raw, gpg, is_whole=self.mail.is_whole)
        self.opened = opened
        return lambda work: take_mail(work, self.program.keys, opened, self.mail.way)

    def _as_bare(self, *, with_text: bool) -> Taking:
        return lambda work: keep_bare(work, self.mail, self.digest, self.fault, with_text=with_text)


def mail_way(settings: Settings, use: SetUp, origin: str) -> MailWay:
    return MailWay(origin=origin, lane=use.lane, tlp=use.tlp, reply=reply_way(settings))


def reply_way(settings: Settings) -> ReplyWay | None:
    """How we answer by mail; None where no mail server is set."""
    if not settings.smtp_host:
        return None
    boxes = (box.get("user", "") for box in settings.connectors.values())
    ours = {one.casefold() for one in (settings.mail_from, settings.smtp_user, *boxes) if one}
    return ReplyWay(f"{settings.base_url.rstrip('/')}/status", frozenset(ours))


def hand_over_mail(program: Program, actor: Actor, mail: BareMail, note: Note) -> int:
    """How much of it was taken: one, or nothing if it had come before, opens nothing or was set aside."""
    handing = _Handing(program, mail)
    for prepare in handing.tries():
        try:
            return _hand_over(program, actor, mail, prepare(), note)
        except Exception as error:  # noqa: BLE001 - a mail is anybody's, and must not stop those behind it
            handing.fault = type(error).__name__[:80]
            told = {"origin": mail.way.origin, "fault": handing.fault, "at": _place(error)}
            log.error("mail.broken", extra=told)  # noqa: TRY400 - the words of an error may be the mail's
    if mail.aside_id is not None:
        with program.work(actor) as work:
            put_off(work, mail.aside_id, handing.fault)
        return 0
    return _hand_over(
        program,
        actor,
        mail,
        lambda work: set_aside(work, mail, handing.digest, handing.fault),
        note,
    )


def _hand_over(program: Program, actor: Actor, mail: BareMail, take: Taking, note: Note) -> int:
    with program.work(actor) as work:
        if mail.aside_id is not None and not take_back(work, mail.aside_id):
            return 0
        taken = int(take(work) in _TAKEN)
        note(work, taken)
    return taken


def retry_set_aside(program: Program, name: str, use: SetUp) -> int:
    """Try those of this source that are due, each once; how many stand now."""
    taken = 0
    while True:
        with program.work(SYSTEM) as work:
            claimed = claim_aside(work, name)
            if claimed is None:
                return taken
            aside, entry = claimed
            way = mail_way(program.settings, use, entry.origin)
            mail = BareMail(aside.body, aside.is_whole, name, way, aside.received_id)
        taken += hand_over_mail(program, SYSTEM, mail, _tell_nothing)


def _tell_nothing(_work: Work, _taken: int) -> None:
    """Of its source all was told when it was read."""


def _place(error: Exception) -> str:
    """The last place of ours on its way, for whoever mends it."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(_OURS)]
    return f"{Path(ours[-1].filename).relative_to(_OURS)}:{ours[-1].lineno}" if ours else ""
