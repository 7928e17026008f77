"""From answered pages to what was fetched, row by row: a job that goes through each feed's pages once, in order.

What a page showed follows from its position, its filter and the feed as it stood at its ``head_us``, whenever this
runs. Pages that are not accounted for yet are few; whoever asks meanwhile looks through those (``queries``).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, aliased

from cirt.kernel.among import among
from cirt.kernel.clock import to_us
from cirt.kernel.db import insert_new
from cirt.kernel.program import Program
from cirt.kernel.work import SYSTEM
from cirt.objects.models import ObjectVersion, StixObject
from cirt.release.filters import ALL, FIRST, LAST, Filter
from cirt.release.holdings.models import Accounted, FetchedRow
from cirt.release.locks import feeds_of
from cirt.release.models import Feed, FeedRow, PageRead
from cirt.sharing.models import Agreement

JOB = "ledger.account"
_PAGES = 10  # different ones in one transaction, so that nobody waits long
_LOOKED_AT = 500  # among so many; who reads the same again fetches nothing new
_COLUMNS = (
    *("feed_id", "date_us", "object_id", "version_id", "facts_id"),
    *("page_id", "at_us", "agreement_id"),
)


def account_due(program: Program) -> int:
    """Account for every page that was answered until now; how many."""
    with program.work(SYSTEM, write=False) as work:
        feeds = list(work.session.scalars(behind().order_by(Feed.id)))
    return sum(_account_feed(program, feed_id) for feed_id in feeds)


def behind() -> sa.Select[int]:
    """Feeds with answered pages that are not accounted for yet."""
    waits = sa.exists().where(
        PageRead.feed_id == Feed.id, PageRead.id > sa.func.coalesce(Accounted.page_id, 0)
    )
    query = sa.select(Feed.id).outerjoin(Accounted, Accounted.feed_id == Feed.id)
    return query.where(waits.correlate(Feed, Accounted))


def _account_feed(program: Program, feed_id: int) -> int:
    with program.work(SYSTEM) as work:
        feeds_of(work.session, Feed.id == feed_id)  # none is being written down with a lower number
        query = sa.select(sa.func.max(PageRead.id)).where(PageRead.feed_id == feed_id)
        last = work.session.scalar(query) or 0
    done = 0
    while True:
        with program.work(SYSTEM) as work:
            count, pages = _next_pages(work.session, feed_id, last)
            if not pages:
                return done
            _account(work.session, feed_id, pages)
        done += count


def _next_pages(session: Session, feed_id: int, last: int) -> tuple[int, list[PageRead]]:
    """How many follow the mark, which is held until commit and moved behind them, and the different ones of them."""
    connection = session.connection()
    connection.execute(
        insert_new(connection, Accounted, "feed_id"), [{"feed_id": feed_id, "page_id": 0}]
    )
    held = sa.select(Accounted).where(Accounted.feed_id == feed_id).with_for_update()
    mark = session.scalars(held.execution_options(populate_existing=True)).one()
    query = sa.select(PageRead).where(
        PageRead.feed_id == feed_id, PageRead.id > mark.page_id, PageRead.id <= last
    )
    count, different = 0, dict[tuple[Any, ...], PageRead]()
    for page in session.scalars(query.order_by(PageRead.id).limit(_LOOKED_AT)):
        shown = (page.from_us, page.to_us, page.head_us, repr(page.filters))
        if shown not in different and len(different) == _PAGES:
            break
        different.setdefault(shown, page)
        mark.page_id, count = page.id, count + 1
    return count, list(different.values())


def _account(session: Session, feed_id: int, pages: Sequence[PageRead]) -> None:
    agreements = _agreements(session, feed_id)
    dialect = session.get_bind().dialect.name
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    for page in pages:
        shown = rows_on(page).add_columns(
            sa.literal(page.id, sa.BigInteger),
            sa.literal(to_us(page.at), sa.BigInteger),
            sa.literal(_agreement_at(agreements, page.agreement, page.at), sa.Integer),
        )
        into = insert(FetchedRow).from_select(_COLUMNS, shown)
        session.execute(into.on_conflict_do_nothing(index_elements=["feed_id", "date_us"]))


def rows_on(page: PageRead) -> sa.Select[*tuple[Any, ...]]:
    """The rows that a page showed: feed, date, object, version, facts."""
    wanted = Filter.from_data(page.filters)
    query = (
        sa.select(
            FeedRow.feed_id,
            FeedRow.date_us,
            FeedRow.object_id,
            FeedRow.version_id,
            ObjectVersion.facts_id,
        )
        .join(ObjectVersion, ObjectVersion.id == FeedRow.version_id)
        .where(
            FeedRow.feed_id == page.feed_id,
            FeedRow.date_us > page.from_us,
            # One bound: of two, SQLite may take the wider and read on to the end of the feed.
            FeedRow.date_us <= min(page.to_us, page.head_us),
            _not_closed(FeedRow, page.head_us),
        )
    )
    if wanted.ids or wanted.types:
        query = query.join(StixObject, StixObject.id == FeedRow.object_id)
    if wanted.ids:
        query = query.where(among(StixObject.stix_id, wanted.ids))
    if wanted.types:
        query = query.where(among(StixObject.type, wanted.types))
    if wanted.spec_versions:
        query = query.where(among(ObjectVersion.spec_version, wanted.spec_versions))
    return query.where(_is_wanted(wanted, page.head_us))


def _not_closed(row: Any, head_us: int) -> sa.ColumnElement[bool]:
    """When the counter of the feed stood there."""
    return sa.or_(row.closed_us.is_(None), row.closed_us > head_us)


def _is_wanted(wanted: Filter, head_us: int) -> sa.ColumnElement[bool]:
    """First and last as they were then, not as the flags of the rows stand now."""
    if ALL in wanted.versions:
        return sa.true()
    ways: list[sa.ColumnElement[bool]] = []
    if LAST in wanted.versions:
        ways.append(_is_end(head_us, newest=True))
    if FIRST in wanted.versions:
        ways.append(_is_end(head_us, newest=False))
    instants = [each for each in wanted.versions if isinstance(each, int)]
    if instants:
        ways.append(among(ObjectVersion.version_us, instants))
    return sa.or_(sa.false(), *ways)


def _is_end(head_us: int, *, newest: bool) -> sa.ColumnElement[bool]:
    other, its = aliased(FeedRow), aliased(ObjectVersion)
    beyond = (
        its.version_us > ObjectVersion.version_us
        if newest
        else its.version_us < ObjectVersion.version_us
    )
    return ~sa.exists().where(
        other.object_id == FeedRow.object_id,
        other.feed_id + 0 == FeedRow.feed_id,  # expressions: so it is found by its object
        other.date_us + 0 <= head_us,
        _not_closed(other, head_us),
        its.id == other.version_id,
        beyond,
    )


def _agreements(session: Session, feed_id: int) -> list[Agreement]:
    query = sa.select(Agreement).join(Feed, Feed.peer_id == Agreement.peer_id)
    return list(session.scalars(query.where(Feed.id == feed_id).order_by(Agreement.id)))


def _agreement_at(known: Sequence[Agreement], name: str | None, at: datetime) -> int | None:
    """That which the page names; of a page that names none, the one whose time it was."""
    if name is not None:
        return agreement_id(known, name)
    then = [
        each
        for each in known
        if each.valid_from <= at and (each.valid_until is None or at < each.valid_until)
    ]
    return then[-1].id if then else None


def agreement_id(known: Sequence[Agreement], name: str | None) -> int | None:
    """Of ``MOU-2026-0001 v2``."""
    by_reference: Mapping[str, int] = {each.reference: each.id for each in known}
    return by_reference.get((name or "").partition(" ")[0])
