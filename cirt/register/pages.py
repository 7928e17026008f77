"""Lists page by page: by the key of the row at the edge, never by offset, so that a page costs the same at any depth."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Generic, TypeAlias, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.clock import from_us, to_us
from cirt.kernel.db import UtcDateTime

PAGE = 25
LONGEST_PAGE = 100
MOST = 500  # counted rows of a list
_DIRECTIONS = ("after", "before")
_LARGEST_US = 253402300799 * 10**6  # the last second of the year 9999
_PARTS = (2, 3)  # time and id, and the rank where the list has one
_LARGEST_RANK = 1000
_LONGEST_NUMBER = 18  # digits; a column holds every such number

R = TypeVar("R")
S = TypeVar("S")
Key = tuple[datetime, int]
Query: TypeAlias = sa.Select[*tuple[Any, ...]]


class Count(int):
    """How many there are; written with a plus where counting stopped."""

    def __str__(self) -> str:
        return f"{MOST}+" if self > MOST else int.__str__(self)

    __format__ = object.__format__


@dataclass(frozen=True, slots=True)
class Page(Generic[R]):
    """Some rows in order; ``before`` and ``after`` are the cursors of the pages beside this one."""

    rows: list[R]
    total: Count
    before: str | None
    after: str | None

    def of(self, make: Callable[[R], S]) -> "Page[S]":
        return Page([make(row) for row in self.rows], self.total, self.before, self.after)


@dataclass(frozen=True, slots=True)
class Order:
    """What a list is sorted by: a time and, where times are equal, the id; ``rank``, if there is one, comes first.

    Ranks rise down the list, so they go with the oldest first.
    """

    at: sa.SQLColumnExpression[datetime] | sa.SQLColumnExpression[datetime | None]
    id: sa.SQLColumnExpression[int]
    newest_first: bool
    rank: sa.SQLColumnExpression[int] | None = None

    def sorting(self, *, descending: bool) -> list[sa.UnaryExpression[Any]]:
        ranks = [] if self.rank is None else [self.rank]
        columns: list[sa.SQLColumnExpression[Any]] = [*ranks, self.at, self.id]
        return [column.desc() if descending else column.asc() for column in columns]


@dataclass(frozen=True, slots=True)
class _Cursor:
    forward: bool
    key: Key
    rank: int = 0


def read_page(
    session: Session,
    query: Query,
    order: Order,
    cursor: str | None,
    limit: int = PAGE,
    total: Count | None = None,
) -> Page[sa.Row[Any]]:
    """The page at ``cursor``; one that is not ours shows the first page.

    ``total`` is of the whole list; who has counted it already hands it over.
    """
    limit = max(1, min(limit, LONGEST_PAGE))
    place = _read(cursor)
    if place is None and total is None:
        found = list(session.execute(_first(query, order, limit)))
        return _page(found, place, limit, Count(found[0].total if found else 0))
    total = count_of(session, query) if total is None else total
    descending = order.newest_first == (place is None or place.forward)
    query = query.add_columns(*_keys(order))
    if place is not None:
        query = query.where(_beyond(order, place, descending=descending))
    sorted_query = query.order_by(*order.sorting(descending=descending))
    return _page(list(session.execute(sorted_query.limit(limit + 1))), place, limit, total)


def _first(query: Query, order: Order, limit: int) -> Query:
    """The first page and how many there are: what fits is looked for once, as far as it is counted."""
    descending, keys = order.newest_first, _keys(order)
    sorting = order.sorting(descending=descending)
    fits = query.with_only_columns(*keys, maintain_column_froms=True)
    fitting = fits.order_by(*sorting).limit(MOST + 1).cte("fitting")
    total = sa.select(sa.func.count()).select_from(fitting).scalar_subquery()
    its = fitting.c
    same = Order(
        its.key_at, its.key_id, order.newest_first, None if order.rank is None else its.key_rank
    )
    shown = sa.select(its.key_id).order_by(*same.sorting(descending=descending)).limit(limit + 1)
    rows = query.add_columns(*keys, total.label("total")).where(order.id.in_(shown))
    return rows.order_by(*sorting).limit(limit + 1)


def _keys(order: Order) -> list[sa.Label[Any]]:
    rank = order.rank if order.rank is not None else sa.literal(0)
    return [order.at.label("key_at"), order.id.label("key_id"), rank.label("key_rank")]


def read_shifted(
    session: Session,
    whole: Query,
    shifted: Mapping[timedelta, Query],
    order: Order,
    cursor: str | None,
    limit: int = PAGE,
    total: Count | None = None,
) -> Page[sa.Row[Any]]:
    """The page of a list that is put together of several, each sorted by the time of ``order`` plus its own shift.

    So a list can be sorted by a time that no column holds: each part is read along the index as far as a page
    may need. The earliest comes first; ``whole`` are all of them, to be counted.
    """
    limit = max(1, min(limit, LONGEST_PAGE))
    place = _read(cursor)
    descending = place is not None and not place.forward
    shifts = list(shifted)
    parts = [
        _part(query, order, number, _earlier(place, shifts[number]), limit, descending=descending)
        for number, query in enumerate(shifted.values())
    ]
    found = session.execute(sa.union_all(*(sa.select(part.subquery()) for part in parts)))

    def key(row: sa.Row[Any]) -> Key:
        return row.key_at + shifts[row.key_part], row.key_id

    rows = sorted(found, key=key, reverse=descending)[: limit + 1]
    total = count_of(session, whole) if total is None else total
    return _page(rows, place, limit, total, key)


def _part(
    query: Query,
    order: Order,
    number: int,
    place: _Cursor | None,
    limit: int,
    *,
    descending: bool,
) -> Query:
    query = query.add_columns(
        order.at.label("key_at"), order.id.label("key_id"), sa.literal(number).label("key_part")
    )
    if place is not None:
        query = query.where(_beyond(order, place, descending=descending))
    columns = (order.at, order.id)
    sorting = [column.desc() if descending else column.asc() for column in columns]
    return query.order_by(*sorting).limit(limit + 1)


def _earlier(place: _Cursor | None, shift: timedelta) -> _Cursor | None:
    """Where a cursor stands in a part that is sorted without its shift."""
    if place is None:
        return None
    at, number = place.key
    return replace(place, key=(at - shift, number))


def count_of(session: Session, query: Query) -> Count:
    """How many rows a query has, counted no further than MOST: more would cost as much as to read them."""
    return counts_of(session, query)[0]


def counts_of(session: Session, *queries: sa.Select[*tuple[Any, ...]]) -> list[Count]:
    """The same of several, in one statement."""
    counted = sa.select(*map(counted_rows, queries))
    return [Count(each) for each in session.execute(counted).one()]


def counted_rows(query: sa.Select[*tuple[Any, ...]]) -> sa.ScalarSelect[int]:
    """As a part of a statement."""
    one = query.with_only_columns(sa.literal(1).label("one"), maintain_column_froms=True)
    some = one.order_by(None).limit(MOST + 1).subquery()
    return sa.select(sa.func.count()).select_from(some).scalar_subquery()


def _key_of(row: sa.Row[Any]) -> Key:
    return row.key_at, row.key_id


def _page(
    found: Sequence[sa.Row[Any]],
    place: _Cursor | None,
    limit: int,
    total: Count,
    key: Callable[[sa.Row[Any]], Key] = _key_of,
) -> Page[sa.Row[Any]]:
    has_more, rows = len(found) > limit, list(found[:limit])
    is_forward = place is None or place.forward
    if not is_forward:
        rows.reverse()
    has_before = place is not None if is_forward else has_more
    has_after = has_more if is_forward else True
    return Page(
        rows,
        total,
        _write("before", key(rows[0]), rows[0]) if rows and has_before else None,
        _write("after", key(rows[-1]), rows[-1]) if rows and has_after else None,
    )


def _beyond(order: Order, place: _Cursor, *, descending: bool) -> sa.ColumnElement[bool]:
    key = place.key
    columns: list[Any] = [order.at, order.id]
    values: list[Any] = [
        sa.literal(key[0], UtcDateTime()),
        sa.literal(key[1], sa.BigInteger()),
    ]
    if order.rank is not None:
        columns.insert(0, order.rank)
        values.insert(0, sa.literal(place.rank, sa.Integer()))
    here, there = sa.tuple_(*columns), sa.tuple_(*values)
    return here < there if descending else here > there


def _write(direction: str, key: Key, row: sa.Row[Any]) -> str:
    number = getattr(row, "key_rank", 0)
    rank = f".{number}" if number else ""
    return f"{direction}.{to_us(key[0])}.{key[1]}{rank}"


def _read(cursor: str | None) -> _Cursor | None:
    direction, *numbers = (cursor or "").split(".")
    if direction not in _DIRECTIONS or len(numbers) not in _PARTS:
        return None
    if not all(part.isascii() and part.isdigit() for part in numbers):
        return None
    if any(len(part) > _LONGEST_NUMBER for part in numbers) or int(numbers[0]) > _LARGEST_US:
        return None
    moment, number, rank = (*map(int, numbers), 0)[:3]
    if rank > _LARGEST_RANK:
        return None
    return _Cursor(direction == "after", (from_us(moment), number), rank)
