"""A revocation that the author of an object sent: it goes on to those who had the object, as far as the gate lets its bytes."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from cirt.kernel.among import among
from cirt.kernel.work import Work
from cirt.objects.models import ObjectVersion
from cirt.release.company import definitions_named
from cirt.release.handing.models import HandoverVersion
from cirt.release.handing.service import prepare_recall
from cirt.release.holdings.queries import holds_of
from cirt.release.locks import feeds_of, lock_collections
from cirt.release.models import Collection, CollectionEntry, Feed
from cirt.release.offers import candidates, offer
from cirt.release.readers import allowed, has_access
from cirt.release.recalling.models import Recall, RecallKind
from cirt.release.recalling.releases import recall_proposals
from cirt.release.recalling.withdrawing import close_released
from cirt.release.recalling.writing import note_recall
from cirt.sharing.queries import peer_reader


def pass_on(work: Work, version_ids: Sequence[int]) -> None:
    """``version_ids`` are revocations by their authors that were taken just now.

    The earlier versions that we released close at once. The revocation gets a row in the feeds by which they went, and
    nowhere else; the gate judges its bytes at each request, as any other object's. Named persons who had it by mail are
    told by mail. What its author itself posted in a shared collection is its own business there.
    """
    found = _released(work, version_ids)
    if not found:
        return
    feeds_by_object = _feeds_that_had(work, list(found.values()))
    close_released(work, found.values())
    for version_id, object_id in sorted(found.items()):
        told = set()
        named = definitions_named(work.session, [version_id])
        for feed in feeds_of(work.session, Feed.id.in_(feeds_by_object.get(object_id, set()))):
            if not _may_have(work, feed, version_id):
                continue
            along = [each for each in named if _may_have(work, feed, each)]
            offer(work, feed, candidates(work.session, along))  # as with what is ours
            offer(work, feed, candidates(work.session, [version_id]), recall=True)
            told.add(feed.peer_id)
        note_recall(work, object_id, RecallKind.PASSED_ON, "", version_id)
        recall_proposals(work, object_id)
        facts = {"told": sorted(told), "persons": prepare_recall(work, object_id, version_id)}
        work.audit("recall.pass-on", f"object-{object_id}", **facts)


def _may_have(work: Work, feed: Feed, version_id: int) -> bool:
    """What a reader may not have is not offered: a page that passed over it would count as its telling.

    Whoever is not let in at all finds it on return, as far as the gate lets it then.
    """
    reader = peer_reader(work.session, feed.peer_id, work.now)
    if not has_access(reader, work.now):
        return True
    collection = work.session.get_one(Collection, feed.collection_id)
    return version_id in allowed(work, reader, collection, [version_id])


def _released(work: Work, version_ids: Sequence[int]) -> dict[int, int]:
    """Of these the ones whose object stands in a collection by our release, or was to go to somebody by mail."""
    stands = sa.exists().where(
        CollectionEntry.object_id == ObjectVersion.object_id,
        CollectionEntry.brought_by_id.is_(None),
    )
    earlier = aliased(ObjectVersion)
    mailed = (
        sa.exists()
        .where(
            earlier.object_id == ObjectVersion.object_id, HandoverVersion.version_id == earlier.id
        )
        .correlate(ObjectVersion)
    )
    query = sa.select(ObjectVersion.id, ObjectVersion.object_id).where(
        among(ObjectVersion.id, version_ids),
        ObjectVersion.revoked.is_(True),
        sa.or_(stands, mailed),
        ~sa.exists().where(Recall.version_id == ObjectVersion.id),  # not once more
    )
    return {row[0]: row[1] for row in work.session.execute(query)}


def _feeds_that_had(work: Work, object_ids: Sequence[int]) -> dict[int, set[int]]:
    """By object, the feeds by whose pages it went; held, so that no page goes by meanwhile."""
    entries = sa.select(CollectionEntry.collection_id).where(
        among(CollectionEntry.object_id, object_ids)
    )
    lock_collections(work.session, set(work.session.scalars(entries)))
    offered = {
        hold.feed_id
        for holds in holds_of(work.session, object_ids).values()
        for hold in holds
        if hold.feed_id is not None
    }
    feeds_of(work.session, Feed.id.in_(offered))
    return {
        object_id: {hold.feed_id for hold in holds if hold.feed_id is not None and hold.had_it}
        for object_id, holds in holds_of(work.session, object_ids).items()
    }
