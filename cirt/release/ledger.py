"""Who was offered what, and who fetched it: read from feeds and from the pages that were answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.among import among_given
from cirt.kernel.clock import from_us
from cirt.kernel.db import insert_rows
from cirt.kernel.prepared import Prepared
from cirt.kernel.program import Program
from cirt.kernel.work import SYSTEM, Work
from cirt.objects.models import ObjectVersion, StixObject
from cirt.release.filters import Filter
from cirt.release.models import Feed, FeedRow, PageRead


@dataclass(frozen=True, slots=True)
class Reading:
    """What a page showed, before it is written down."""

    feed_id: int
    endpoint: str
    filter: Filter
    limit: int
    from_us: int
    to_us: int
    head_us: int  # the feed's counter when it was read
    count: int


@dataclass(frozen=True, slots=True)
class Offered:
    peer_id: int
    collection_id: int
    version_id: int
    since: datetime
    until: datetime | None
    is_recall: bool


@dataclass(frozen=True, slots=True)
class Fetched:
    """The first page by which a version went to a peer."""

    peer_id: int
    collection_id: int
    feed_id: int
    version_id: int
    at: datetime
    endpoint: str


def record_together(program: Program, readings: Sequence[Reading]) -> list[bool]:
    """Write down the pages of many readers in one commit, before they leave.

    False: this one must be read again, or waits for a feed that is being changed; alone, or the others would
    wait with it.
    """
    with program.work(SYSTEM) as work:
        return [stands is True for stands in record_pages(work, readings, wait=False)]


def record_pages(
    work: Work, readings: Sequence[Reading], *, wait: bool = True
) -> list[bool | None]:
    """Write down pages that are about to leave.

    False: rows of this feed were closed since it was read, so it must be read again. Otherwise a recall
    could miss that its object is on its way. None, without ``wait``: the feed is being changed.
    """
    connection = work.connection
    feeds = [each.feed_id for each in readings]
    closings = _CLOSINGS if wait else _CLOSINGS_FREE
    closed_us = dict(closings.plain(connection, {"ids": feeds}))
    stand = [
        closed_us[each.feed_id] <= each.head_us if each.feed_id in closed_us else None
        for each in readings
    ]
    rows = [
        {
            "feed_id": each.feed_id,
            "endpoint": each.endpoint,
            "filters": each.filter.as_data(),
            "page_limit": each.limit,
            "from_us": each.from_us,
            "to_us": each.to_us,
            "head_us": each.head_us,
            "count": each.count,
            "at": work.now,
        }
        for each, stands in zip(readings, stand, strict=True)
        if stands
    ]
    if rows:
        insert_rows(connection, PageRead, rows)
    return stand


# Whoever closes rows waits for this, and then finds what was written down.
_FEEDS = sa.select(Feed.id, Feed.closed_us).where(among_given(Feed.id, "ids")).order_by(Feed.id)
_CLOSINGS = Prepared(_FEEDS.with_for_update(read=True))
_CLOSINGS_FREE = Prepared(_FEEDS.with_for_update(read=True, skip_locked=True))


def offered_to(session: Session, object_id: int) -> list[Offered]:
    """Every offer of an object, open or closed, oldest first."""
    rows = session.execute(
        sa.select(
            Feed.peer_id,
            Feed.collection_id,
            FeedRow.version_id,
            FeedRow.date_us,
            FeedRow.closed_us,
            FeedRow.recall,
        )
        .join(Feed, Feed.id == FeedRow.feed_id)
        .where(FeedRow.object_id == object_id)
        .order_by(FeedRow.date_us, Feed.id)
    )
    return [
        Offered(
            peer_id,
            collection_id,
            version_id,
            from_us(date_us),
            None if closed_us is None else from_us(closed_us),
            is_recall,
        )
        for peer_id, collection_id, version_id, date_us, closed_us, is_recall in rows
    ]


@dataclass(frozen=True, slots=True)
class _Row:
    date_us: int
    closed_us: int | None
    version_id: int
    version_us: int
    spec_version: str

    def stood_open(self, head_us: int) -> bool:
        return self.date_us <= head_us and (self.closed_us is None or self.closed_us > head_us)


def fetched_by(session: Session, object_id: int) -> list[Fetched]:
    """To whom which version went, from the pages answered; one line per feed and version."""
    stix = session.get_one(StixObject, object_id)
    feeds = session.scalars(
        sa.select(Feed).where(
            sa.exists().where(FeedRow.feed_id == Feed.id, FeedRow.object_id == object_id)
        )
    ).all()
    found: dict[tuple[int, int], Fetched] = {}
    for feed in feeds:
        rows = _rows(session, feed.id, object_id)
        for page in session.scalars(_pages_over(feed.id, rows)):
            for row in _on_page(page, rows, stix.stix_id, stix.type):
                line = Fetched(
                    feed.peer_id,
                    feed.collection_id,
                    feed.id,
                    row.version_id,
                    page.at,
                    page.endpoint,
                )
                found.setdefault((feed.id, row.version_id), line)
    return list(found.values())


def _rows(session: Session, feed_id: int, object_id: int) -> list[_Row]:
    query = (
        sa.select(
            FeedRow.date_us,
            FeedRow.closed_us,
            FeedRow.version_id,
            ObjectVersion.version_us,
            ObjectVersion.spec_version,
        )
        .join(ObjectVersion, ObjectVersion.id == FeedRow.version_id)
        .where(FeedRow.feed_id == feed_id, FeedRow.object_id == object_id)
    )
    return [_Row(*row) for row in session.execute(query)]


def _pages_over(feed_id: int, rows: Sequence[_Row]) -> sa.Select[PageRead]:
    covers = [
        sa.and_(PageRead.from_us < row.date_us, PageRead.to_us >= row.date_us) for row in rows
    ]
    return (
        sa.select(PageRead)
        .where(PageRead.feed_id == feed_id, sa.or_(sa.false(), *covers))
        .order_by(PageRead.id)
    )


def _on_page(page: PageRead, rows: Sequence[_Row], stix_id: str, kind: str) -> list[_Row]:
    """The rows of one object that this page showed: as the feed stood at its ``head_us``."""
    wanted = Filter.from_data(page.filters)
    standing = [row for row in rows if row.stood_open(page.head_us)]
    if not standing or not wanted.admits_object(stix_id, kind):
        return []
    oldest = min(row.version_us for row in standing)
    newest = max(row.version_us for row in standing)
    return [
        row
        for row in standing
        if page.from_us < row.date_us <= page.to_us
        and wanted.admits_version(
            row.version_us,
            row.spec_version,
            is_first=row.version_us == oldest,
            is_last=row.version_us == newest,
        )
    ]
