"""Pages of a reader's feed, and what a peer removes from a collection."""

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.errors import NotFound
from cirt.kernel.work import Work
from cirt.objects.models import ObjectFacts, ObjectVersion, StixObject
from cirt.parties.models import Peer
from cirt.release.errors import NoSuchObject, RemovalRefused
from cirt.release.filters import Filter
from cirt.release.ledger import Reading, record_page
from cirt.release.models import (
    Collection,
    CollectionEntry,
    CollectionKind,
    Feed,
    FeedRow,
    Member,
)
from cirt.release.offers import chunks, close_rows, feeds_of, lock_collections
from cirt.release.readers import allowed, has_access, may_show, posted_in
from cirt.sharing.gate import Released, peer_reader, release
from cirt.sharing.rules import PeerReader

__all__ = ["Filter", "Page", "Row", "holds", "page", "remove_object"]

WITH_OBJECTS = frozenset({"objects", "object"})  # endpoints whose pages carry bytes


@dataclass(frozen=True, slots=True)
class Row:
    date_us: int
    stix_id: str
    version_text: str
    version_id: int


@dataclass(frozen=True, slots=True)
class Page:
    """``position_us`` is where the next page begins; it may lie behind the last row shown."""

    rows: list[Row]
    more: bool
    objects: list[Released]
    position_us: int


@dataclass(frozen=True, slots=True)
class _Window:
    rows: list[Row]
    recalls: frozenset[int]
    more: bool
    head_us: int
    position_us: int


def page(
    work: Work,
    reader: PeerReader,
    collection: Collection,
    wanted: Filter,
    *,
    after_us: int | None = None,
    limit: int,
    endpoint: str,
) -> Page:
    """The rows later than ``after_us`` (of a token; else the filter's ``added_after``), oldest first.

    For the endpoints with objects the page is written to the ledger here: this is a writing unit of work, and
    the page may leave only after its commit. Nothing is written where there is nothing to give.

    Raises:
        NotFound: the collection does not exist for this reader (any more).
    """
    feed_id = _feed_id(work, reader, collection)
    start_us = _start(wanted, after_us)
    while True:
        window = _look(work, feed_id, reader, collection, wanted, start_us, limit)
        if endpoint not in WITH_OBJECTS or not window.rows:
            rows = _shown(work, reader, collection, window)
            return Page(rows, window.more, [], window.position_us)
        rows, objects = _with_bytes(work, reader, collection, window)
        made = Page(rows, window.more, objects, window.position_us)
        if not objects:
            return made
        reading = Reading(
            feed_id,
            endpoint,
            wanted,
            limit,
            start_us,
            window.position_us,
            window.head_us,
            len(objects),
        )
        if record_page(work, reading):
            return made


def holds(work: Work, reader: PeerReader, collection: Collection, stix_id: str) -> bool:
    """Whether the collection has any version of this object, for this reader."""
    every = Filter(ids=(stix_id,), versions=("all",))
    return bool(_all_rows(work, reader, collection, every))


def _start(wanted: Filter, after_us: int | None) -> int:
    if after_us is not None:
        return after_us
    return -1 if wanted.added_after_us is None else wanted.added_after_us


def _feed_id(work: Work, reader: PeerReader, collection: Collection) -> int:
    if not has_access(reader, work.now):
        raise NotFound
    query = (
        sa.select(Feed.id)
        .join(
            Member,
            sa.and_(Member.peer_id == Feed.peer_id, Member.collection_id == Feed.collection_id),
        )
        .where(Feed.peer_id == reader.peer_id, Feed.collection_id == collection.id)
    )
    found = work.session.scalar(query)
    if found is None or collection.kind is CollectionKind.INBOX:
        raise NotFound
    return found


def _look(
    work: Work,
    feed_id: int,
    reader: PeerReader,
    collection: Collection,
    wanted: Filter,
    start_us: int,
    limit: int | None,
) -> _Window:
    """One statement, so that dates and flags are of one moment."""
    in_feed, after, by = _path(feed_id, start_us, named=bool(wanted.ids))
    query = (
        sa.select(
            FeedRow.date_us,
            StixObject.stix_id,
            ObjectVersion.version_text,
            FeedRow.version_id,
            FeedRow.recall,
            Feed.last_us,
        )
        .join(Feed, Feed.id == FeedRow.feed_id)
        .join(ObjectVersion, ObjectVersion.id == FeedRow.version_id)
        .join(StixObject, StixObject.id == FeedRow.object_id)
        .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
        .outerjoin(
            CollectionEntry,
            sa.and_(
                CollectionEntry.collection_id == collection.id,
                CollectionEntry.version_id == FeedRow.version_id,
            ),
        )
        .where(
            in_feed,
            after,
            FeedRow.closed_us.is_(None),
            sa.or_(FeedRow.recall.is_(True), may_show(reader, collection, work.now)),
            *wanted.conditions(),
        )
        .order_by(by)
    )
    found = work.session.execute(query.limit(None if limit is None else limit + 1)).all()
    taken = found if limit is None else found[:limit]
    return _Window(
        rows=[Row(each[0], each[1], each[2], each[3]) for each in taken],
        recalls=frozenset(each[3] for each in taken if each[4]),
        more=len(found) > len(taken),
        head_us=found[0][5] if found else 0,
        position_us=taken[-1][0] if taken else start_us,
    )


