"""Pages of a reader's feed, and what a peer removes from a collection."""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.among import among
from cirt.kernel.db import read_numbers
from cirt.kernel.errors import NotFound
from cirt.kernel.work import Work
from cirt.objects.models import ObjectFacts, ObjectVersion, StixObject
from cirt.parties.models import Peer
from cirt.release.errors import NoSuchObject, RemovalRefused
from cirt.release.filters import Filter
from cirt.release.ledger import Reading
from cirt.release.models import (
    Collection,
    CollectionEntry,
    CollectionKind,
    Feed,
    FeedRow,
    Member,
)
from cirt.release.offers import close_rows, feeds_of, lock_collections
from cirt.release.readers import has_access, may_show
from cirt.sharing.gate import (
    ReleasedTogether,
    allowed_versions,
    peer_reader,
    release_together,
)
from cirt.sharing.rules import PeerReader

__all__ = ["Filter", "Page", "Record", "Row", "holds", "page", "records", "remove_object"]

WITH_OBJECTS = frozenset({"objects", "object"})  # endpoints whose pages carry bytes


class Row(NamedTuple):
    date_us: int
    version_id: int


class Record(NamedTuple):
    """What manifests and versions say of a row."""

    date_us: int
    stix_id: str
    version_text: str
    version_id: int


@dataclass(frozen=True, slots=True)
class Page:
    """``position_us`` is where the next page begins; it may lie behind the last row shown.

    ``reading`` is what the ledger must know of a page with objects before it leaves (``record_page``).
    """

    rows: list[Row]
    more: bool
    position_us: int
    objects: list[ReleasedTogether] = field(default_factory=list)  # one after the other
    reading: Reading | None = None


@dataclass(frozen=True, slots=True)
class _Window:
    """Rows of a feed before the gate has seen them. ``posted``: a peer put the version there."""

    rows: list[Row]
    recalls: frozenset[int]
    posted: frozenset[int]
    more: bool
    position_us: int


