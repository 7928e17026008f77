"""By which way versions came, and from whom else: what is kept beside each (sharing digest, section 6)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.among import among
from cirt.kernel.inserting import insert_new, insert_rows
from cirt.kernel.work import Work
from cirt.objects.models import AlsoSeen, ObjectFacts, ObjectVersion, Way, WayKind

MOST_PASSED = (
    4  # peers that a version has passed, as far as known, after which it is not offered on
)


@dataclass(frozen=True, slots=True)
class Passage:
    """A peer through which a version came to us, by which way and when; the first one brought it."""

    peer_id: int
    kind: WayKind | None
    collection: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Passed:
    """A version that came by more than one peer: ``peers`` are those after its bringer; definitions go along with what
    names them."""

    goes_along: bool
    peers: set[int]

    @property
    def by_many(self) -> bool:
        return not self.goes_along and 1 + len(self.peers) >= MOST_PASSED


def way_id(session: Session, peer_id: int, kind: WayKind, collection: str) -> int:
    """The number of a way; made where it is new, also when two transactions make it at once."""
    query = sa.select(Way.id).where(
        Way.peer_id == peer_id, Way.kind == kind, Way.collection == collection
    )
    found = session.scalar(query)
    if found is None:
        row = {"peer_id": peer_id, "kind": kind, "collection": collection}
        connection = session.connection()
        connection.execute(insert_new(connection, Way, "peer_id", "kind", "collection"), [row])
        found = session.scalars(query).one()
    return found


def note_also_seen(
    work: Work, version_ids: Sequence[int], peer_id: int, by_way: int | None
) -> None:
    """That this peer sent these too, once each."""
    rows = [
        {"version_id": each, "peer_id": peer_id, "way_id": by_way, "at": work.now}
        for each in dict.fromkeys(version_ids)
    ]
    insert_rows(work.session.connection(), AlsoSeen, rows, unless=["version_id", "peer_id"])


def not_to_offer(session: Session, peer_id: int, version_ids: Sequence[int]) -> set[int]:
    """Which of these, of others, this peer sent us as well, or have passed as many peers as may be.

    What is ours it may have back: nobody else makes a version of it. Definitions go wherever what names them does.
    """
    return not_for(peer_id, also_sent(session, version_ids))


def also_sent(session: Session, version_ids: Sequence[int]) -> Mapping[int, Passed]:
    """Of these, of others, those that came by more than one peer."""
    query = (
        sa.select(AlsoSeen.version_id, AlsoSeen.peer_id, ObjectFacts.companion)
        .join(ObjectVersion, ObjectVersion.id == AlsoSeen.version_id)
        .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
        .where(among(AlsoSeen.version_id, version_ids), ObjectFacts.origin_id.is_not(None))
    )
    found: dict[int, Passed] = {}
    for version_id, peer_id, goes_along in session.execute(query):
        found.setdefault(version_id, Passed(goes_along, set())).peers.add(peer_id)
    return found


def not_for(peer_id: int, sent: Mapping[int, Passed]) -> set[int]:
    """Of ``also_sent``, what is not offered to this peer."""
    return {each for each, one in sent.items() if peer_id in one.peers or one.by_many}


def passages(session: Session, version_id: int) -> list[Passage]:
    """Who sent us this version: its bringer first, then who sent it too, in the order of time."""
    query = (
        sa.select(ObjectFacts.origin_id, Way.kind, Way.collection, ObjectVersion.received_at)
        .join(ObjectVersion, ObjectVersion.facts_id == ObjectFacts.id)
        .outerjoin(Way, Way.id == ObjectVersion.way_id)
        .where(ObjectVersion.id == version_id, ObjectFacts.origin_id.is_not(None))
    )
    also = (
        sa.select(AlsoSeen.peer_id, Way.kind, Way.collection, AlsoSeen.at)
        .outerjoin(Way, Way.id == AlsoSeen.way_id)
        .where(AlsoSeen.version_id == version_id)
        .order_by(AlsoSeen.at, AlsoSeen.peer_id)
    )
    return [Passage(*row) for row in (*session.execute(query), *session.execute(also))]
