"""Windows on a reader's feed: the next rows that a filter admits, before the gate has seen them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from cirt.kernel.audit import AuditHead
from cirt.kernel.errors import NotFound
from cirt.kernel.prepared import Columns
from cirt.kernel.work import Work
from cirt.objects.models import ObjectFacts, ObjectVersion, StixObject
from cirt.release.filters import Filter, Shape
from cirt.release.models import (
    Collection,
    CollectionEntry,
    CollectionKind,
    Feed,
    FeedRow,
    Member,
)
from cirt.release.readers import has_access, may_show
from cirt.sharing.facts import PeerReader
from cirt.sharing.standing import BASIS, Standing

_EVERYTHING = -1  # as a limit: SQLite's word for none; PostgreSQL gets NULL


@dataclass(frozen=True, slots=True)
class Place:
    """A reader before its feed of one collection, as both stood at one moment.

    ``head_us`` is the feed's counter; ``trail_seq`` the last line of the audit trail, which moves with every
    act that changes an object's marking, origin or sector.
    """

    feed_id: int
    head_us: int
    trail_seq: int
    collection_id: int
    kind: CollectionKind
    reader: PeerReader


@dataclass(frozen=True, slots=True)
class Window:
    """Rows of a feed, column by column; ``dates`` belong to ``standing.version_ids`` one by one.

    ``is_full``: as many as were asked for, so that more may follow behind ``position_us``.
    """

    dates: list[int]
    standing: Standing
    is_full: bool
    position_us: int


def find_place(work: Work, reader: PeerReader, collection: Collection) -> Place:
    """
    Raises:
        NotFound: the collection does not exist for this reader (any more).
    """
    query = (
        sa.select(Feed.id, Feed.last_us, AuditHead.seq)
        .join(
            Member,
            sa.and_(Member.peer_id == Feed.peer_id, Member.collection_id == Feed.collection_id),
        )
        .outerjoin(AuditHead, AuditHead.id == 1)
        .where(Feed.peer_id == reader.peer_id, Feed.collection_id == collection.id)
    )
    found = work.session.execute(query).one_or_none()
    if found is None or collection.kind is CollectionKind.INBOX or not has_access(reader, work.now):
        raise NotFound
    return Place(*found, collection_id=collection.id, kind=collection.kind, reader=reader)


def look(
    work: Work,
    place: Place,
    wanted: Filter,
    start_us: int,
    limit: int | None,
    *,
    narrowed: bool = False,
) -> Window:
    """The next rows that the filter admits. Few are ever hidden, so that the gate is left to find them.

    ``narrowed``: SQL passes over them as well, so that a long run of them does not cost a look for each page.
    """
    values = {
        "feed_id": place.feed_id,
        "after_us": start_us,
        "collection_id": place.collection_id,
        "rows": _no_limit(work.connection) if limit is None else limit,
        **wanted.values(),
    }
    read = _read_narrowed if narrowed else _read
    dates, version_ids, bases, recalled, posted = read(work, place, wanted.shape, values)
    standing = Standing(
        version_ids, bases, _chosen(version_ids, posted), _chosen(version_ids, recalled)
    )
    is_full = limit is not None and len(dates) == limit
    return Window(dates, standing, is_full, dates[-1] if dates else start_us)


def _read(work: Work, place: Place, shape: Shape, values: Mapping[str, Any]) -> Sequence[list[int]]:
    return _rows(shape, place.kind).read(work.connection, values)


def _read_narrowed(
    work: Work, place: Place, shape: Shape, values: Mapping[str, Any]
) -> Sequence[list[int]]:
    """The terms of this reader stand in the statement, so that it is made for this once."""
    may = may_show(place.reader, place.kind, work.now)
    query = _query(shape, place.kind).join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
    rows = work.connection.execute(query.where(sa.or_(FeedRow.recall, may)), values).all()
    return [list(column) for column in zip(*rows, strict=True)] or [[], [], [], [], []]


def _no_limit(connection: sa.Connection) -> int | None:
    return None if connection.dialect.name == "postgresql" else _EVERYTHING


def _chosen(version_ids: list[int], flags: list[int]) -> frozenset[int]:
    if not any(flags):
        return frozenset()
    return frozenset(each for each, flag in zip(version_ids, flags, strict=True) if flag)


@lru_cache(maxsize=512)  # shapes times kinds
def _rows(shape: Shape, kind: CollectionKind) -> Columns:
    return Columns(_query(shape, kind))


def _query(shape: Shape, kind: CollectionKind) -> sa.Select[*tuple[Any, ...]]:
    """Joined with ObjectVersion and, in shared collections, CollectionEntry."""
    is_shared = kind is CollectionKind.SHARED
    posted = CollectionEntry.brought_by_id.is_not(None) if is_shared else sa.false()
    in_feed, after, by = _path(named=shape.ids)
    query = (
        sa.select(
            FeedRow.date_us,
            FeedRow.version_id,
            BASIS.label("basis"),
            sa.cast(FeedRow.recall, sa.Integer).label("recalled"),
            sa.cast(posted, sa.Integer).label("posted"),
        )
        .join(ObjectVersion, ObjectVersion.id == FeedRow.version_id)
        .where(in_feed, after, FeedRow.closed_us.is_(None), *shape.conditions())
        .order_by(by)
        .limit(sa.bindparam("rows", type_=sa.BigInteger))
    )
    if is_shared:
        entry = sa.and_(
            CollectionEntry.collection_id == sa.bindparam("collection_id", type_=sa.Integer),
            CollectionEntry.version_id == FeedRow.version_id,
        )
        query = query.outerjoin(CollectionEntry, entry)
    if shape.types:
        query = query.join(StixObject, StixObject.id == FeedRow.object_id)
    return query


def _path(
    *, named: bool
) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool], sa.ColumnElement[int]]:
    """How rows are found: along the feed, or by the objects that are named.

    Where objects are named, a planner without statistics would still walk the feed. What it sees as an
    expression it cannot use as an index, so that only the right one is left.
    """
    feed_id = sa.bindparam("feed_id", type_=sa.Integer)
    after_us = sa.bindparam("after_us", type_=sa.BigInteger)
    if named:
        date = FeedRow.date_us + 0
        return FeedRow.feed_id + 0 == feed_id, date > after_us, date
    return FeedRow.feed_id == feed_id, FeedRow.date_us > after_us, FeedRow.date_us.expression
