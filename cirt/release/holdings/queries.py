"""Who was offered an object and who holds which version of it, for any number of objects in as many statements as for one."""

from collections import defaultdict
from collections.abc import Collection as Some
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.among import among
from cirt.kernel.clock import from_us
from cirt.kernel.tlp import Tlp
from cirt.objects.models import ObjectFacts, ObjectVersion, StixObject
from cirt.release.filters import Filter
from cirt.release.holdings.models import Accounted, Exit, FetchedRow, HandedOut
from cirt.release.models import Feed, FeedRow, PageRead


class Version(NamedTuple):
    """A version that somebody holds, as far as the ledger tells of it."""

    version_us: int
    text: str
    revoked: bool


@dataclass(frozen=True, slots=True)
class Got:
    """One version that went to a peer: when, on which way, under which marking and agreement."""

    version_id: int
    version: Version
    at: datetime
    way: str  # of a page: its endpoint, objects or object; else the exit
    tlp: Tlp
    agreement: str | None  # MOU-2026-0001 v2; None: not known, or there was none


@dataclass(slots=True)
class Hold:
    """One object and one feed of a peer, or one of the other exits to it.

    ``since`` is the first offer (None: it was handed out and never offered); ``is_open``: some version of it, or
    its revocation, can be fetched now.
    """

    object_id: int
    peer_id: int
    collection_id: int | None
    feed_id: int | None
    exit: Exit | None = None
    since: datetime | None = None
    is_open: bool = False
    got: list[Got] = field(default_factory=list)  # oldest first
    owed: bool = False  # its revocation is offered and was not fetched

    @property
    def had_it(self) -> bool:
        """Whether any version but a revocation went there."""
        return any(not each.version.revoked for each in self.got)

    @property
    def knows(self) -> bool:
        """Whether the newest thing that went there says that it is revoked."""
        return any(each.version.revoked for each in self.got)

    @property
    def first(self) -> Got | None:
        return self.got[0] if self.got else None

    @property
    def newest(self) -> Got | None:
        return max(self.got, key=lambda each: each.version.version_us, default=None)


class _Row(NamedTuple):
    feed_id: int
    object_id: int
    date_us: int
    closed_us: int | None
    version_id: int
    facts_id: int
    recall: bool
    version: Version
    spec_version: str

    def stood_open(self, head_us: int) -> bool:
        return self.date_us <= head_us and (self.closed_us is None or self.closed_us > head_us)


def holds_of(session: Session, object_ids: Some[int]) -> dict[int, list[Hold]]:
    """By object; each by peer and collection. Objects that nobody was offered are absent."""
    session.flush()
    rows = _offers(session, object_ids)
    feeds = _feeds(session, {row.feed_id for row in rows})
    # The mark first: what is accounted for meanwhile is then found twice, and nothing is missed.
    pages = _unaccounted(session, rows)
    fetched = _accounted(session, object_ids)
    fetched |= _on_pages(session, rows, pages, fetched)
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


class _Seen(NamedTuple):
    at: datetime
    endpoint: str
    agreement: str | None
    facts_id: int


_Key = tuple[int, int]  # feed and date: a row of a feed


def _add(hold: Hold, row: _Row, seen: _Seen | None, levels: dict[int, Tlp]) -> None:
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


def _offers(session: Session, object_ids: Some[int]) -> list[_Row]:
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
        _Row(
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


def _unaccounted(session: Session, rows: Sequence[_Row]) -> list[PageRead]:
    """Of those the ones that may show any of these rows."""
    if not rows:
        return []
    query = (
        sa.select(PageRead)
        .select_from(Feed)
        .outerjoin(Accounted, Accounted.feed_id == Feed.id)
        .join(
            PageRead,
            sa.and_(
                PageRead.feed_id == Feed.id,
                PageRead.id > sa.func.coalesce(Accounted.page_id, 0),
            ),
        )
        .where(
            among(Feed.id, {row.feed_id for row in rows}),
            PageRead.from_us < rows[-1].date_us,
            PageRead.to_us >= rows[0].date_us,
        )
        .order_by(PageRead.id)
    )
    return list(session.scalars(query))


def _accounted(session: Session, object_ids: Some[int]) -> dict[_Key, _Seen]:
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
        (row.feed_id, row.date_us): _Seen(row.at, row.endpoint, row.agreement, row.facts_id)
        for row in session.execute(query)
    }


def _on_pages(
    session: Session, rows: Sequence[_Row], pages: Sequence[PageRead], known: dict[_Key, _Seen]
) -> dict[_Key, _Seen]:
    """What the pages showed that are not accounted for yet, and was not known before."""
    if not pages:
        return {}
    names = _names(session, {row.object_id for row in rows})
    together: dict[tuple[int, int], list[_Row]] = defaultdict(list)
    for row in rows:
        together[row.feed_id, row.object_id].append(row)
    found: dict[_Key, _Seen] = {}
    for (feed_id, object_id), mine in together.items():
        stix_id, kind = names[object_id]
        for page in pages:
            if page.feed_id != feed_id:
                continue
            for row in _shown(page, mine, stix_id, kind):
                key = feed_id, row.date_us
                if key not in known:
                    seen = _Seen(page.at, page.endpoint, page.agreement, row.facts_id)
                    found.setdefault(key, seen)
    return found


def _shown(page: PageRead, rows: Sequence[_Row], stix_id: str, kind: str) -> list[_Row]:
    """The rows of one object that this page showed: as the feed stood at its ``head_us``."""
    wanted = Filter.from_data(page.filters)
    standing = [row for row in rows if row.stood_open(page.head_us)]
    if not standing or not wanted.admits_object(stix_id, kind):
        return []
    oldest = min(row.version.version_us for row in standing)
    newest = max(row.version.version_us for row in standing)
    return [
        row
        for row in standing
        if page.from_us < row.date_us <= page.to_us
        and wanted.admits_version(
            row.version.version_us,
            row.spec_version,
            is_first=row.version.version_us == oldest,
            is_last=row.version.version_us == newest,
        )
    ]


def _names(session: Session, object_ids: set[int]) -> dict[int, tuple[str, str]]:
    query = sa.select(StixObject.id, StixObject.stix_id, StixObject.type)
    rows = session.execute(query.where(among(StixObject.id, object_ids)))
    return {row.id: (row.stix_id, row.type) for row in rows}


def _levels(session: Session, facts_ids: set[int]) -> dict[int, Tlp]:
    query = sa.select(ObjectFacts.id, ObjectFacts.tlp).where(among(ObjectFacts.id, facts_ids))
    return {row.id: row.tlp for row in session.execute(query)}


def _handed(session: Session, object_ids: Some[int]) -> list[Hold]:
    """One for each object, peer and exit."""
    query = (
        sa.select(HandedOut, ObjectFacts.tlp, *_VERSION)
        .join(ObjectVersion, ObjectVersion.id == HandedOut.version_id)
        .join(ObjectFacts, ObjectFacts.id == HandedOut.facts_id)
        .where(among(HandedOut.object_id, object_ids))
        .order_by(HandedOut.at, HandedOut.id)
    )
    holds: dict[tuple[int, int, Exit], Hold] = {}
    for row in session.execute(query):
        out: HandedOut = row.HandedOut
        hold = holds.setdefault(
            (out.object_id, out.peer_id, out.exit),
            Hold(out.object_id, out.peer_id, None, None, out.exit),
        )
        version = Version(row.version_us, row.version_text, row.revoked)
        got = Got(out.version_id, version, out.at, out.exit.value, row.tlp, out.agreement)
        hold.got.append(got)
    return list(holds.values())
