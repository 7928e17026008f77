"""Lists sorted by a time and a name: cursors that say both, and never the number of a row."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

import sqlalchemy as sa

PAGE = 25
_CURSOR = re.compile(r"(after|before)\.(\d{1,16})\.([A-Za-z0-9-]{1,300})\Z", re.ASCII)

Line = TypeVar("Line")
Found: TypeAlias = sa.Row[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins, the newest first, or ends where it is read ``backward``."""

    backward: bool
    at_us: int
    name: str


@dataclass(frozen=True, slots=True)
class NamedPage(Generic[Line]):
    """``newer`` and ``older`` are cursors, None where there is nothing more."""

    lines: list[Line]
    newer: str | None
    older: str | None


def read_place(cursor: str) -> Place | None:
    """None of what is no cursor of ours: the first page."""
    found = _CURSOR.fullmatch(cursor)
    return Place(found[1] == "before", int(found[2]), found[3]) if found else None


def page_around(
    found: Sequence[Found],
    place: Place | None,
    key: Callable[[Found], tuple[int, str]],
    make: Callable[[Sequence[Found]], list[Line]],
) -> NamedPage[Line]:
    """Of rows as they were read from ``place`` on, one more than a page where there are more."""
    has_more, rows = len(found) > PAGE, list(found[:PAGE])
    backward = place is not None and place.backward
    if backward:
        rows.reverse()
    has_newer = has_more if backward else place is not None
    has_older = backward or has_more
    return NamedPage(
        make(rows),
        "before.{}.{}".format(*key(rows[0])) if rows and has_newer else None,
        "after.{}.{}".format(*key(rows[-1])) if rows and has_older else None,
    )
