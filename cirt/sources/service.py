"""Connectors: found by entry point, run, and what they find handed over with its cursor."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path

import sqlalchemy as sa

from cirt.exchange.arrivals import take
from cirt.exchange.models import Outcome
from cirt.kernel.errors import Invalid, NotFound
from cirt.kernel.program import Program
from cirt.kernel.text import mark
from cirt.kernel.work import SYSTEM, Actor, Work
from cirt.objects.codec import NotEnvelope, NotJson, TooDeep, split
from cirt.parties.peers import find_peer
from cirt.plugin import Connector, ConnectorFault, Found
from cirt.sources.fetch import GuardedFetch
from cirt.sources.models import Source

log = logging.getLogger("cirt.source")

NotReadable = (NotJson, NotEnvelope, TooDeep)


class NoSuchConnector(NotFound):
    code = "no-such-connector"
    message = mark("There is no connector {name}. List them with: cirt connector list")


class ConnectorFailed(Invalid):
    code = "connector-failed"
    message = mark("{name}: {reason}")


@dataclass(frozen=True, slots=True)
class SourceRun:
    name: str
    files: int
    taken: int


def connectors() -> dict[str, type[Connector]]:
    """Every installed connector by name."""
    return {point.name: point.load() for point in entry_points(group="cirt.connectors")}


def states(work: Work) -> dict[str, Source]:
    return {source.name: source for source in work.session.scalars(sa.select(Source))}


def run_source(
    program: Program,
    actor: Actor,
    name: str,
    file: Path | None = None,
) -> SourceRun:
    """Pull what is new, or read one file; each hand-over is one transaction with its cursor.

    Raises:
        NoSuchConnector; NoSuchPeer: the source's peer is not recorded; ConnectorFailed: its own sentence, or
            the last of what could not be read; also kept for the health page. The rest was handed over.
    """
    connector, slug = _make(program, name)
    files = taken = 0
    unreadable = ""
    try:
        for found, cursor in _finds(program, connector, file):
            try:
                taken += _hand_over(program, actor, name, found, cursor, slug)
            except NotReadable as error:
                unreadable = f"{found.origin}: {error}"
                _keep(program, actor, name, cursor, unreadable)
            files += 1
    except ConnectorFault as fault:
        _keep(program, actor, name, None, str(fault))
        raise ConnectorFailed(name=name, reason=str(fault)) from fault
    log.info("source.run", extra={"source": name, "files": files, "taken": taken})
    if unreadable:
        raise ConnectorFailed(name=name, reason=unreadable)
    return SourceRun(name, files, taken)


def _hand_over(
    program: Program, actor: Actor, name: str, found: Found, cursor: str | None, slug: str
) -> int:
    """What was found and its cursor, in one transaction; how many objects were taken."""
    pieces = split(found.body)
    with program.work(actor) as work:
        arrivals = take(work, pieces, peer=find_peer(work.session, slug))
        taken = sum(arrival.outcome is Outcome.TAKEN for arrival in arrivals)
        source = _ran(work, name, cursor)
        source.error = None
        if taken:
            source.last_data_at = work.now
        work.audit("source.read", name, origin=found.origin, taken=taken)
    return taken


def _keep(program: Program, actor: Actor, name: str, cursor: str | None, error: str) -> None:
    """Note for the health page what could not be read; the cursor moves past it, the file stays."""
    with program.work(actor) as work:
        _ran(work, name, cursor).error = error


def run_configured(program: Program, actor: Actor) -> None:
    """Run every connector that has settings; one that fails is logged and does not stop the others."""
    for name in program.settings.connectors:
        try:
            run_source(program, actor, name)
        except (Invalid, NotFound) as error:
            log.warning("source.failed", extra={"source": name, "error": str(error)})
        except Exception as error:  # the boundary of a connector, which may be anybody's code
            log.exception("source.broken", extra={"source": name})
            kind = type(error).__name__
            _keep(program, actor, name, None, f"It broke off ({kind}). The log says where.")


def _make(program: Program, name: str) -> tuple[Connector, str]:
    kind = connectors().get(name)
    if kind is None:
        raise NoSuchConnector(name=name)
    settings = dict(program.settings.connectors.get(name, {}))
    slug = settings.pop("peer", "")
    if not slug:
        reason = f"say whose data this is: set peer under [connectors.{name}] in cirt.toml."
        raise ConnectorFailed(name=name, reason=reason)
    try:
        return kind(settings), slug
    except ConnectorFault as fault:
        raise ConnectorFailed(name=name, reason=str(fault)) from fault


def _finds(
    program: Program, connector: Connector, file: Path | None
) -> Iterator[tuple[Found, str | None]]:
    if file is not None:
        yield connector.read(file), None
        return
    with program.work(SYSTEM, write=False) as work:
        source = work.session.get(Source, connector.name)
        cursor = source.cursor if source else None
    yield from connector.pull(GuardedFetch(program), cursor)


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
