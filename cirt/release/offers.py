"""Rows of readers' feeds: dates, first and last, offering and closing; under the locks of their collections."""

from collections import defaultdict
from collections.abc import Collection as Collected
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.among import among, among_given
from cirt.kernel.clock import to_us
from cirt.kernel.inserting import insert_columns
from cirt.kernel.prepared import Columns
from cirt.kernel.work import Work
from cirt.objects.models import ObjectVersion
from cirt.release.models import Feed, FeedRow

CHUNK = 5000  # SQLite takes 32,766 values in one statement


class Candidate(NamedTuple):
    """A version that may be offered."""

    version_id: int
    object_id: int
    version_us: int


class Placed(NamedTuple):
    """An open row of a feed."""

    date_us: int
    version_id: int
    object_id: int
    version_us: int
    is_first: bool = False
    is_last: bool = False


def chunks(values: Iterable[int]) -> Iterator[list[int]]:
    """Lists short enough for one statement."""
    together = list(values)
    for start in range(0, len(together), CHUNK):
        yield together[start : start + CHUNK]


def candidates(session: Session, version_ids: Sequence[int]) -> list[Candidate]:
    """In the order given."""
    session.flush()
    columns = _CANDIDATES.read(session.connection(), {"ids": version_ids})
    found = {each.version_id: each for each in map(Candidate, *columns)}
    return [found[version_id] for version_id in version_ids]


_CANDIDATES = Columns(
    sa.select(ObjectVersion.id, ObjectVersion.object_id, ObjectVersion.version_us).where(
        among_given(ObjectVersion.id, "ids")
    )
)


def with_flags(rows: Iterable[Placed]) -> list[Placed]:
    """The rows with first and last set, each object by itself."""
    rows = list(rows)
    times: dict[int, list[int]] = defaultdict(list)
    for row in rows:
        times[row.object_id].append(row.version_us)
    ends = {object_id: (min(each), max(each)) for object_id, each in times.items()}
    return [
        row._replace(
            is_first=row.version_us == ends[row.object_id][0],
            is_last=row.version_us == ends[row.object_id][1],
        )
        for row in rows
    ]


def offer(
    work: Work, feed: Feed, versions: Sequence[Candidate], *, recall: bool = False
) -> list[int]:
    """Append versions at the end of one reader's feed; the ids of those that were not open there yet.

    The gate has been asked. An older version that comes late gets its own date and does not become last.
    """
    held = open_rows(work.session, feed.id, {each.object_id for each in versions})
    known = {row.version_id for row in held}
    fresh = [each for each in dict.fromkeys(versions) if each.version_id not in known]
    if not fresh:
        return []
    start = _next_date(work, feed)
    feed.last_us = start + len(fresh) - 1
    new = [Placed(start + place, *each) for place, each in enumerate(fresh)]
    flagged = with_flags([*held, *new])
    _correct(work.session, feed.id, held, flagged[: len(held)])
    _insert(work.session, feed.id, flagged[len(held) :], recall=recall)
    return [each.version_id for each in fresh]


def close_rows(work: Work, feed: Feed, version_ids: Iterable[int]) -> int:
    """Close rows of one feed; how many were open.

    Where an older version becomes the last one, it is offered anew: a reader that asks for last versions
    only may have passed its old date while it was not last.
    """
    wanted = set(version_ids)
    objects = _objects_with_open_rows(work.session, feed.id, wanted)
    before = open_rows(work.session, feed.id, objects)
    closing = [row for row in before if row.version_id in wanted]
    if not closing:
        return 0
    staying = [row for row in before if row.version_id not in wanted]
    flagged = with_flags(staying)
    risen = [now for was, now in zip(staying, flagged, strict=True) if now.is_last > was.is_last]
    _close(work, feed, [*closing, *risen])
    _correct(work.session, feed.id, staying, flagged)
    offer(work, feed, [Candidate(row.version_id, row.object_id, row.version_us) for row in risen])
    return len(closing)


def open_rows(session: Session, feed_id: int, object_ids: Iterable[int]) -> list[Placed]:
    """What one feed offers of these objects."""
    session.flush()
    values = {"feed_id": feed_id, "objects": list(object_ids)}
    dates, versions, firsts, lasts = _OPEN_ROWS.read(session.connection(), values)
    if not versions:  # most bring objects that are new
        return []
    return [
        Placed(date_us, *version, bool(is_first), bool(is_last))
        for date_us, version, is_first, is_last in zip(
            dates, candidates(session, versions), firsts, lasts, strict=True
        )
    ]


