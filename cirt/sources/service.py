"""Connectors: found by entry point, run, and what they find handed over with its cursor."""

import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from cirt.exchange.arrivals import take
from cirt.exchange.models import Outcome
from cirt.kernel.errors import Invalid, NotFound
from cirt.kernel.program import Program
from cirt.kernel.work import SYSTEM, Actor, Work
from cirt.objects import codec
from cirt.objects.codec import NotEnvelope, NotJson, TooDeep
from cirt.parties.peers import find_peer
from cirt.plugin import MAIL, MAIL_HEADERS, REPORTS, ConnectorFault, Found
from cirt.register.mail.broken import BareMail
from cirt.register.texts import storable
from cirt.sources.fetch import GuardedFetch
from cirt.sources.mails import hand_over_mail, mail_way, retry_set_aside
from cirt.sources.models import Source
from cirt.sources.reports import NotReports, read_reports, take_reports
from cirt.sources.setup import (
    ConnectorFailed,
    NoSuchConnector,
    SetUp,
    SourceBusy,
    alone,
    connectors,
    set_up,
)

log = logging.getLogger("cirt.source")

__all__ = [
    "ConnectorFailed",
    "NoSuchConnector",
    "SourceRun",
    "connectors",
    "run_configured",
    "run_source",
    "settings_of",
    "states",
]

_CHUNK = 2000  # objects in one transaction
_REPORTS = 20
NotReadable = (NotJson, NotEnvelope, TooDeep, NotReports)
_MOST_KINDS = 200  # of what had no place, in the account of a run


@dataclass(slots=True)
class SourceRun:
    """What one run brought: objects, reports or mails. ``left_out`` is what has no place here, by a few words each."""

    name: str
    files: int = 0
    taken: int = 0
    known: int = 0
    held: int = 0
    refused: int = 0
    left_out: Counter[str] = field(default_factory=Counter)

    @property
    def offered(self) -> int:
        return self.taken + self.known + self.held + self.refused

    @property
    def counts(self) -> dict[str, Any]:
        """For a JSON column."""
        numbers = ("offered", "taken", "known", "held", "refused")
        left_out = dict(self.left_out.most_common(_MOST_KINDS))
        return {**{name: getattr(self, name) for name in numbers}, "left_out": left_out}

    def add(self, other: "SourceRun") -> None:
        self.taken, self.known = self.taken + other.taken, self.known + other.known
        self.held, self.refused = self.held + other.held, self.refused + other.refused
        self.left_out += other.left_out


def states(work: Work) -> dict[str, Source]:
    return {source.name: source for source in work.session.scalars(sa.select(Source))}


def run_source(
    program: Program,
    actor: Actor,
    name: str,
    file: Path | None = None,
) -> SourceRun:
    """Pull what is new, or read one file; the cursor moves in the transaction that ends a hand-over.

    Raises:
        SourceBusy; NoSuchConnector; NoSuchPeer: the source's peer is not recorded; ConnectorFailed: its own sentence, or
            the last of what could not be read; also kept for the health page. The rest was handed over.
    """
    use = set_up(program, name, connectors())
    with alone(program, name):
        return _run(program, actor, use, file)


def _run(program: Program, actor: Actor, use: SetUp, file: Path | None) -> SourceRun:
    name = use.name
    fetch = GuardedFetch(program)
    run = SourceRun(name, taken=retry_set_aside(program, name, use))
    faults: list[str] = []
    origin = ""  # a large file comes in parts
    try:
        for found, cursor in _finds(program, fetch, use, file):
            try:
                run.add(_hand_over(program, actor, use, found, cursor))
            except NotReadable as error:
                faults.append(f"{found.origin}: {error}")
                _keep(program, actor, name, cursor, faults[-1])
            if found.fault:
                faults.append(found.fault)
            run.files += found.origin != origin
            origin = found.origin
    except ConnectorFault as fault:
        faults.append(str(fault))
        raise ConnectorFailed(name=name, reason=str(fault)) from fault
    finally:
        fetch.close()
        _account(program, actor, run, faults)
    told = {"source": name, "files": run.files, "taken": run.taken, "refused": run.refused}
    log.info("source.run", extra=told)
    if faults:
        raise ConnectorFailed(name=name, reason=_in_words(faults))
    return run


def _in_words(faults: list[str]) -> str:
    """The last, and how many came before it."""
    others = len(faults) - 1
    return f"{faults[-1]} (And {others} more before it.)" if others else faults[-1]


def _account(program: Program, actor: Actor, run: SourceRun, faults: list[str]) -> None:
    """For the page of connectors and the health page: what this run brought, and what it could not read."""
    with program.work(actor) as work:
        source = _ran(work, run.name, None)
        source.counts = run.counts
        if faults:
            source.error = storable(_in_words(faults))


