"""Pages of a reader's feed, and the ones that are remembered."""

import threading
from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from itertools import compress
from typing import NamedTuple, TypeAlias

import sqlalchemy as sa

from cirt.kernel.among import among_given
from cirt.kernel.prepared import Prepared
from cirt.kernel.work import Work
from cirt.objects.models import ObjectVersion, StixObject
from cirt.release.filters import ALL, Filter
from cirt.release.ledger import Reading
from cirt.release.windows import Place, Window, look
from cirt.sharing.gate import (
    ReleasedTogether,
    allowed_standing,
    leaves_again,
    release_together,
)

IN_FILE = "file"  # a page that is carried in a signed file
WITH_OBJECTS = frozenset({"objects", "object", IN_FILE})  # endpoints whose pages carry bytes
_AGAIN = 100  # rows of a second look at least, so that small pages do not look for ever


class Record(NamedTuple):
    """What manifests and versions say of a row."""

    date_us: int
    stix_id: str
    version_text: str
    version_id: int


@dataclass(frozen=True, slots=True)
class Page:
    """Rows, column by column. ``more``: the reader may have a row behind these as well. ``position_us`` is where the
    next page begins; it may lie behind the last row.

    ``reading`` is what the ledger must know of a page with objects before it leaves (``ledger.record_pages``).
    ``made`` holds answers that were made of this page, for as long as it is remembered.
    """

    dates: Sequence[int]
    version_ids: Sequence[int]
    more: bool
    position_us: int
    objects: list[ReleasedTogether] = field(default_factory=list)  # one after the other
    reading: Reading | None = None
    made: dict[str, bytes] = field(default_factory=dict, compare=False, repr=False)


def page(
    work: Work,
    place: Place,
    wanted: Filter,
    *,
    after_us: int | None = None,
    limit: int,
    endpoint: str,
) -> Page:
    """The rows later than ``after_us`` (of a token; else the filter's ``added_after``), oldest first.

    In the reading unit of work in which the place was found, so that all is of one moment. A page with
    objects may leave only after its ``reading`` has been written to the ledger and committed.
    """
    start_us = start_of(wanted, after_us)
    dates: list[int] = []
    version_ids: list[int] = []
    objects: list[ReleasedTogether] = []
    windows: list[Window] = []
    position_us, goes_on, more = start_us, start_us < place.head_us, False
    while goes_on and not more:
        # One more than fits, for the gate says whether any more follow.
        rows = max(limit, _AGAIN) + 1 if windows else limit + 1
        window = look(work, place, wanted, position_us, rows, narrowed=bool(windows))
        windows.append(window)
        room = limit - len(dates)
        if endpoint in WITH_OBJECTS:
            objects.append(
                release_together(work, place.reader, place.kind.value, window.standing, room)
            )
            may = objects[-1].may
        else:
            may = allowed_standing(work, place.reader, place.kind.value, window.standing)
        kept_dates, kept_ids = _kept(window, may)
        dates += kept_dates[:room]
        version_ids += kept_ids[:room]
        more, goes_on = len(kept_dates) > room, window.is_full
        position_us = dates[-1] if more else window.position_us
    if not dates or endpoint not in WITH_OBJECTS:
        return Page(dates, version_ids, more, position_us)
    reading = Reading(
        place.feed_id,
        endpoint,
        wanted,
        limit,
        start_us,
        dates[-1],
        place.head_us,
        len(dates),
        place.reader.agreement,
        None if _is_whole(dates, windows[0]) else tuple(dates),
    )
    return Page(dates, version_ids, more, position_us, objects, reading)


def _is_whole(dates: Sequence[int], first: Window) -> bool:
    """Whether no row between those that a page shows was passed over; of later windows nobody knows."""
    return len(dates) <= len(first.dates) and first.dates[len(dates) - 1] == dates[-1]


_Key: TypeAlias = tuple[int, int, Filter, int, str]
_OVERHEAD = 4096  # bytes, about what an entry costs beside its objects


