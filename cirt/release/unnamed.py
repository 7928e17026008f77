"""Definitions that nothing open in a feed names any more: with what named them they are offered no longer."""

from collections.abc import Collection as Some

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.among import among
from cirt.kernel.work import Work
from cirt.objects.models import ObjectFacts, ObjectVersion, StixObject
from cirt.release.company import definitions_named, going_along
from cirt.release.models import Feed, FeedRow
from cirt.release.offers import close_rows


def close_unnamed(work: Work, feed: Feed, collection_id: int, closed: Some[int]) -> int:
    """After these have been closed, and whatever takes their place was offered: how many definitions were closed too."""
    named = definitions_named(work.session, closed) if closed else []
    if not named:
        return 0
    company = going_along(work.session, collection_id)
    left = [each for each in named if each in company and not _is_named(work.session, feed, each)]
    return close_rows(work, feed, left) if left else 0


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
