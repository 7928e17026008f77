"""What pages show of the exchange: sightings of an object, quarantine, when a link tries next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.exchange import trouble
from cirt.exchange.health import Health, LinkHealth
from cirt.exchange.models import Link, LinkState, Outcome, Outgoing, Quarantined
from cirt.kernel.clock import from_us, to_us
from cirt.kernel.work import Work
from cirt.objects import codec
from cirt.objects.models import ObjectEnd, ObjectFacts, ObjectVersion, StixObject
from cirt.objects.timestamps import parse_us
from cirt.parties.models import Peer
from cirt.register.pages import Order, Page, Query, read_page
from cirt.sharing.gate import release
from cirt.sharing.narrow import visible_facts
from cirt.sharing.queries import staff_reader

_SHOWN = 25


@dataclass(frozen=True, slots=True)
class SightingLine:
    """``peer`` None: our own. ``sent`` is where our own went or waits to go."""

    stix_id: str
    peer: str | None
    slug: str | None
    count: int
    first: datetime | None
    last: datetime | None
    received_at: datetime
    sent: "SentLine | None"


@dataclass(frozen=True, slots=True)
class SentLine:
    peer: str
    sent_at: datetime | None
    is_refused: bool


@dataclass(frozen=True, slots=True)
class Sightings:
    lines: list[SightingLine]  # the newest
    total: int


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


def sightings_of(work: Work, stix_id: str) -> Sightings:
    """The newest that name this object, as far as the actor may read them."""
    shown = visible_facts(staff_reader(work.actor), None, work.now)
    query = (
        sa.select(
            StixObject.newest_id,
            StixObject.first_at,
            Peer.name,
            Peer.slug,
            sa.func.count().over().label("total"),
        )
        .join(ObjectVersion, ObjectVersion.id == StixObject.newest_id)
        .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
        .join(ObjectEnd, ObjectEnd.version_id == StixObject.newest_id)
        .outerjoin(Peer, Peer.id == StixObject.brought_by_id)
        .where(
            ObjectEnd.stix_id == stix_id,
            StixObject.type == "sighting",
            StixObject.revoked.is_(False),
            shown,
        )
        .order_by(StixObject.newest_us.desc(), StixObject.id.desc())
        .limit(_SHOWN)
    )
    rows = {row.newest_id: row for row in work.session.execute(query)}
    sent = _sent(work.session, list(rows))
    lines = []
    for each in release(work, staff_reader(work.actor), None, list(rows)):
        row, read = rows[each.version_id], codec.read(each.body)
        if isinstance(read, codec.Refusal):
            continue
        said = read.content()
        lines.append(
            SightingLine(
                stix_id=each.stix_id,
                peer=row.name,
                slug=row.slug,
                count=said.get("count", 1),
                first=_moment(said.get("first_seen")),
                last=_moment(said.get("last_seen")),
                received_at=row.first_at,
                sent=sent.get(each.version_id),
            )
        )
    return Sightings(lines, next((row.total for row in rows.values()), 0))


def _sent(session: Session, version_ids: Sequence[int]) -> dict[int, SentLine]:
    query = (
        sa.select(Outgoing.version_id, Peer.name, Outgoing.sent_at, Outgoing.failure)
        .join(Link, Link.id == Outgoing.link_id)
        .join(Peer, Peer.id == Link.peer_id)
        .where(Outgoing.version_id.in_(version_ids))
        .order_by(Outgoing.id)
    )
    return {
        row.version_id: SentLine(row.name, row.sent_at, row.failure is not None)
        for row in session.execute(query)
    }


def _moment(text: str | None) -> datetime | None:
    moment_us = parse_us(text) if text else None
    return None if moment_us is None else from_us(moment_us)


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
    """When the worker asks for the next run by itself; None while the link rests."""
    if link.health is Health.RESTING:
        return None
    shift_s = 7 * link.id  # as links spread their slots
    seconds = to_us(now) // 1_000_000 + shift_s
    slot = from_us(((seconds // link.every_s + 1) * link.every_s - shift_s) * 1_000_000)
    if link.error != trouble.PeerBusy.code or link.last_run_at is None:
        return slot
    told = link.last_run_at + timedelta(seconds=min(float(link.values.get("wait_s", 0)), 86_400))
    return max(slot, told)


def links_in_trouble() -> sa.Select[int]:
    """To be counted beside the section's name."""
    return (
        sa.select(Link.id)
        .join(Peer, Peer.id == Link.peer_id)
        .where(Link.state == LinkState.ACTIVE, Link.error.is_not(None), Peer.state == "active")
    )