class Pages:
    """Remembers the last pages with objects, for as long as all that they rest on stands unchanged.

    A page is given again only where neither the feed nor the audit trail has moved since, and the gate, asked
    anew under the reader's present terms, lets leave exactly what it let leave then.
    """

    def __init__(self, max_bytes: int = 16 * 1024 * 1024) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._kept: OrderedDict[_Key, _Kept] = OrderedDict()
        self._lock = threading.Lock()

    def page(
        self,
        work: Work,
        place: Place,
        wanted: Filter,
        *,
        after_us: int | None = None,
        limit: int,
        endpoint: str,
    ) -> Page:
        """As the function of this name."""
        if endpoint not in WITH_OBJECTS:
            return page(work, place, wanted, after_us=after_us, limit=limit, endpoint=endpoint)
        key = (place.feed_id, start_of(wanted, after_us), wanted, limit, endpoint)
        found = self._find(key, place)
        if found is not None and _leaves_again(work, place, found):
            return _under(found, place.reader.agreement)
        made = page(work, place, wanted, after_us=after_us, limit=limit, endpoint=endpoint)
        self._keep(key, place, made)
        return made

    def remembers(
        self, place: Place, wanted: Filter, *, after_us: int, limit: int, endpoint: str
    ) -> bool:
        """Whether such a page would be found, without asking whether it may still leave."""
        return self._find((place.feed_id, after_us, wanted, limit, endpoint), place) is not None

    def _find(self, key: _Key, place: Place) -> Page | None:
        with self._lock:
            kept = self._kept.get(key)
            if kept is None or kept.stamp != _stamp(place):
                return None
            self._kept.move_to_end(key)
            return kept.page

    def _keep(self, key: _Key, place: Place, made: Page) -> None:
        if len(made.objects) != 1:  # with more, SQL passed over rows under the terms of this moment
            return
        kept = _Kept(_stamp(place), made, _OVERHEAD + 3 * len(made.objects[0].body))
        if kept.size > self._max_bytes:
            return
        with self._lock:
            gone = self._kept.pop(key, None)
            self._kept[key] = kept
            self._bytes += kept.size - (gone.size if gone else 0)
            while self._bytes > self._max_bytes:
                self._bytes -= self._kept.popitem(last=False)[1].size


@dataclass(frozen=True, slots=True)
class _Kept:
    stamp: tuple[int, int]
    page: Page
    size: int  # bytes: the objects, and as much again twice for what is made of them


def _stamp(place: Place) -> tuple[int, int]:
    return place.head_us, place.trail_seq


def _leaves_again(work: Work, place: Place, found: Page) -> bool:
    return all(leaves_again(each, place.reader, work.now) for each in found.objects)


def _under(found: Page, agreement: str | None) -> Page:
    """The same page for the ledger, where other terms hold by now that let as much leave."""
    if found.reading is None or found.reading.agreement == agreement:
        return found
    return replace(found, reading=replace(found.reading, agreement=agreement))


def records(work: Work, shown: Page) -> list[Record]:
    """What manifests and versions say of a page's rows."""
    rows = _RECORDS.plain(work.connection, {"ids": shown.version_ids})
    said = {version_id: (stix_id, text) for version_id, stix_id, text in rows}
    return [
        Record(date_us, *said[version_id], version_id)
        for date_us, version_id in zip(shown.dates, shown.version_ids, strict=True)
    ]


_RECORDS = Prepared(
    sa.select(ObjectVersion.id, StixObject.stix_id, ObjectVersion.version_text)
    .join(StixObject, StixObject.id == ObjectVersion.object_id)
    .where(among_given(ObjectVersion.id, "ids"))
)


def all_of(work: Work, place: Place, wanted: Filter) -> Page:
    """Every row that the filter admits and the gate allows; for the versions of one object."""
    window = look(work, place, wanted, -1, None)
    shown = allowed_standing(work, place.reader, place.kind.value, window.standing)
    dates, version_ids = _kept(window, shown)
    return Page(dates, version_ids, False, window.position_us)


def holds(work: Work, place: Place, stix_id: str) -> bool:
    """Whether the collection has any version of this object, for this reader."""
    return bool(all_of(work, place, Filter(ids=(stix_id,), versions=(ALL,))).dates)


def start_of(wanted: Filter, after_us: int | None) -> int:
    """The date after which a page begins; -1 for the first."""
    if after_us is not None:
        return after_us
    return -1 if wanted.added_after_us is None else wanted.added_after_us


def _kept(window: Window, shown: Collection[int]) -> tuple[Sequence[int], Sequence[int]]:
    """Dates and versions of the rows that are shown."""
    dates, version_ids = window.dates, window.standing.version_ids
    if len(shown) == len(dates):
        return dates, version_ids
    chosen = frozenset(shown)
    kept = [each in chosen for each in version_ids]
    return list(compress(dates, kept)), list(compress(version_ids, kept))
