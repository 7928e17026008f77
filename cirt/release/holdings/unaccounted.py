"""Pages that were answered and are not accounted for yet: whoever asks meanwhile looks through these few."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.among import among
from cirt.objects.models import StixObject
from cirt.release.filters import Filter
from cirt.release.holdings.holds import Version
from cirt.release.holdings.models import Accounted
from cirt.release.models import Feed, PageRead


class Offer(NamedTuple):
    """A row of a feed with its version."""

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


class Seen(NamedTuple):
    """The page by which a row went."""

    at: datetime
    endpoint: str
    agreement: str | None
    facts_id: int


Key = tuple[int, int]  # feed and date: a row of a feed


def unaccounted(session: Session, rows: Sequence[Offer]) -> list[PageRead]:
    """The pages behind the mark that may show any of these rows, which are in the order of their dates; in order."""
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


def seen_on(
    session: Session, rows: Sequence[Offer], pages: Sequence[PageRead], known: dict[Key, Seen]
) -> dict[Key, Seen]:
    """What the pages showed that are not accounted for yet, and was not known before."""
    if not pages:
        return {}
    names = _names(session, {row.object_id for row in rows})
    together: dict[tuple[int, int], list[Offer]] = defaultdict(list)
    for row in rows:
        together[row.feed_id, row.object_id].append(row)
    of_feed: dict[int, list[PageRead]] = defaultdict(list)
    for page in pages:
        of_feed[page.feed_id].append(page)
    found: dict[Key, Seen] = {}
    for (feed_id, object_id), mine in together.items():
        for page in of_feed[feed_id]:
            for row in _shown(page, mine, *names[object_id]):
                key = feed_id, row.date_us
                if key not in known:
                    seen = Seen(page.at, page.endpoint, page.agreement, row.facts_id)
                    found.setdefault(key, seen)
    return found


def _shown(page: PageRead, rows: Sequence[Offer], stix_id: str, kind: str) -> list[Offer]:
    """The rows of one object that this page showed: as the feed stood at its ``head_us``."""
    wanted = Filter.from_data(page.filters)
    standing = [row for row in rows if row.stood_open(page.head_us)]
    if not standing or not wanted.admits_object(stix_id, kind):
        return []
    if page.shown is not None:
        return [row for row in standing if row.date_us in page.shown]
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