# Alone: joined to the versions, PostgreSQL without fresh statistics reads all of them.
_OPEN_ROWS = Columns(
    sa.select(FeedRow.date_us, FeedRow.version_id, FeedRow.is_first, FeedRow.is_last).where(
        # An expression: else SQLite reads the whole feed, not some objects.
        FeedRow.feed_id + 0 == sa.bindparam("feed_id", type_=sa.Integer),
        among_given(FeedRow.object_id, "objects"),
        FeedRow.closed_us.is_(None),
    )
)


@dataclass(frozen=True, slots=True)
class Offered:
    """What stands open in one feed: versions with their objects; recalls apart, as they pass over marking and scope."""

    versions: Mapping[int, int] = field(default_factory=dict)
    recalls: Mapping[int, int] = field(default_factory=dict)


def offered_now(
    session: Session, feed_id: int | None, object_ids: Collected[int] | None = None
) -> Offered:
    """``object_ids`` are those that it is about; None means all. Without a feed there is nothing."""
    if feed_id is None:
        return Offered()
    session.flush()
    if object_ids is None:
        columns = _OFFERED.read(session.connection(), {"feed_id": feed_id})
    else:
        values = {"feed_id": feed_id, "objects": list(object_ids)}
        columns = _OFFERED_OF.read(session.connection(), values)
    versions, objects, flags = columns
    both = dict(zip(versions, objects, strict=True))
    recalls = {
        each: both[each] for each, is_recall in zip(versions, flags, strict=True) if is_recall
    }
    return Offered(
        {k: v for k, v in both.items() if k not in recalls} if recalls else both, recalls
    )


_OFFERED_COLUMNS = sa.select(
    FeedRow.version_id, FeedRow.object_id, sa.cast(FeedRow.recall, sa.Integer).label("recall")
).where(FeedRow.closed_us.is_(None))
_OFFERED = Columns(
    _OFFERED_COLUMNS.where(FeedRow.feed_id == sa.bindparam("feed_id", type_=sa.Integer))
)
_OFFERED_OF = Columns(
    _OFFERED_COLUMNS.where(
        FeedRow.feed_id == sa.bindparam("feed_id", type_=sa.Integer),
        among_given(FeedRow.object_id, "objects"),
    )
)


def _objects_with_open_rows(session: Session, feed_id: int, version_ids: set[int]) -> set[int]:
    query = sa.select(FeedRow.object_id).where(
        FeedRow.feed_id == feed_id,
        among(FeedRow.version_id, version_ids),
        FeedRow.closed_us.is_(None),
    )
    return set(session.scalars(query))


def _next_date(work: Work, feed: Feed) -> int:
    """Later than every date of this feed, also when the clock has stepped back."""
    return max(to_us(work.now), feed.last_us + 1)


def _close(work: Work, feed: Feed, rows: Sequence[Placed]) -> None:
    feed.last_us = feed.closed_us = _next_date(work, feed)
    work.session.execute(
        sa.update(FeedRow)
        .where(FeedRow.feed_id == feed.id, among(FeedRow.date_us, [row.date_us for row in rows]))
        .values(closed_us=feed.closed_us)
        .execution_options(synchronize_session=False)
    )


def _correct(
    session: Session, feed_id: int, before: Sequence[Placed], after: Sequence[Placed]
) -> None:
    """Write the flags that have changed."""
    changed: dict[tuple[bool, bool], list[int]] = defaultdict(list)
    for was, now in zip(before, after, strict=True):
        if was != now:
            changed[now.is_first, now.is_last].append(now.date_us)
    for (is_first, is_last), dates in changed.items():
        session.execute(
            sa.update(FeedRow)
            .where(FeedRow.feed_id == feed_id, among(FeedRow.date_us, dates))
            .values(is_first=is_first, is_last=is_last)
            .execution_options(synchronize_session=False)
        )


def _insert(session: Session, feed_id: int, rows: Sequence[Placed], *, recall: bool) -> None:
    columns: dict[str, list[Any]] = {
        "date_us": [row.date_us for row in rows],
        "object_id": [row.object_id for row in rows],
        "version_id": [row.version_id for row in rows],
        "is_first": [row.is_first for row in rows],
        "is_last": [row.is_last for row in rows],
    }
    same = {"feed_id": feed_id, "recall": recall}
    insert_columns(session.connection(), FeedRow, columns, same=same)
