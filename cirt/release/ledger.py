"""The pages that are answered, written down before they leave."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from cirt.kernel.among import among_given
from cirt.kernel.inserting import insert_rows
from cirt.kernel.prepared import Prepared
from cirt.kernel.program import Program
from cirt.kernel.work import SYSTEM, Work
from cirt.release.filters import Filter
from cirt.release.models import Feed, PageRead


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
    agreement: str | None = None  # the terms that held, as ``PeerReader.agreement`` names them
    shown: tuple[int, ...] | None = (
        None  # dates of the rows, where it passed over others between them
    )


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
            "agreement": each.agreement,
            "shown": None if each.shown is None else list(each.shown),
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
