"""Sightings of an object, ours and those of peers, for its page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.exchange.models import Link, Outgoing
from cirt.exchange.remarks.naming import naming
from cirt.kernel.work import Work
from cirt.objects.timestamps import moment_of
from cirt.parties.models import Peer
from cirt.parties.peers import ourselves, peers
from cirt.register.witnesses import Witness, independent


@dataclass(frozen=True, slots=True)
class SentLine:
    peer: str
    sent_at: datetime | None
    is_refused: bool


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
    sent: SentLine | None


@dataclass(frozen=True, slots=True)
class Sightings:
    lines: list[SightingLine]  # the newest
    total: int
    witnesses: tuple[
        str, ...
    ]  # peers of these lines that saw it themselves; who passed it on is none


def sightings_of(work: Work, stix_id: str) -> Sightings:
    """The newest that name this object, as far as the actor may read them."""
    found, total = naming(work, stix_id, "sighting")
    sent = _sent(work.session, [each.version_id for each in found])
    us = ourselves(work.session).identity_id
    names = {peer.identity_id: peer.name for peer in peers(work.session) if peer.identity_id}
    lines = [
        SightingLine(
            stix_id=each.stix_id,
            peer=each.peer,
            slug=each.slug,
            count=each.said.get("count", 1),
            first=moment_of(each.said.get("first_seen")),
            last=moment_of(each.said.get("last_seen")),
            received_at=each.first_at,
            sent=sent.get(each.version_id),
        )
        for each in found
    ]
    said = (
        Witness(each.peer, author, names.get(author or ""))
        for each in found
        if each.peer and (author := each.said.get("created_by_ref")) != us
    )
    return Sightings(lines, total, independent(said))


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
