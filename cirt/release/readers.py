"""A peer as the reader of one collection: whether it exists for it, and what of it the gate lets through."""

from collections.abc import Collection as Some
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.among import among
from cirt.kernel.work import Work
from cirt.objects.ways import not_to_offer
from cirt.release.models import Collection, CollectionEntry, CollectionKind
from cirt.sharing.case import agreement_rule
from cirt.sharing.facts import PeerReader
from cirt.sharing.gate import allowed_versions
from cirt.sharing.models import Direction
from cirt.sharing.narrow import visible_facts

_READABLE = (CollectionKind.PUBLISHED, CollectionKind.SHARED)
_WRITABLE = (CollectionKind.INBOX, CollectionKind.SHARED)


def has_access(reader: PeerReader, now: datetime) -> bool:
    """Without an agreement in force the collections do not exist (rulings 8)."""
    return agreement_rule(reader, now) is None


def rights(kind: CollectionKind, direction: Direction | None) -> tuple[bool, bool]:
    """can_read and can_write, as the kind and the agreement's direction leave them (contract, section 6).

    A collection that a peer may neither read nor write does not exist for it.
    """
    gives = direction in (Direction.GIVE, Direction.BOTH)
    takes = direction in (Direction.TAKE, Direction.BOTH)
    return gives and kind in _READABLE, takes and kind in _WRITABLE


def may_show(reader: PeerReader, kind: CollectionKind, now: datetime) -> sa.ColumnElement[bool]:
    """On ObjectFacts and CollectionEntry; what a peer posted has no approval of ours to lean on."""
    released = visible_facts(reader, kind.value, now)
    if kind is not CollectionKind.SHARED:
        return released
    posted = visible_facts(reader, kind.value, now, posted=True, approved=False)
    return sa.or_(
        sa.and_(CollectionEntry.brought_by_id.is_(None), released),
        sa.and_(CollectionEntry.brought_by_id.is_not(None), posted),
    )


def posted_in(session: Session, collection: Collection, version_ids: Sequence[int]) -> set[int]:
    """Which of these a peer put into the collection."""
    if collection.kind is CollectionKind.PUBLISHED:
        return set()
    query = sa.select(CollectionEntry.version_id).where(
        CollectionEntry.collection_id == collection.id,
        among(CollectionEntry.version_id, version_ids),
        CollectionEntry.brought_by_id.is_not(None),
    )
    return set(session.scalars(query))


def shown(
    work: Work,
    reader: PeerReader,
    collection: Collection,
    version_ids: Sequence[int],
    *,
    recalls: Some[int] = (),
) -> frozenset[int]:
    """Which versions offered in this collection the gate lets through to this reader now."""
    return allowed_versions(
        work.session,
        reader,
        collection.kind.value,
        work.now,
        version_ids,
        posted=posted_in(work.session, collection, version_ids),
        recalls=recalls,
    )


def allowed(
    work: Work,
    reader: PeerReader,
    collection: Collection,
    version_ids: Sequence[int],
) -> frozenset[int]:
    """Which versions standing in this collection may be offered to this reader now.

    Where we relay, a version is not offered to a peer that sent it too, nor once it has passed many.
    """
    may = shown(work, reader, collection, version_ids)
    if collection.kind is not CollectionKind.PUBLISHED or not may:
        return may
    return may - not_to_offer(work.session, reader.peer_id, sorted(may))
