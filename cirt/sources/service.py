"""Connectors: found by entry point, run, and what they find handed over with its cursor."""

import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from cirt.exchange.arrivals import take
from cirt.exchange.models import Outcome
from cirt.exchange.room import check_disk, check_room
from cirt.kernel.errors import CirtError
from cirt.kernel.program import Program
from cirt.kernel.work import SYSTEM, Actor, Work
from cirt.objects import codec
from cirt.objects.codec import NotEnvelope, NotJson, TooDeep
from cirt.parties.peers import find_peer
from cirt.plugin import MAIL, MAIL_HEADERS, REPORTS, ConnectorFault, Found
from cirt.register.mail.broken import BareMail
from cirt.register.texts import storable
from cirt.sources.account import Running, add_arrivals, add_left_out, add_mail, add_reports
from cirt.sources.fetch import GuardedFetch
from cirt.sources.mails import hand_over_mail, mail_way, retry_set_aside
from cirt.sources.models import Source, SourceRunRow
from cirt.sources.reports import NotReports, read_reports, take_reports
from cirt.sources.setup import (
    ConnectorFailed,
    NoSuchConnector,
    SetUp,
    alone,
    connectors,
    set_up,
)

log = logging.getLogger("cirt.source")

_CHUNK = 2000  # objects in one transaction
_REPORTS = 20
_UNREADABLE = (NotJson, NotEnvelope, TooDeep, NotReports)


@dataclass(frozen=True, slots=True)
class SourceRun:
    """What one run brought: objects, reports or mails. ``left_out`` is what has no place here, by a few words each."""

    name: str
    files: int
    offered: int
    taken: int
    known: int
    held: int
    refused: int
    left_out: Counter[str]


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
    if name not in {*connectors(), *program.settings.connectors}:
        raise NoSuchConnector(name=name)
    with alone(program, name):
        return _run_alone(Running.begin(program, actor, name), name, file)


def _run_alone(run: Running, name: str, file: Path | None) -> SourceRun:
    try:
        retried = _run(run, name, file)
    except ConnectorFailed as error:
        run.end(str(error.values["reason"]))
        raise
    except CirtError as error:
        run.end(str(error))
        raise
    except Exception as error:  # a connector may be anybody's code
        run.end(f"It broke off ({type(error).__name__}). The log says where.")
        raise
    run.end("")
    done = _done(run, name, retried)
    told = {"source": name, "files": done.files, "taken": done.taken, "refused": done.refused}
    log.info("source.run", extra=told)
    return done


def _done(run: Running, name: str, retried: int) -> SourceRun:
    with run.program.work(SYSTEM, write=False) as work:
        row = work.session.get_one(SourceRunRow, run.id)
        return SourceRun(
            name,
            row.files,
            row.offered,
            row.taken + retried,
            row.known,
            row.held,
            row.refused,
            Counter(row.left_out or {}),
        )


def _run(run: Running, name: str, file: Path | None) -> int:
    """How many mails that had been set aside stand now.

    Raises:
        ConnectorFailed: the connector's own sentence, or the last of what could not be read.
        QuarantineFull, DiskLow: there is no room for more.
    """
    program = run.program
    use = set_up(program, name, connectors())
    fetch = GuardedFetch(program)
    retried = retry_set_aside(program, name, use)
    faults: list[str] = []
    origin = ""  # a large file comes in parts
    try:
        for found, cursor in _finds(program, fetch, use, file):
            check_disk(program.engine)
            try:
                _hand_over(run, use, found, cursor)
            except _UNREADABLE as error:
                faults.append(f"{found.origin}: {error}")
                _pass_over(run, name, cursor)
            if found.fault:
                faults.append(found.fault)
            run.files += found.origin != origin
            origin = found.origin
    except ConnectorFault as fault:
        raise ConnectorFailed(name=name, reason=str(fault)) from fault
    finally:
        fetch.close()
    if faults:
        raise ConnectorFailed(name=name, reason=storable(_in_words(faults)))
    return retried


def _in_words(faults: list[str]) -> str:
    """The last, and how many came before it."""
    others = len(faults) - 1
    return f"{faults[-1]} (And {others} more before it.)" if others else faults[-1]


def _hand_over(run: Running, use: SetUp, found: Found, cursor: str | None) -> None:
    """What was found and, in its last transaction, its cursor.

    Each part is checked before its transaction begins, so that nobody waits for that. After a break the whole is
    handed over again, and what was taken is known.
    """
    if found.media_type in (MAIL, MAIL_HEADERS):
        _hand_over_mail(run, use, found, cursor)
        return
    if found.media_type == REPORTS:
        _hand_over_reports(run, use, found, cursor)
        return
    pieces, taken = codec.split(found.body), 0
    for at in range(0, max(1, len(pieces)), _CHUNK):
        read = codec.read_all(pieces[at : at + _CHUNK])
        with run.program.work(run.actor) as work:
            peer = find_peer(work.session, use.peer_of_data())
            check_room(work.session, peer)
            arrivals = take(work, read, peer=peer)
            add_arrivals(work, run.id, arrivals)
            taken += sum(arrival.outcome is Outcome.TAKEN for arrival in arrivals)
            if at + _CHUNK >= len(pieces):
                _read(work, run, use, found, cursor, taken)


def _hand_over_reports(run: Running, use: SetUp, found: Found, cursor: str | None) -> None:
    """The last transaction has the cursor; a few reports in each, for each may hold many observables."""
    told, taken = read_reports(found.body), 0
    for at in range(0, max(1, len(told)), _REPORTS):
        with run.program.work(run.actor) as work:
            telling = take_reports(work, use, told[at : at + _REPORTS])
            add_reports(work, run.id, telling.taken, telling.known)
            taken += telling.taken
            if at + _REPORTS >= len(told):
                _read(work, run, use, found, cursor, taken)


def _hand_over_mail(run: Running, use: SetUp, found: Found, cursor: str | None) -> None:
    way = mail_way(run.program.settings, use, found.origin)
    mail = BareMail(found.body, found.media_type == MAIL, use.name, way)

    def note(work: Work, taken: int) -> None:
        add_mail(work, run.id, taken)
        _read(work, run, use, found, cursor, taken)

    hand_over_mail(run.program, run.actor, mail, note)


def _read(
    work: Work, run: Running, use: SetUp, found: Found, cursor: str | None, taken: int
) -> None:
    add_left_out(work, run.id, found.left_out)
    source = _moved(work, use.name, cursor)
    if taken:
        source.last_data_at = work.now
    left_out = {"left_out": sum(found.left_out.values())} if found.left_out else {}
    work.audit("source.read", use.name, origin=storable(found.origin), taken=taken, **left_out)


def _pass_over(run: Running, name: str, cursor: str | None) -> None:
    """The cursor moves past what could not be read; the file stays."""
    with run.program.work(run.actor) as work:
        _moved(work, name, cursor)


def run_configured(program: Program, actor: Actor, name: str) -> None:
    """Run a connector that has settings; one that fails is logged."""
    try:
        run_source(program, actor, name)
    except CirtError as error:
        log.warning("source.failed", extra={"source": name, "error": str(error)})
    except Exception:  # the boundary of a connector, which may be anybody's code
        log.exception("source.broken", extra={"source": name})


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


def _moved(work: Work, name: str, cursor: str | None) -> Source:
    source = work.session.get(Source, name)
    if source is None:
        source = Source(name=name)
        work.session.add(source)
    if cursor is not None:
        source.cursor = cursor
    return source