@dataclass(frozen=True, slots=True)
class _Place:
    """Whose feed of which collection, and its counter."""

    feed_id: int
    last_us: int
    reader: PeerReader
    collection: Collection


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

    A reading unit of work, so that all is of one moment. A page with objects may leave only after its
    ``reading`` has been written to the ledger and committed.

    Raises:
        NotFound: the collection does not exist for this reader (any more).
    """
    place = _place(work, reader, collection)
    start_us = _start(wanted, after_us)
    rows: list[Row] = []
    objects: list[ReleasedTogether] = []
    position_us, more = start_us, start_us < place.last_us
    while more and len(rows) < limit:
        is_first = position_us == start_us
        missing = limit - len(rows)
        window = _look(work, place, wanted, position_us, missing, narrowed=not is_first)
        if endpoint in WITH_OBJECTS:
            objects.append(_with_bytes(work, place, window))
            shown: Container[int] = frozenset(objects[-1].version_ids)
        else:
            shown = _allowed(work, place, window)
        rows += [row for row in window.rows if row.version_id in shown]
        position_us, more = window.position_us, window.more
    if not rows or endpoint not in WITH_OBJECTS:
        return Page(rows, more, position_us)
    reading = Reading(
        place.feed_id, endpoint, wanted, limit, start_us, position_us, place.last_us, len(rows)
    )
    return Page(rows, more, position_us, objects, reading)


def records(work: Work, rows: Sequence[Row]) -> list[Record]:
    """What manifests and versions say of these rows."""
    query = (
        sa.select(ObjectVersion.id, StixObject.stix_id, ObjectVersion.version_text)
        .join(StixObject, StixObject.id == ObjectVersion.object_id)
        .where(among(ObjectVersion.id, [row.version_id for row in rows]))
    )
    said = {row.id: (row.stix_id, row.version_text, row.id) for row in work.session.execute(query)}
    return [Record(row.date_us, *said[row.version_id]) for row in rows]


def holds(work: Work, reader: PeerReader, collection: Collection, stix_id: str) -> bool:
    """Whether the collection has any version of this object, for this reader."""
    every = Filter(ids=(stix_id,), versions=("all",))
    return bool(_all_rows(work, reader, collection, every))


def _start(wanted: Filter, after_us: int | None) -> int:
    if after_us is not None:
        return after_us
    return -1 if wanted.added_after_us is None else wanted.added_after_us


def _place(work: Work, reader: PeerReader, collection: Collection) -> _Place:
    if not has_access(reader, work.now):
        raise NotFound
    query = (
        sa.select(Feed.id, Feed.last_us)
        .join(
            Member,
            sa.and_(Member.peer_id == Feed.peer_id, Member.collection_id == Feed.collection_id),
        )
        .where(Feed.peer_id == reader.peer_id, Feed.collection_id == collection.id)
    )
    found = work.session.execute(query).one_or_none()
    if found is None or collection.kind is CollectionKind.INBOX:
        raise NotFound
    return _Place(found.id, found.last_us, reader, collection)


def _look(
    work: Work,
    place: _Place,
    wanted: Filter,
    start_us: int,
    limit: int | None,
    *,
    narrowed: bool = False,
) -> _Window:
    """The next rows that the filter admits. Few are ever hidden, so that the gate is left to find them.

    ``narrowed``: SQL passes over them as well, so that a long run of them does not cost a look for each page.
    """
    is_shared = place.collection.kind is CollectionKind.SHARED
    posted = CollectionEntry.brought_by_id.is_not(None) if is_shared else sa.false()
    in_feed, after, by = _path(place.feed_id, start_us, named=bool(wanted.ids))
    query = (
        sa.select(
            FeedRow.date_us,
            FeedRow.version_id,
            FeedRow.recall,
            posted.label("posted"),
        )
        .join(ObjectVersion, ObjectVersion.id == FeedRow.version_id)
        .outerjoin(
            CollectionEntry,
            sa.and_(
                CollectionEntry.collection_id == place.collection.id,
                CollectionEntry.version_id == FeedRow.version_id,
            ),
        )
        .where(in_feed, after, FeedRow.closed_us.is_(None), *wanted.conditions())
        .order_by(by)
    )
    if wanted.types:
        query = query.join(StixObject, StixObject.id == FeedRow.object_id)
    if narrowed:
        may = may_show(place.reader, place.collection, work.now)
        query = query.join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
        query = query.where(sa.or_(FeedRow.recall.is_(True), may))
    found = read_numbers(work.session, query.limit(None if limit is None else limit + 1))
    taken = found[:limit]
    return _Window(
        rows=[Row(each[0], each[1]) for each in taken],
        recalls=frozenset(each[1] for each in taken if each[2]),
        posted=frozenset(each[1] for each in taken if each[3]),
        more=len(found) > len(taken),
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


def _allowed(work: Work, place: _Place, window: _Window) -> frozenset[int]:
    """Versions of which the gate says yes."""
    return allowed_versions(
        work.session,
        place.reader,
        place.collection.kind.value,
        work.now,
        [row.version_id for row in window.rows],
        posted=window.posted,
        recalls=window.recalls,
    )


def _with_bytes(work: Work, place: _Place, window: _Window) -> ReleasedTogether:
    """The same, with what may leave; one question to the gate."""
    return release_together(
        work,
        place.reader,
        place.collection.kind.value,
        [row.version_id for row in window.rows],
        posted=window.posted,
        recalls=window.recalls,
    )


def _all_rows(work: Work, reader: PeerReader, collection: Collection, wanted: Filter) -> list[Row]:
    place = _place(work, reader, collection)
    window = _look(work, place, wanted, -1, None)
    shown = _allowed(work, place, window)
    return [row for row in window.rows if row.version_id in shown]


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
        versions=[each.version_text for each in records(work, rows)],
    )
    return len(rows)


def take_out(work: Work, collection: Collection, version_ids: Iterable[int]) -> None:
    """Out of a collection and of every feed made from it. The caller holds the collection."""
    gone = list(version_ids)
    work.session.execute(
        sa.delete(CollectionEntry)
        .where(
            CollectionEntry.collection_id == collection.id,
            among(CollectionEntry.version_id, gone),
        )
        .execution_options(synchronize_session=False)
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
