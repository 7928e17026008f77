"""What pages show of the exchange: quarantine, when a link tries next."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.exchange import trouble
from cirt.exchange.health import Health, LinkHealth
from cirt.exchange.models import Link, LinkState, Outcome, Quarantined
from cirt.exchange.watching.alerts import lines_alarmed
from cirt.kernel.clock import from_us, to_us
from cirt.parties.models import Peer
from cirt.register.pages import Order, Page, Query, read_page

_SHOWN = 25


@dataclass(frozen=True, slots=True)
class QuarantineLine:
    """``message`` is a marked sentence with {values}."""

    id: int
    outcome: Outcome
    stix_id: str | None
    version_text: str | None
    peer: str | None  # None: console import
    slug: str | None
    code: str
    message: str
    values: dict[str, Any]
    sha256: str
    at: datetime
    settled_at: datetime | None


def quarantine_page(
    session: Session,
    *,
    peer: str | None = None,
    outcome: Outcome | None = None,
    cursor: str | None = None,
) -> Page[QuarantineLine]:
    """What is not settled, the youngest first; ``peer`` is a slug."""
    query = _lines().where(Quarantined.settled_at.is_(None))
    if peer is not None:
        query = query.where(Peer.slug == peer)
    if outcome is not None:
        query = query.where(Quarantined.outcome == outcome)
    order = Order(Quarantined.at, Quarantined.id, newest_first=True)
    return read_page(session, query, order, cursor).of(_line)


def quarantine_line(session: Session, quarantined_id: int) -> QuarantineLine | None:
    row = session.execute(_lines().where(Quarantined.id == quarantined_id)).one_or_none()
    return _line(row) if row else None


def quarantine_counts(session: Session) -> dict[Outcome, int]:
    query = (
        sa.select(Quarantined.outcome, sa.func.count())
        .where(Quarantined.settled_at.is_(None))
        .group_by(Quarantined.outcome)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def _lines() -> Query:
    query: Query = sa.select(
        Quarantined.id,
        Quarantined.outcome,
        Quarantined.stix_id,
        Quarantined.version_text,
        Peer.name,
        Peer.slug,
        Quarantined.code,
        Quarantined.message,
        Quarantined.values.label("said"),
        Quarantined.sha256,
        Quarantined.at,
        Quarantined.settled_at,
    ).outerjoin(Peer, Peer.id == Quarantined.peer_id)
    return query


def _line(row: sa.Row[Any]) -> QuarantineLine:
    return QuarantineLine(
        row.id,
        row.outcome,
        row.stix_id,
        row.version_text,
        row.name,
        row.slug,
        row.code,
        row.message,
        dict(row.said),
        row.sha256,
        row.at,
        row.settled_at,
    )


def next_try(link: LinkHealth, now: datetime) -> datetime | None:
    """When the worker asks for the next run by itself; None while the link rests, or where files are carried."""
    if link.health is Health.RESTING or link.by_file:
        return None
    shift_s = 7 * link.id  # as links spread their slots
    seconds = to_us(now) // 1_000_000 + shift_s
    slot = from_us(((seconds // link.every_s + 1) * link.every_s - shift_s) * 1_000_000)
    if link.error != trouble.PeerBusy.code or link.last_run_at is None:
        return slot
    told = link.last_run_at + timedelta(seconds=min(float(link.values.get("wait_s", 0)), 86_400))
    return max(slot, told)


def lines_in_trouble() -> sa.Select[str]:
    """Links that do not work and lines with an alert, each once; to be counted beside the section's name."""
    links = (
        sa.select((sa.literal("link:") + sa.cast(Link.id, sa.String)).label("line"))
        .join(Peer, Peer.id == Link.peer_id)
        .where(Link.state == LinkState.ACTIVE, Link.error.is_not(None), Peer.state == "active")
    )
    both = sa.union(links, lines_alarmed()).subquery()
    return sa.select(both.c.line)
