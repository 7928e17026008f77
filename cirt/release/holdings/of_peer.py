"""What one peer holds of ours, page by page: by the date of the offer, which is all that a cursor says."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.clock import from_us, to_us
from cirt.kernel.tlp import Tlp
from cirt.objects.models import ObjectFacts, ObjectVersion, StixObject
from cirt.release.holdings.accounting import behind
from cirt.release.holdings.models import FetchedRow
from cirt.release.models import Collection, Feed, FeedRow, PageRead
from cirt.release.paging import PAGE, NamedPage, Place, page_around, read_place


class Shown(StrEnum):
    HELD = "held"
    OFFERED = "offered"  # and not fetched
    RECALLED = "recalled"  # a revocation that went or waits


@dataclass(frozen=True, slots=True)
class PeerFilter:
    """``first`` and ``until`` bound the day of the offer, or of the fetch where that is what is shown."""

    shown: Shown = Shown.HELD
    type: str = ""
    tlp: Tlp | None = None
    first: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class HeldLine:
    stix_id: str
    type: str
    name: str | None  # None: the reader may not see it
    revoked: bool
    version_at: datetime
    tlp: Tlp
    collection: str
    since: datetime
    is_open: bool
    fetched_at: datetime | None
    agreement: str | None


def held_page(
    session: Session,
    peer_id: int,
    wanted: PeerFilter,
    shown: sa.ColumnElement[bool],
    cursor: str = "",
) -> NamedPage[HeldLine]:
    """The newest offer first. ``shown`` narrows what is named, on ObjectFacts, for whoever reads the page."""
    feeds = _feeds(session, peer_id)
    place = read_place(cursor)
    parts = [_part(feed_id, wanted, shown, place, alias) for feed_id, alias in feeds]
    if not parts:
        return NamedPage([], None, None)
    union = sa.union_all(*(sa.select(part.subquery()) for part in parts)).subquery()
    order = [union.c.date_us, union.c.alias]
    backward = place is not None and place.backward
    sorting = [each.asc() if backward else each.desc() for each in order]
    found = session.execute(sa.select(union).order_by(*sorting).limit(PAGE + 1)).all()
    return page_around(found, place, lambda row: (row.date_us, row.alias), partial(_made, session))


def is_behind(session: Session, peer_id: int) -> bool:
    """Whether pages that this peer was answered are not accounted for yet."""
    query = behind().where(Feed.peer_id == peer_id)
    return session.scalar(query.limit(1)) is not None


def _feeds(session: Session, peer_id: int) -> list[tuple[int, str]]:
    query = sa.select(Feed.id, Collection.alias).join(
        Collection, Collection.id == Feed.collection_id
    )
    rows = session.execute(query.where(Feed.peer_id == peer_id).order_by(Feed.id))
    return [(row[0], row[1]) for row in rows]


def _part(
    feed_id: int,
    wanted: PeerFilter,
    shown: sa.ColumnElement[bool],
    place: Place | None,
    alias: str,
) -> sa.Select[*tuple[Any, ...]]:
    """Of one feed as many rows as a page may need, read along its key."""
    is_held = wanted.shown is Shown.HELD
    mine = FetchedRow if is_held else FeedRow
    date = mine.date_us
    query = (
        sa.select(
            FeedRow.date_us.label("date_us"),
            sa.literal(alias, sa.String).label("alias"),
            FeedRow.closed_us.label("closed_us"),
            FetchedRow.at_us.label("at_us"),
            FetchedRow.page_id.label("page_id"),
            StixObject.stix_id.label("stix_id"),
            StixObject.type.label("type"),
            sa.case((shown, ObjectVersion.name), else_=None).label("name"),
            sa.case((shown, 1), else_=0).label("may_see"),
            ObjectVersion.revoked.label("revoked"),
            ObjectVersion.version_us.label("version_us"),
            ObjectFacts.tlp.label("tlp"),
        )
        .select_from(FetchedRow if is_held else FeedRow)
        .join(
            FeedRow if is_held else FetchedRow,
            sa.and_(FeedRow.feed_id == FetchedRow.feed_id, FeedRow.date_us == FetchedRow.date_us),
            isouter=not is_held,
        )
        .join(ObjectVersion, ObjectVersion.id == FeedRow.version_id)
        .join(
            ObjectFacts,
            ObjectFacts.id == sa.func.coalesce(FetchedRow.facts_id, ObjectVersion.facts_id),
        )
        .join(StixObject, StixObject.id == FeedRow.object_id)
        .where(mine.feed_id == feed_id, *_conditions(wanted))
        .limit(PAGE + 1)
    )
    if place is None:
        return query.order_by(date.desc())
    at, its_alias = place.at_us, place.name
    if not place.backward:
        beyond = date < at if alias >= its_alias else date <= at
        return query.where(beyond).order_by(date.desc())
    beyond = date > at if alias <= its_alias else date >= at
    return query.where(beyond).order_by(date.asc())


def _conditions(wanted: PeerFilter) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if wanted.shown is Shown.OFFERED:
        found += [FetchedRow.date_us.is_(None), FeedRow.closed_us.is_(None)]
    if wanted.shown is Shown.RECALLED:
        found.append(FeedRow.recall.is_(True))
    if wanted.type:
        found.append(ObjectFacts.type == wanted.type)
    if wanted.tlp is not None:
        found.append(ObjectFacts.tlp == wanted.tlp)
    at = FetchedRow.at_us if wanted.shown is Shown.HELD else FeedRow.date_us
    if wanted.first is not None:
        found.append(at >= to_us(wanted.first))
    if wanted.until is not None:
        found.append(at < to_us(wanted.until))
    return found


def _made(session: Session, rows: Sequence[sa.Row[Any]]) -> list[HeldLine]:
    pages = _pages(session, [row.page_id for row in rows if row.page_id is not None])
    return [_line(row, pages) for row in rows]


def _pages(session: Session, page_ids: Sequence[int]) -> dict[int, str | None]:
    query = sa.select(PageRead.id, PageRead.agreement).where(PageRead.id.in_(set(page_ids)))
    return {row.id: row.agreement for row in session.execute(query)}


def _line(row: sa.Row[Any], pages: dict[int, str | None]) -> HeldLine:
    return HeldLine(
        stix_id=row.stix_id,
        type=row.type,
        name=(row.name or row.stix_id) if row.may_see else None,
        revoked=row.revoked,
        version_at=from_us(row.version_us),
        tlp=row.tlp,
        collection=row.alias,
        since=from_us(row.date_us),
        is_open=row.closed_us is None,
        fetched_at=None if row.at_us is None else from_us(row.at_us),
        agreement=pages.get(row.page_id or 0),
    )
