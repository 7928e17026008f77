"""Runs: opened before the peer is asked, counted in the transaction of every page, closed with the reason."""

import logging
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.exchange import trouble
from cirt.exchange.arriving.taking import Arrival
from cirt.exchange.models import Link, LinkDirection, LinkState, Outcome, Run, RunState
from cirt.exchange.remote.connection import Access
from cirt.exchange.room import check_room
from cirt.exchange.timing.patience import backoff_s, next_day
from cirt.exchange.watching.days import Counts, link_line, note_run
from cirt.exchange.watching.reasons import Why, add_reasons
from cirt.kernel.errors import Unavailable
from cirt.kernel.program import Program
from cirt.kernel.reaching import Limits
from cirt.kernel.tls import TlsTerms
from cirt.kernel.work import SYSTEM, Work
from cirt.parties.models import Peer, PeerState
from cirt.parties.peers import CLIENT_KEY_SEAL, PASSWORD_SEAL
from cirt.sharing.case import agreement_rule
from cirt.sharing.facts import PeerReader
from cirt.sharing.models import Direction
from cirt.sharing.queries import peer_reader

log = logging.getLogger("cirt.sync")

# Ends of a run for which the peer is not to blame: the schedule goes on as if it had worked.
_NO_FAILURE = (
    trouble.NoAgreement,
    trouble.Resting,
    trouble.AddressMissing,
    trouble.ChoiceMissing,
    trouble.RunTooLong,
    trouble.ShareUsed,
    trouble.LinkChanged,
    trouble.DiskLow,
)
_ENDED_WELL = (trouble.ShareUsed, trouble.LinkChanged)
_LONGEST_PATIENCE_S = 86_400  # with a peer that asks us to wait
_WRONG_WAY = {LinkDirection.PULL: Direction.GIVE, LinkDirection.PUSH: Direction.TAKE}


@dataclass(frozen=True, slots=True)
class Caps:
    """Of one run; what is left over is for the next one."""

    page_size: int = 1000
    pages: int = 10_000
    objects: int = 2_000_000
    time: timedelta = timedelta(hours=1)
    reads_ahead: bool = True  # asks for the next page while one is stored
    request: Limits = field(default_factory=lambda: Limits(max_bytes=16 * 1024 * 1024))


@dataclass(frozen=True, slots=True)
class Running:
    """A run under way. Without ``run_id`` it is a dry one, which stores nothing.

    A ``gentle`` one leaves the machine to the desk between the pages of a link's first run.
    """

    program: Program
    link_id: int
    run_id: int | None
    caps: Caps
    gentle: bool = False

    def check(self, work: Work, *, held: bool = False) -> PeerReader:
        """That it may go on, before each page and piece; ``held``: until commit no other run of the link begins.

        Raises:
            Overtaken: another run of the link has begun, here or on another host.
            Resting, NoAgreement, QuarantineFull, DiskLow: see :func:`check_may_run`.
        """
        if self.run_id is not None:
            lock = {"key_share": True} if held else None
            run = work.session.get_one(
                Run, self.run_id, populate_existing=held, with_for_update=lock
            )
            if run.state is not RunState.RUNNING:
                raise trouble.Overtaken
        return check_may_run(work, self.link_id)

    def access(self) -> Access:
        """
        Raises:
            AddressMissing, SecretUnreadable.
        """
        with self.program.work(SYSTEM, write=False) as work:
            peer = peer_of(work.session, self.link_id)
            if peer.discovery_url is None:
                raise trouble.AddressMissing(peer=peer.slug)
            sealed = peer.sealed_password
            return Access(
                url=peer.discovery_url,
                username=peer.username,
                password=self.program.keys.unseal(PASSWORD_SEAL, sealed) if sealed else None,
                allow=self.program.settings.outbound_allow,
                tls=self._tls(peer),
                dial=self.program.dial,
            )

    def _tls(self, peer: Peer) -> TlsTerms | None:
        if peer.ca_pem is None and peer.client_cert_pem is None:
            return None
        sealed = peer.sealed_client_key
        key = self.program.keys.unseal(CLIENT_KEY_SEAL, sealed) if sealed else None
        return TlsTerms(peer.ca_pem, peer.client_cert_pem, key)


def run_link(
    program: Program,
    link_id: int,
    act: Callable[[Running], None],
    caps: Caps | None = None,
    *,
    gentle: bool = False,
) -> Run:
    """Do a run and account for it, however it ends. What a peer does wrong ends in the run's ``error``."""
    caps = caps or Caps()
    run_id = _open(program, link_id)
    error: Unavailable | None = None
    try:
        _check_chosen(program, link_id)
        act(Running(program, link_id, run_id, caps, gentle))
    except Unavailable as trouble_:
        error = trouble_
    except Exception:  # nobody may take a link that breaks for one that is well
        _close(program, link_id, run_id, trouble.OurFault())
        raise
    return _close(program, link_id, run_id, error)


class _Undone(Exception):
    """Ends a rehearsal; never leaves this module."""


@contextmanager
def rehearsal(program: Program) -> Iterator[Work]:
    """A unit of work that may write as it likes, and of which nothing stays."""
    with suppress(_Undone), program.work(SYSTEM) as work:
        yield work
        raise _Undone