def _path(
    feed_id: int, start_us: int, *, named: bool
) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool], sa.ColumnElement[int]]:
    """How rows are found: along the feed, or by the objects that are named.

    Where objects are named, a planner without statistics would still walk the feed. What it sees as an
    expression it cannot use as an index, so that only the right one is left.
    """
    if named:
        date = FeedRow.date_us + 0
        return FeedRow.feed_id + 0 == feed_id, date > start_us, date
    return FeedRow.feed_id == feed_id, FeedRow.date_us > start_us, FeedRow.date_us.expression


def _shown(work: Work, reader: PeerReader, collection: Collection, window: _Window) -> list[Row]:
    """Rows of which the gate says yes; SQL has narrowed, the gate has the last word."""
    asked = [row.version_id for row in window.rows]
    may = allowed(work, reader, collection, asked, recalls=window.recalls)
    return [row for row in window.rows if row.version_id in may]


def _with_bytes(
    work: Work, reader: PeerReader, collection: Collection, window: _Window
) -> tuple[list[Row], list[Released]]:
    """The same, with what may leave; one question to the gate."""
    asked = [row.version_id for row in window.rows]
    objects = release(
        work,
        reader,
        collection.kind.value,
        asked,
        posted=posted_in(work.session, collection, asked),
        recalls=window.recalls,
    )
    given = {each.version_id for each in objects}
    return [row for row in window.rows if row.version_id in given], objects


def _all_rows(work: Work, reader: PeerReader, collection: Collection, wanted: Filter) -> list[Row]:
    feed_id = _feed_id(work, reader, collection)
    window = _look(work, feed_id, reader, collection, wanted, -1, None)
    return _shown(work, reader, collection, window)


def remove_object(
    work: Work,
    peer: Peer,
    collection: Collection,
    stix_id: str,
    wanted: Filter | None = None,
) -> int:
    """TAXII DELETE: take out of a shared collection what this peer brought there; how many versions.

    Without a filter all versions. Everything is removed or nothing. The rows of feeds stay, closed; the same
    version may be posted again later and then gets a new date.

    Raises:
        NotFound: the peer sees no such object here.
        RemovalRefused: another brought one of them, or nothing can be removed here.
    """
    lock_collections(work.session, [collection.id])
    reader = peer_reader(work.session, peer.id, work.now)
    if collection.kind is CollectionKind.INBOX and has_access(reader, work.now):
        raise RemovalRefused
    chosen = wanted or Filter(versions=("all",))
    narrowed = Filter(ids=(stix_id,), versions=chosen.versions, spec_versions=chosen.spec_versions)
    rows = _all_rows(work, reader, collection, narrowed)
    if not rows:
        raise NoSuchObject(stix_id=stix_id[:300])
    version_ids = [row.version_id for row in rows]
    if not _brought_all(work.session, collection, peer, version_ids):
        raise RemovalRefused
    take_out(work, collection, version_ids)
    work.audit(
        "object.remove",
        stix_id,
        collection=collection.alias,
        versions=[row.version_text for row in rows],
    )
    return len(rows)


def take_out(work: Work, collection: Collection, version_ids: Iterable[int]) -> None:
    """Out of a collection and of every feed made from it. The caller holds the collection."""
    gone = list(version_ids)
    for part in chunks(gone):
        work.session.execute(
            sa.delete(CollectionEntry).where(
                CollectionEntry.collection_id == collection.id,
                CollectionEntry.version_id.in_(part),
            )
        )
    for feed in feeds_of(work.session, Feed.collection_id == collection.id):
        close_rows(work, feed, gone)


def _brought_all(
    session: Session, collection: Collection, peer: Peer, version_ids: list[int]
) -> bool:
    if collection.kind is not CollectionKind.SHARED:
        return False
    mine = sa.select(sa.func.count()).where(
        CollectionEntry.collection_id == collection.id,
        CollectionEntry.version_id.in_(version_ids),
        CollectionEntry.brought_by_id == peer.id,
    )
    return session.scalar(mine) == len(version_ids)