def _hand_over(
    program: Program, actor: Actor, use: SetUp, found: Found, cursor: str | None
) -> SourceRun:
    """What was found and, in its last transaction, its cursor.

    Each part is checked before its transaction begins, so that nobody waits for that. After a break the whole is
    handed over again, and what was taken is known.
    """
    if found.media_type in (MAIL, MAIL_HEADERS):
        return _hand_over_mail(program, actor, use, found, cursor)
    if found.media_type == REPORTS:
        return _hand_over_reports(program, actor, use, found, cursor)
    pieces, done = codec.split(found.body), _run_of(use, found)
    for at in range(0, max(1, len(pieces)), _CHUNK):
        read = [codec.read(piece) for piece in pieces[at : at + _CHUNK]]
        with program.work(actor) as work:
            arrivals = take(work, read, peer=find_peer(work.session, use.peer_of_data()))
            counts = Counter(arrival.outcome for arrival in arrivals)
            if at + _CHUNK >= len(pieces):
                _read(work, use, found, cursor, done.taken + counts[Outcome.TAKEN])
        done.taken += counts[Outcome.TAKEN]
        done.known += counts[Outcome.KNOWN]
        done.held += counts[Outcome.HELD]
        done.refused += counts[Outcome.REFUSED]
    return done


def _run_of(use: SetUp, found: Found) -> SourceRun:
    return SourceRun(use.name, left_out=Counter(found.left_out))


def _hand_over_reports(
    program: Program, actor: Actor, use: SetUp, found: Found, cursor: str | None
) -> SourceRun:
    """The last transaction has the cursor; a few reports in each, for each may hold many observables."""
    told, done = read_reports(found.body), _run_of(use, found)
    for at in range(0, max(1, len(told)), _REPORTS):
        with program.work(actor) as work:
            telling = take_reports(work, use, told[at : at + _REPORTS])
            if at + _REPORTS >= len(told):
                _read(work, use, found, cursor, done.taken + telling.taken)
        done.taken, done.known = done.taken + telling.taken, done.known + telling.known
    return done


def _hand_over_mail(
    program: Program, actor: Actor, use: SetUp, found: Found, cursor: str | None
) -> SourceRun:
    way = mail_way(program.settings, use, found.origin)
    mail = BareMail(found.body, found.media_type == MAIL, use.name, way)

    def note(work: Work, taken: int) -> None:
        _read(work, use, found, cursor, taken)

    done = _run_of(use, found)
    done.taken = hand_over_mail(program, actor, mail, note)
    done.known = 1 - done.taken  # or set aside, which is counted there
    return done


def _read(work: Work, use: SetUp, found: Found, cursor: str | None, taken: int) -> None:
    source = _ran(work, use.name, cursor)
    source.error = None
    if taken:
        source.last_data_at = work.now
    left_out = {"left_out": sum(found.left_out.values())} if found.left_out else {}
    work.audit("source.read", use.name, origin=storable(found.origin), taken=taken, **left_out)


def _keep(program: Program, actor: Actor, name: str, cursor: str | None, error: str) -> None:
    """Note for the health page what could not be read; the cursor moves past it, the file stays."""
    with program.work(actor) as work:
        _ran(work, name, cursor).error = error


def run_configured(program: Program, actor: Actor, only: str | None = None) -> None:
    """Run every connector that has settings, or one; one that fails is logged and does not stop the others."""
    for name in program.settings.connectors if only is None else [only]:
        try:
            run_source(program, actor, name)
        except (Invalid, NotFound, SourceBusy) as error:
            log.warning("source.failed", extra={"source": name, "error": str(error)})
        except Exception as error:  # the boundary of a connector, which may be anybody's code
            log.exception("source.broken", extra={"source": name})
            kind = type(error).__name__
            _keep(program, actor, name, None, f"It broke off ({kind}). The log says where.")


def _finds(
    program: Program, fetch: GuardedFetch, use: SetUp, file: Path | None
) -> Iterator[tuple[Found, str | None]]:
    if file is not None:
        yield use.connector.read(file), None
        return
    with program.work(SYSTEM, write=False) as work:
        source = work.session.get(Source, use.name)
        cursor = source.cursor if source else None
    yield from use.connector.pull(fetch, cursor)


def _ran(work: Work, name: str, cursor: str | None) -> Source:
    source = work.session.get(Source, name)
    if source is None:
        source = Source(name=name)
        work.session.add(source)
    source.last_run_at = work.now
    if cursor is not None:
        source.cursor = cursor
    return source


def settings_of(program: Program, name: str) -> Mapping[str, str]:
    """What the operator set for a connector; empty where it is not in use."""
    return program.settings.connectors.get(name, {})
