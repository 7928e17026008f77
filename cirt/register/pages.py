"""Lists page by page: by the key of the row at the edge, never by offset, so that a page costs the same at any depth."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeAlias, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.clock import from_us, to_us
from cirt.kernel.db import UtcDateTime

PAGE = 25
LONGEST_PAGE = 100
MOST = 1000  # counted rows of a list
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


@dataclass(frozen=True, slots=True)
class _Cursor:
    forward: bool
    key: Key
    rank: int = 0


def read_page(
    session: Session, query: Query, order: Order, cursor: str | None, limit: int = PAGE
) -> Page[sa.Row[Any]]:
    """The page at ``cursor``; one that is not ours shows the first page. ``total`` is of the whole list."""
    limit = max(1, min(limit, LONGEST_PAGE))
    place = _read(cursor)
    total = count_of(session, query)
    descending = order.newest_first == (place is None or place.forward)
    rank = order.rank if order.rank is not None else sa.literal(0)
    query = query.add_columns(
        order.at.label("key_at"), order.id.label("key_id"), rank.label("key_rank")
    )
    if place is not None:
        query = query.where(_beyond(order, place, descending=descending))
    columns: list[sa.SQLColumnExpression[Any]] = [order.at, order.id]
    if order.rank is not None:
        columns.insert(0, order.rank)
    sorting = [column.desc() if descending else column.asc() for column in columns]
    found = list(session.execute(query.order_by(*sorting).limit(limit + 1)))
    return _page(found, place, limit, total)


def count_of(session: Session, query: Query) -> "Count":
    """How many rows a query has, counted no further than MOST: more would cost as much as to read them."""
    one = query.with_only_columns(sa.literal(1).label("one"), maintain_column_froms=True)
    some = one.order_by(None).limit(MOST + 1).subquery()
    return Count(session.scalar(sa.select(sa.func.count()).select_from(some)) or 0)


def _page(
    found: Sequence[sa.Row[Any]], place: _Cursor | None, limit: int, total: Count
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
        _write("before", rows[0]) if rows and has_before else None,
        _write("after", rows[-1]) if rows and has_after else None,
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


def _write(direction: str, row: sa.Row[Any]) -> str:
    rank = f".{row.key_rank}" if row.key_rank else ""
    return f"{direction}.{to_us(row.key_at)}.{row.key_id}{rank}"


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
