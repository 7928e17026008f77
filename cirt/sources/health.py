"""How each connector in use goes: the same facts as of a link."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.exchange.health import Health
from cirt.exchange.watching.alerts import standing
from cirt.exchange.watching.days import Counts, source_line
from cirt.exchange.watching.models import AlertKind
from cirt.exchange.watching.queries import RunLine
from cirt.exchange.watching.reasons import reasons_of
from cirt.exchange.watching.rules import Line
from cirt.exchange.watching.telling import Came, Told, tell_reading
from cirt.kernel.clock import from_us, to_us
from cirt.parties.models import Peer
from cirt.register.pages import Order, Page, Query, read_page
from cirt.sources.account import EVERY_S
from cirt.sources.models import Source, SourceRunRow

_IN_VAIN = (Came.NOTHING_TAKEN, Came.NO_PLACE)


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """``error`` is in the connector's own words; empty where nothing is wrong.

    ``last_run`` of one that has never brought anything is the last that read something, so that runs which found
    nothing new do not hide what became of it.
    """

    name: str
    peer: str  # slug of whose data it is; empty for mails
    health: Health
    last_run_at: datetime | None
    last_success_at: datetime | None
    last_data_at: datetime | None
    last_run: SourceRunRow | None
    error: str = ""

    @property
    def line(self) -> str:
        return source_line(self.name)

    @property
    def told(self) -> Told | None:
        """What the last run came to; None while there is none, it is under way, or it failed."""
        return _told(self.last_run, self.last_data_at)


def source_health(
    session: Session, configured: Mapping[str, Mapping[str, str]]
) -> list[SourceHealth]:
    """Every connector in use, by name. Four queries, however many there are."""
    states = _states(session, configured)
    runs = _last_runs(session, configured)
    barren = [name for name in configured if name in states and not states[name].last_data_at]
    runs |= {
        name: read
        for name, read in _last_runs(session, barren, SourceRunRow.files > 0).items()
        if _is_empty(runs[name])
    }
    silent = {one.line for one in standing(session) if one.kind is AlertKind.SILENT}
    found = []
    for name in sorted(configured):
        state, run = states.get(name), runs.get(name)
        is_silent = source_line(name) in silent
        found.append(
            SourceHealth(
                name=name,
                peer=configured[name].get("peer", ""),
                health=_word(state, run, is_silent=is_silent),
                last_run_at=state.last_run_at if state else None,
                last_success_at=state.last_success_at if state else None,
                last_data_at=state.last_data_at if state else None,
                last_run=run,
                error=(state.error or "") if state else "",
            )
        )
    return found


def next_source_run(now: datetime) -> datetime:
    """When the worker runs connectors next, by itself. Pure."""
    slot = to_us(now) // 1_000_000 // EVERY_S
    return from_us((slot + 1) * EVERY_S * 1_000_000)


def source_lines(session: Session, configured: Mapping[str, Mapping[str, str]]) -> list[Line]:
    """Every connector in use as alerts see it; one that has never run cannot be late yet."""
    states, begun = _states(session, configured), _first_runs(session, configured)
    peers = dict(session.execute(sa.select(Peer.slug, Peer.id)).all())
    return [
        Line(
            key=source_line(name),
            name=name,
            peer_id=peers.get(configured[name].get("peer", "")),
            every_s=EVERY_S,
            is_at_work=True,
            brings_data=True,
            is_in_trouble=bool(state.error),
            since=begun[name],
            last_success_at=state.last_success_at,
            last_data_at=state.last_data_at,
        )
        for name, state in states.items()
        if name in begun
    ]


def _first_runs(session: Session, names: Iterable[str]) -> dict[str, datetime]:
    """When each ran first, of the runs that are kept."""
    rows = SourceRunRow
    first = (
        sa.select(sa.func.min(rows.id)).where(rows.source.in_(list(names))).group_by(rows.source)
    )
    query = sa.select(rows.source, rows.started_at).where(rows.id.in_(first))
    return dict(session.execute(query).all())


def _states(session: Session, names: Iterable[str]) -> dict[str, Source]:
    query = sa.select(Source).where(Source.name.in_(list(names)))
    return {source.name: source for source in session.scalars(query)}


def _last_runs(
    session: Session, names: Iterable[str], *such: sa.ColumnElement[bool]
) -> dict[str, SourceRunRow]:
    newest = (
        sa.select(sa.func.max(SourceRunRow.id))
        .where(SourceRunRow.source.in_(list(names)), *such)
        .group_by(SourceRunRow.source)
    )
    query = sa.select(SourceRunRow).where(SourceRunRow.id.in_(newest))
    return {run.source: run for run in session.scalars(query)}


def _is_empty(run: SourceRunRow) -> bool:
    return run.ended_at is not None and not run.error and not run.files


def _word(state: Source | None, run: SourceRunRow | None, *, is_silent: bool) -> Health:
    if state is None:
        return Health.NEW
    if state.error:
        return Health.TROUBLE
    if is_silent:
        return Health.SILENT
    told = _told(run, state.last_data_at)
    return Health.NOTHING_TAKEN if told and told.came in _IN_VAIN else Health.GOOD


def _told(run: SourceRunRow | None, since: datetime | None) -> Told | None:
    if run is None or run.ended_at is None or run.error:
        return None
    if run.left_out and not run.offered:
        return Told(Came.NO_PLACE)
    return tell_reading(Counts(run.offered, run.taken, run.known, run.held, run.refused), since)


def source_run_page(session: Session, name: str, cursor: str | None) -> Page[RunLine]:
    """Of one connector, the youngest first."""
    query: Query = sa.select(SourceRunRow).where(SourceRunRow.source == name)
    order = Order(SourceRunRow.started_at, SourceRunRow.id, newest_first=True)
    return read_page(session, query, order, cursor).of(lambda row: _run_line(row[0]))


def _run_line(run: SourceRunRow) -> RunLine:
    return RunLine(
        run.id,
        run.started_at,
        run.ended_at,
        run.offered,
        run.taken,
        run.known,
        run.held,
        run.refused,
        reasons_of(run.reasons),
        "{words}" if run.error else "",
        {"words": run.error or ""},
    )