def check_may_run(work: Work, link_id: int) -> PeerReader:
    """
    Raises:
        Resting: the link is paused or its peer suspended.
        NoAgreement: none in force lets us exchange this way.
        QuarantineFull: too much of what the peer sent waits to be decided on.
        DiskLow: what is free is for the desk.
    """
    link = work.session.get_one(Link, link_id)
    peer = peer_of(work.session, link_id)
    if link.state is LinkState.PAUSED or peer.state is PeerState.SUSPENDED:
        raise trouble.Resting(peer=peer.slug)
    reader = peer_reader(work.session, peer.id, work.now)
    is_wrong_way = reader.terms and reader.terms.direction is _WRONG_WAY[link.direction]
    if agreement_rule(reader, work.now) or is_wrong_way:
        raise trouble.NoAgreement(peer=peer.slug)
    if link.direction is LinkDirection.PULL:
        check_room(work.session, peer)
    return reader


def _check_chosen(program: Program, link_id: int) -> None:
    with program.work(SYSTEM, write=False) as work:
        if work.session.get_one(Link, link_id).waits_for_choice:
            raise trouble.ChoiceMissing


def peer_of(session: Session, link_id: int) -> Peer:
    query = sa.select(Peer).join(Link, Link.peer_id == Peer.id).where(Link.id == link_id)
    return session.scalars(query).one()


def count(run: Run, arrivals: Sequence[Arrival], *, left_out: int = 0) -> None:
    """Add a page to a run's account; ``left_out`` are those of types that the link does not carry."""
    found = Counter(arrival.outcome for arrival in arrivals)
    run.pages += 1
    run.offered += len(arrivals)
    run.taken += found[Outcome.TAKEN]
    run.known += found[Outcome.KNOWN]
    run.held += found[Outcome.HELD]
    run.refused += found[Outcome.REFUSED]
    run.left_out += left_out
    whys = [
        Why(one.reason.code, one.reason.message, one.reason.values)
        for one in arrivals
        if one.reason
    ]
    if whys:
        run.reasons = add_reasons(run.reasons or (), whys)


def new_run(link_id: int, work: Work) -> Run:
    return Run(
        link_id=link_id,
        state=RunState.RUNNING,
        started_at=work.now,
        pages=0,
        offered=0,
        taken=0,
        known=0,
        held=0,
        refused=0,
        left_out=0,
        error_values={},
    )


def _open(program: Program, link_id: int) -> int:
    with program.work(SYSTEM) as work:
        stale = sa.select(Run).where(Run.link_id == link_id, Run.state == RunState.RUNNING)
        for run in work.session.scalars(stale.with_for_update(key_share=True)):
            run.state, run.ended_at = RunState.FAILED, work.now
            run.error = trouble.Interrupted.code
        run = new_run(link_id, work)
        work.session.add(run)
        work.session.flush()
        return run.id


def _close(program: Program, link_id: int, run_id: int, error: Unavailable | None) -> Run:
    with program.work(SYSTEM) as work:
        link, run = work.session.get_one(Link, link_id), work.session.get_one(Run, run_id)
        run.ended_at = work.now
        ended_well = error is None or isinstance(error, _ENDED_WELL)
        run.state = RunState.DONE if ended_well else RunState.FAILED
        run.error = error.code if error else None
        run.error_values = dict(error.values) if error else {}
        is_overtaken = isinstance(error, trouble.Overtaken)
        if not is_overtaken:  # else how the link stands is for the other run to say
            _note_end(link, run, error, work.now)
        counts = Counts(run.offered, run.taken, run.known, run.held, run.refused)
        is_failed = not (error is None or is_overtaken or isinstance(error, trouble.LinkChanged))
        note_run(work, link_line(link_id), counts, is_failed=is_failed)
        _log(peer_of(work.session, link_id), link, run)
        return run


def _note_end(link: Link, run: Run, error: Unavailable | None, now: datetime) -> None:
    if not isinstance(error, trouble.LinkChanged):  # who changed it has said how it stands
        link.error, link.error_values = run.error, run.error_values
    link.last_run_at = run.started_at
    if error is None:
        link.last_success_at = now
    _be_patient(link, error, now)


def _be_patient(link: Link, error: Unavailable | None, now: datetime) -> None:
    """When the link may try again, where that is not for its schedule to say."""
    spread = random.random()  # noqa: S311  # no secret, only spread
    if isinstance(error, trouble.ShareUsed):
        link.failures, link.retry_at = 0, next_day(now, spread)
    elif isinstance(error, trouble.LinkChanged):
        link.failures, link.retry_at = 0, now
    elif error is None or isinstance(error, _NO_FAILURE):
        link.failures, link.retry_at = 0, None
    else:
        link.failures += 1
        wait_s = backoff_s(link.failures, link.every_s, spread)
        if isinstance(error, trouble.PeerBusy):
            asked_s = float(error.values["wait_s"])
            wait_s = max(wait_s, min(asked_s, _LONGEST_PATIENCE_S))
        link.retry_at = now + timedelta(seconds=wait_s)


def _log(peer: Peer, link: Link, run: Run) -> None:
    log.info(
        "sync.run",
        extra={
            "peer": peer.slug,
            "link": link.id,
            "direction": link.direction.value,
            "collection": link.remote,
            "run": run.id,
            "error": run.error,
            "pages": run.pages,
            "offered": run.offered,
            "taken": run.taken,
            "known": run.known,
            "held": run.held,
            "refused": run.refused,
            "left_out": run.left_out,
        },
    )
