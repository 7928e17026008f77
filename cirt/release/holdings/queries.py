"""Who was offered an object and who holds which version of it, for any number of objects in as many statements as for one."""

from collections import defaultdict
from collections.abc import Collection as Some

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from cirt.kernel.among import among
from cirt.kernel.clock import from_us
from cirt.kernel.tlp import Tlp
from cirt.objects.models import ObjectFacts, ObjectVersion
from cirt.release.holdings.holds import Got, Hold, Version
from cirt.release.holdings.models import Exit, FetchedRow, HandedOut
from cirt.release.holdings.unaccounted import Key, Offer, Seen, seen_on, unaccounted
from cirt.release.models import Feed, FeedRow, PageRead


def holds_of(session: Session, object_ids: Some[int]) -> dict[int, list[Hold]]:
    """By object; each by peer and collection. Objects that nobody was offered are absent."""
    session.flush()
    rows = _offers(session, object_ids)
    feeds = _feeds(session, {row.feed_id for row in rows})
    # The mark first: what is accounted for meanwhile is then found twice, and nothing is missed.
    pages = unaccounted(session, rows)
    fetched = _accounted(session, object_ids)
    fetched |= seen_on(session, rows, pages, fetched)
    holds: dict[tuple[int, int], Hold] = {}
    levels = _levels(session, {each.facts_id for each in fetched.values()})
    for row in rows:
        feed = feeds[row.feed_id]
        hold = holds.setdefault(
            (row.object_id, row.feed_id),
            Hold(row.object_id, feed.peer_id, feed.collection_id, feed.id),
        )
        _add(hold, row, fetched.get((row.feed_id, row.date_us)), levels)
    found: dict[int, list[Hold]] = defaultdict(list)
    for hold in holds.values():
        hold.got.sort(key=lambda each: each.at)
        found[hold.object_id].append(hold)
    for hold in _handed(session, object_ids):
        found[hold.object_id].append(hold)
    return dict(found)


def _add(hold: Hold, row: Offer, seen: Seen | None, levels: dict[int, Tlp]) -> None:
    since = from_us(row.date_us)
    if not row.recall:
        hold.since = min(since, hold.since or since)
    hold.is_open |= row.closed_us is None
    if seen is not None:
        said = seen.at, seen.endpoint, levels[seen.facts_id], seen.agreement
        hold.got.append(Got(row.version_id, row.version, *said))
    elif row.recall and row.closed_us is None:
        hold.owed = True


_VERSION = (
    ObjectVersion.facts_id,
    ObjectVersion.version_us,
    ObjectVersion.version_text,
    ObjectVersion.revoked,
    ObjectVersion.spec_version,
)


def _offers(session: Session, object_ids: Some[int]) -> list[Offer]:
    query = (
        sa.select(
            FeedRow.feed_id,
            FeedRow.object_id,
            FeedRow.date_us,
            FeedRow.closed_us,
            FeedRow.version_id,
            FeedRow.recall,
            *_VERSION,
        )
        .join(ObjectVersion, ObjectVersion.id == FeedRow.version_id)
        .where(among(FeedRow.object_id, object_ids))
        .order_by(FeedRow.date_us, FeedRow.feed_id)
    )
    return [
        Offer(
            row.feed_id,
            row.object_id,
            row.date_us,
            row.closed_us,
            row.version_id,
            row.facts_id,
            row.recall,
            Version(row.version_us, row.version_text, row.revoked),
            row.spec_version,
        )
        for row in session.execute(query)
    ]


def _feeds(session: Session, feed_ids: set[int]) -> dict[int, Feed]:
    query = sa.select(Feed).where(among(Feed.id, feed_ids))
    return {each.id: each for each in session.scalars(query)}


def _accounted(session: Session, object_ids: Some[int]) -> dict[Key, Seen]:
    query = (
        sa.select(
            FetchedRow.feed_id,
            FetchedRow.date_us,
            FetchedRow.facts_id,
            PageRead.at,
            PageRead.endpoint,
            PageRead.agreement,
        )
        .join(PageRead, PageRead.id == FetchedRow.page_id)
        .where(among(FetchedRow.object_id, object_ids))
    )
    return {
        (row.feed_id, row.date_us): Seen(row.at, row.endpoint, row.agreement, row.facts_id)
        for row in session.execute(query)
    }


def _levels(session: Session, facts_ids: set[int]) -> dict[int, Tlp]:
    query = sa.select(ObjectFacts.id, ObjectFacts.tlp).where(among(ObjectFacts.id, facts_ids))
    return {row.id: row.tlp for row in session.execute(query)}


def _handed(session: Session, object_ids: Some[int]) -> list[Hold]:
    """One for each object, peer and exit; by mail, for each person there."""
    as_now = aliased(ObjectFacts)
    query = (
        sa.select(HandedOut, ObjectFacts.tlp, as_now.tlp.label("tlp_now"), *_VERSION)
        .join(ObjectVersion, ObjectVersion.id == HandedOut.version_id)
        .join(ObjectFacts, ObjectFacts.id == HandedOut.facts_id)
        .join(as_now, as_now.id == ObjectVersion.facts_id)
        .where(among(HandedOut.object_id, object_ids))
        .order_by(HandedOut.at, HandedOut.id)
    )
    holds: dict[tuple[int, int, Exit, str | None], Hold] = {}
    for row in session.execute(query):
        out: HandedOut = row.HandedOut
        hold = holds.setdefault(
            (out.object_id, out.peer_id, out.exit, out.person),
            Hold(out.object_id, out.peer_id, None, None, out.exit, out.person),
        )
        version = Version(row.version_us, row.version_text, row.revoked)
        said = out.at, out.exit.value, row.tlp, out.agreement
        is_sealed = out.exit is Exit.MAIL and Tlp.RED in (row.tlp, row.tlp_now)
        hold.got.append(Got(out.version_id, version, *said, is_sealed))
    return list(holds.values())
