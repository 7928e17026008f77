"""From answered pages to what was fetched, row by row: a job that goes through each feed's pages once, in order.

What a page showed follows from its position, its filter and the feed as it stood at its ``head_us``, whenever this
runs; but for a page that passed over rows, which names those that it showed. Pages that are not accounted for yet are
few; whoever asks meanwhile looks through those (``queries``).
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, aliased

from cirt.kernel.among import among_given
from cirt.kernel.clock import to_us
from cirt.kernel.inserting import insert_new
from cirt.kernel.program import Program
from cirt.kernel.work import SYSTEM
from cirt.objects.models import ObjectVersion, StixObject
from cirt.release.filters import Filter, Shape
from cirt.release.holdings.models import Accounted, FetchedRow
from cirt.release.locks import feeds_of
from cirt.release.models import Feed, FeedRow, PageRead
from cirt.sharing.models import Agreement

JOB = "ledger.account"
_ROWS = 2000  # on the pages of one transaction, so that nobody waits long: a few milliseconds
_LOOKED_AT = (
    100  # pages among which the same are done once; who reads one again fetches nothing new
)
_COLUMNS = (
    *("feed_id", "date_us", "object_id", "version_id", "facts_id"),
    *("page_id", "at_us", "agreement_id"),
)


def account_due(program: Program) -> int:
    """Account for every page that was answered until now; how many."""
    return sum(account_in_slices(program))


def account_in_slices(program: Program) -> Iterator[int]:
    """The same, a short transaction at a time, between which the caller may pause; how many pages each."""
    with program.work(SYSTEM, write=False) as work:
        feeds = list(work.session.scalars(behind().order_by(Feed.id)))
    for feed_id in feeds:
        yield from _account_feed(program, feed_id)


def behind() -> sa.Select[int]:
    """Feeds with answered pages that are not accounted for yet."""
    waits = sa.exists().where(
        PageRead.feed_id == Feed.id, PageRead.id > sa.func.coalesce(Accounted.page_id, 0)
    )
    query = sa.select(Feed.id).outerjoin(Accounted, Accounted.feed_id == Feed.id)
    return query.where(waits.correlate(Feed, Accounted))


def _account_feed(program: Program, feed_id: int) -> Iterator[int]:
    with program.work(SYSTEM) as work:
        connection = work.session.connection()
        mark = {"feed_id": feed_id, "page_id": 0}
        connection.execute(insert_new(connection, Accounted, "feed_id"), [mark])
        feeds_of(work.session, Feed.id == feed_id)  # none is being written down with a lower number
        query = sa.select(sa.func.max(PageRead.id)).where(PageRead.feed_id == feed_id)
        last = work.session.scalar(query) or 0
    while True:
        with program.work(SYSTEM) as work:
            count, pages = _next_pages(work.session, feed_id, last)
            if not pages:
                return
            _account(work.session, feed_id, pages)
        yield count


def _next_pages(session: Session, feed_id: int, last: int) -> tuple[int, list[sa.Row[Any]]]:
    """How many follow the mark, which is held until commit and moved behind them, and the different ones of them."""
    held = sa.select(Accounted).where(Accounted.feed_id == feed_id).with_for_update()
    mark = session.scalars(held.execution_options(populate_existing=True)).one()
    query = _PAGES.where(
        PageRead.feed_id == feed_id, PageRead.id > mark.page_id, PageRead.id <= last
    )
    count, rows, different = 0, 0, dict[tuple[Any, ...], sa.Row[Any]]()
    for page in session.execute(query.order_by(PageRead.id).limit(_LOOKED_AT)):
        shown = (page.from_us, page.to_us, page.head_us, repr(page.filters), repr(page.shown))
        if shown not in different:
            if different and rows + page.rows > _ROWS:
                break
            different[shown], rows = page, rows + page.rows
        mark.page_id, count = page.id, count + 1
    return count, list(different.values())


_PAGES = sa.select(
    PageRead.id,
    PageRead.filters,
    PageRead.from_us,
    PageRead.to_us,
    PageRead.head_us,
    PageRead.count.label("rows"),
    PageRead.at,
    PageRead.agreement,
    PageRead.shown,
)


def _account(session: Session, feed_id: int, pages: Sequence[sa.Row[Any]]) -> None:
    agreements = _agreements(session, feed_id)
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        connection.execute(_BY_LOOKING_UP)
    for page in pages:
        wanted = Filter.from_data(page.filters)
        values = {
            "feed": feed_id,
            "from_us": page.from_us,
            "to_us": min(page.to_us, page.head_us),
            "head_us": page.head_us,
            "page": page.id,
            "at_us": to_us(page.at),
            "agreement": _agreement_at(agreements, page.agreement, page.at),
        }
        values |= wanted.values() if page.shown is None else {"dates": page.shown}
        shape = wanted.shape if page.shown is None else None
        connection.execute(_insert(shape, connection.dialect.name), values)


# Left to itself, PostgreSQL reads all versions there are for each page.
_BY_LOOKING_UP = sa.select(
    *(sa.func.set_config(f"enable_{way}", "off", True) for way in ("hashjoin", "mergejoin"))
)


@lru_cache(maxsize=64)  # to build it anew for each page takes longer than to run it
def _insert(shape: Shape | None, dialect: str) -> sa.Insert:
    """Without a shape, of a page that names its rows."""
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    shown = (rows_shown(shape) if shape else _rows_named()).add_columns(
        sa.bindparam("page", type_=sa.BigInteger),
        sa.bindparam("at_us", type_=sa.BigInteger),
        sa.bindparam("agreement", type_=sa.Integer),
    )
    into = insert(FetchedRow).from_select(_COLUMNS, shown)
    return into.on_conflict_do_nothing(index_elements=["feed_id", "date_us"])


_HEAD = sa.bindparam("head_us", type_=sa.BigInteger)


def rows_shown(shape: Shape) -> sa.Select[*tuple[Any, ...]]:
    """The rows that a page with such a filter showed: feed, date, object, version, facts."""
    query = _rows_between().where(*shape.narrowing())
    if shape.types:
        query = query.join(StixObject, StixObject.id == FeedRow.object_id)
    return query.where(_was_wanted(shape))


def _rows_named() -> sa.Select[*tuple[Any, ...]]:
    return _rows_between().where(among_given(FeedRow.date_us, "dates"))


def _rows_between() -> sa.Select[*tuple[Any, ...]]:
    """All that stood open between the ends of a page."""
    return (
        sa.select(
            FeedRow.feed_id,
            FeedRow.date_us,
            FeedRow.object_id,
            FeedRow.version_id,
            ObjectVersion.facts_id,
        )
        .join(ObjectVersion, ObjectVersion.id == FeedRow.version_id)
        .where(
            FeedRow.feed_id == sa.bindparam("feed", type_=sa.Integer),
            FeedRow.date_us > sa.bindparam("from_us", type_=sa.BigInteger),
            # One bound: of two, SQLite may take the wider and read on to the end of the feed.
            FeedRow.date_us <= sa.bindparam("to_us", type_=sa.BigInteger),
            _not_closed(FeedRow),
        )
    )


def _not_closed(row: Any) -> sa.ColumnElement[bool]:
    """When the counter of the feed stood at the head of the page."""
    return sa.or_(row.closed_us.is_(None), row.closed_us > _HEAD)


def _was_wanted(shape: Shape) -> sa.ColumnElement[bool]:
    """First and last as they were then, not as the flags of the rows stand now."""
    if shape.every:
        return sa.true()
    ways: list[sa.ColumnElement[bool]] = []
    if shape.last:
        # Of an open row this flag only ever falls (``offers``): where it stands, it stood then too.
        stands = sa.and_(FeedRow.is_last.is_(True), FeedRow.closed_us.is_(None))
        ways += [stands, ObjectVersion.version_us == _end(sa.func.max)]
    if shape.first:
        ways.append(ObjectVersion.version_us == _end(sa.func.min))
    if shape.instants:
        ways.append(among_given(ObjectVersion.version_us, "instants"))
    return sa.or_(*ways)


def _end(which: Any) -> sa.ScalarSelect[int]:
    """The newest or oldest version of the object that stood open then.

    A value, not a condition that something exists: of that, PostgreSQL makes a join over the whole feed for each page.
    """
    other, its = aliased(FeedRow), aliased(ObjectVersion)
    query = sa.select(which(its.version_us)).where(
        other.object_id == FeedRow.object_id,
        other.feed_id + 0 == FeedRow.feed_id,  # expressions: so it is found by its object
        other.date_us + 0 <= _HEAD,
        _not_closed(other),
        its.id == other.version_id,
    )
    return query.correlate(FeedRow).scalar_subquery()


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
