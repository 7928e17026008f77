"""Brings a reader's feed into line with what it may have now: what it lost is closed, what it gained appended.

Losing a whole collection closes nothing, for no reader can pass a row meanwhile (rulings 15, 17).
"""

from collections.abc import Collection as Collected
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.among import among
from cirt.kernel.work import Work
from cirt.objects.models import ObjectVersion
from cirt.release.models import Collection, CollectionEntry, Feed, FeedRow, Member
from cirt.release.offers import Candidate, close_rows, feeds_of, lock_collections, offer
from cirt.release.readers import allowed, has_access, terms_key
from cirt.sharing.gate import peer_reader


@dataclass(frozen=True, slots=True)
class Settled:
    offered: int = 0
    closed: int = 0


def settle(
    work: Work, feed: Feed, collection: Collection, object_ids: Collected[int] | None = None
) -> Settled:
    """The caller holds the collection. Of each object the newest version that may go is offered.

    ``object_ids`` are those that it is about; None means all.
    """
    reader = peer_reader(work.session, feed.peer_id, work.now)
    if not has_access(reader, work.now):
        feed.settled_for = None  # made good when access returns
        return Settled()
    standing = _standing(work.session, collection.id, object_ids)
    offered_now = _offered_now(work.session, feed.id, object_ids)
    may = allowed(work, reader, collection, [each.version_id for each in standing])
    closed = close_rows(work, feed, offered_now - may)
    newest: dict[int, Candidate] = {}
    for each in standing:
        held = newest.get(each.object_id)
        if each.version_id in may and (held is None or held.version_us < each.version_us):
            newest[each.object_id] = each
    offered = offer(work, feed, [each for each in standing if newest.get(each.object_id) == each])
    if object_ids is None:
        feed.settled_for = terms_key(reader)
    return Settled(len(offered), closed)


def settle_objects(work: Work, object_ids: Collected[int], also_held: Collected[int] = ()) -> None:
    """After what the gate decides these by has changed: close what was lost, append what is regained.

    ``also_held`` are collections that the caller changes next: all are taken together.
    """
    standing = sa.select(CollectionEntry.collection_id).where(
        among(CollectionEntry.object_id, object_ids)
    )
    ids = set(work.session.scalars(standing.distinct()))
    lock_collections(work.session, ids | set(also_held))
    for collection_id in sorted(ids):
        collection = work.session.get_one(Collection, collection_id)
        is_member = sa.exists().where(
            Member.collection_id == Feed.collection_id, Member.peer_id == Feed.peer_id
        )
        for feed in feeds_of(work.session, Feed.collection_id == collection_id, is_member):
            settle(work, feed, collection, object_ids)


def offer_missing(work: Work, peer_id: int) -> int:
    """After a peer's agreement or state has changed: make its feeds right. How many versions were offered."""
    collections = work.session.scalars(
        sa.select(Collection)
        .join(Member)
        .where(Member.peer_id == peer_id, Collection.kind != "inbox")
        .order_by(Collection.id)
    ).all()
    lock_collections(work.session, [each.id for each in collections])
    offered = 0
    for collection in collections:
        mine = (Feed.peer_id == peer_id, Feed.collection_id == collection.id)
        for feed in feeds_of(work.session, *mine):
            settled = settle(work, feed, collection)
            offered += settled.offered
            if settled.offered or settled.closed:
                work.audit(
                    "feed.settle",
                    collection.alias,
                    peer=peer_id,
                    offered=settled.offered,
                    closed=settled.closed,
                )
    return offered


def settle_due(work: Work) -> int:
    """Settle peers whose terms came into force or changed by themselves since; for a periodic job."""
    feeds = work.session.execute(
        sa.select(Feed.peer_id, Feed.settled_for).join(
            Member,
            sa.and_(Member.peer_id == Feed.peer_id, Member.collection_id == Feed.collection_id),
        )
    )
    offered = 0
    behind: set[int] = set()
    for peer_id, settled_for in feeds:
        reader = peer_reader(work.session, peer_id, work.now)
        if has_access(reader, work.now) and settled_for != terms_key(reader):
            behind.add(peer_id)
    for peer_id in sorted(behind):
        offered += offer_missing(work, peer_id)
    return offered


def _standing(
    session: Session, collection_id: int, object_ids: Collected[int] | None
) -> list[Candidate]:
    """What stands in a collection, in the order in which it came."""
    query = (
        sa.select(ObjectVersion.id, ObjectVersion.object_id, ObjectVersion.version_us)
        .join(CollectionEntry, CollectionEntry.version_id == ObjectVersion.id)
        .where(CollectionEntry.collection_id == collection_id)
        .order_by(CollectionEntry.id)
    )
    if object_ids is not None:
        query = query.where(among(CollectionEntry.object_id, object_ids))
    return [Candidate(*row) for row in session.execute(query)]


def _offered_now(session: Session, feed_id: int, object_ids: Collected[int] | None) -> set[int]:
    """Versions open in a feed, but for recalls, which pass over marking and scope."""
    query = sa.select(FeedRow.version_id).where(
        FeedRow.feed_id == feed_id, FeedRow.closed_us.is_(None), FeedRow.recall.is_(False)
    )
    if object_ids is not None:
        query = query.where(among(FeedRow.object_id, object_ids))
    return set(session.scalars(query))
