"""Connectors: found by entry point, run, and what they find handed over with its cursor."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from cirt.exchange.arrivals import take
from cirt.exchange.models import Outcome
from cirt.kernel.errors import CirtError, Invalid, NotFound
from cirt.kernel.program import Program
from cirt.kernel.work import SYSTEM, Actor, Work
from cirt.objects import codec
from cirt.objects.codec import NotEnvelope, NotJson, TooDeep
from cirt.parties.peers import find_peer
from cirt.plugin import MAIL, MAIL_HEADERS, ConnectorFault, Found
from cirt.register.mail.broken import BareMail
from cirt.register.texts import storable
from cirt.sources.account import Running, add_arrivals, add_mail
from cirt.sources.fetch import GuardedFetch
from cirt.sources.mails import hand_over_mail, mail_way, retry_set_aside
from cirt.sources.models import Source
from cirt.sources.setup import ConnectorFailed, NoSuchConnector, SetUp, connectors, set_up

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
NotReadable = (NotJson, NotEnvelope, TooDeep)


@dataclass(frozen=True, slots=True)
class SourceRun:
    name: str
    files: int
    taken: int


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
        NoSuchConnector; NoSuchPeer: the source's peer is not recorded; ConnectorFailed: its own sentence, or
            the last of what could not be read; also kept for the health page. The rest was handed over.
    """
    if name not in {*connectors(), *program.settings.connectors}:
        raise NoSuchConnector(name=name)
    run = Running.begin(program, actor, name)
    try:
        taken = _run(run, name, file)
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
    log.info("source.run", extra={"source": name, "files": run.files, "taken": taken})
    return SourceRun(name, run.files, taken)


def _run(run: Running, name: str, file: Path | None) -> int:
    """How much was taken.

    Raises:
        ConnectorFailed: the connector's own sentence, or the last of what could not be read.
    """
    program = run.program
    use = set_up(program, name, connectors())
    fetch = GuardedFetch(program)
    taken = retry_set_aside(program, name, use)
    unreadable = ""
    try:
        for found, cursor in _finds(program, fetch, use, file):
            try:
                taken += _hand_over(run, use, found, cursor)
            except NotReadable as error:
                unreadable = f"{found.origin}: {error}"
                _pass_over(run, name, cursor)
            run.files += 1
    except ConnectorFault as fault:
        raise ConnectorFailed(name=name, reason=str(fault)) from fault
    finally:
        fetch.close()
    if unreadable:
        raise ConnectorFailed(name=name, reason=unreadable)
    return taken


def _hand_over(run: Running, use: SetUp, found: Found, cursor: str | None) -> int:
    """What was found and, in its last transaction, its cursor; how much of it was taken.

    Each part is checked before its transaction begins, so that nobody waits for that. After a break the whole is
    handed over again, and what was taken is known.
    """
    if found.media_type in (MAIL, MAIL_HEADERS):
        return _hand_over_mail(run, use, found, cursor)
    pieces, taken = codec.split(found.body), 0
    for at in range(0, max(1, len(pieces)), _CHUNK):
        read = [codec.read(piece) for piece in pieces[at : at + _CHUNK]]
        with run.program.work(run.actor) as work:
            arrivals = take(work, read, peer=find_peer(work.session, use.peer_of_data()))
            add_arrivals(work, run.id, arrivals)
            taken += sum(arrival.outcome is Outcome.TAKEN for arrival in arrivals)
            if at + _CHUNK >= len(pieces):
                _read(work, use, found, cursor, taken)
    return taken


def _hand_over_mail(run: Running, use: SetUp, found: Found, cursor: str | None) -> int:
    way = mail_way(run.program.settings, use, found.origin)
    mail = BareMail(found.body, found.media_type == MAIL, use.name, way)

    def note(work: Work, taken: int) -> None:
        add_mail(work, run.id, taken)
        _read(work, use, found, cursor, taken)

    return hand_over_mail(run.program, run.actor, mail, note)


def _read(work: Work, use: SetUp, found: Found, cursor: str | None, taken: int) -> None:
    source = _moved(work, use.name, cursor)
    if taken:
        source.last_data_at = work.now
    work.audit("source.read", use.name, origin=storable(found.origin), taken=taken)


def _pass_over(run: Running, name: str, cursor: str | None) -> None:
    """The cursor moves past what could not be read; the file stays."""
    with run.program.work(run.actor) as work:
        _moved(work, name, cursor)


def run_configured(program: Program, actor: Actor) -> None:
    """Run every connector that has settings; one that fails is logged and does not stop the others."""
    for name in program.settings.connectors:
        try:
            run_source(program, actor, name)
        except (Invalid, NotFound) as error:
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


def settings_of(program: Program, name: str) -> Mapping[str, str]:
    """What the operator set for a connector; empty where it is not in use."""
    return program.settings.connectors.get(name, {})
