"""Definitions that nothing open in a feed names any more: with what named them they are offered no longer."""

from collections.abc import Collection as Some

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.among import among
from cirt.kernel.work import Work
from cirt.objects.models import ObjectFacts, ObjectVersion, StixObject
from cirt.objects.resolve import DEFINITION
from cirt.release.company import definitions_named, going_along
from cirt.release.models import CollectionEntry, Feed, FeedRow
from cirt.release.offers import close_rows


def close_unnamed(work: Work, feed: Feed, collection_id: int, closed: Some[int]) -> int:
    """After these have been closed, and whatever takes their place was offered: how many definitions were closed too."""
    named = definitions_named(work.session, closed) if closed else []
    if not named:
        return 0
    company = going_along(work.session, collection_id)
    left, count = [each for each in named if each in company], 0
    while gone := [each for each in left if not _is_named(work.session, feed, each)]:
        count += close_rows(work, feed, gone)
        left = [each for each in left if each not in gone]  # one may have named another
    return count


def _is_named(session: Session, feed: Feed, version_id: int) -> bool:
    """By an open row; an id is in no other one, for all are of one length."""
    own = sa.select(StixObject.stix_id).where(StixObject.newest_id == version_id)
    stix_id = session.scalar(own) or ""
    naming = sa.select(ObjectFacts.id).where(ObjectFacts.marks.contains(stix_id))
    query = (
        sa.select(FeedRow.version_id)
        .join(ObjectVersion, ObjectVersion.id == FeedRow.version_id)
        .where(
            FeedRow.feed_id == feed.id,
            FeedRow.closed_us.is_(None),
            among(ObjectVersion.facts_id, list(session.scalars(naming))),
        )
    )
    return session.scalar(query.limit(1)) is not None


def released_naming(session: Session, collection_id: int, version_ids: Some[int]) -> dict[int, int]:
    """Versions that stand there by our release and name one of these definitions, with their objects."""
    names = (
        sa.select(StixObject.stix_id)
        .join(ObjectVersion, ObjectVersion.object_id == StixObject.id)
        .where(StixObject.type == DEFINITION, among(ObjectVersion.id, version_ids))
    )
    found: dict[int, int] = {}
    for stix_id in session.scalars(names):
        query = (
            sa.select(CollectionEntry.version_id, CollectionEntry.object_id)
            .join(ObjectVersion, ObjectVersion.id == CollectionEntry.version_id)
            .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
            .where(
                CollectionEntry.collection_id == collection_id,
                CollectionEntry.brought_by_id.is_(None),
                ObjectFacts.marks.contains(stix_id),
            )
        )
        found |= {row.version_id: row.object_id for row in session.execute(query)}
    return found
