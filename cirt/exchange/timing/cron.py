"""Calendars in five fields, as cron reads them: minute, hour, day of the month, month, day of the week; UTC.

Where both days are restricted, either is enough, as in every cron.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from cirt.kernel.errors import Invalid
from cirt.kernel.text import mark

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_SEARCHED = 8 * 366 + 1  # days; 29 February may be eight years away
_PART = re.compile(r"(\*|[0-9a-z]+)(?:-([0-9a-z]+))?(?:/(\d{1,3}))?\Z", re.ASCII)


class CronWrong(Invalid):
    code = "cron-wrong"
    message = mark(
        "“{text}” is no schedule: {part} cannot be read. Write five fields, minute, hour, day of the"
        " month, month and day of the week, such as 30 2 * * 1-5 for half past two on working days, UTC."
    )


class CronNever(Invalid):
    code = "cron-never"
    message = mark("“{text}” names no day that ever comes. Choose another day or month.")


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    least: int
    most: int
    words: tuple[str, ...] = ()

    def number(self, text: str) -> int:
        """
        Raises:
            ValueError.
        """
        if text in self.words:
            return self.words.index(text) + self.least
        found = int(text) if re.match(r"[0-9]{1,2}\Z", text) else -1
        if not self.least <= found <= self.most:
            raise ValueError(text)
        return found

    def values(self, text: str) -> frozenset[int]:
        return frozenset(value for part in text.split(",") for value in self._part(part))

    def _part(self, text: str) -> range:
        found = _PART.match(text)
        if found is None:
            raise ValueError(text)
        first, last, step = found.groups()
        if first == "*":
            if last is not None:
                raise ValueError(text)
            begin, end = self.least, self.most
        else:
            begin = self.number(first)
            end = self.number(last) if last else self.most if step else begin
        every = int(step) if step else 1
        if not every or begin > end:
            raise ValueError(text)
        return range(begin, end + 1, every)


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("weekday", 0, 7, _DAYS),
)


@dataclass(frozen=True, slots=True)
class Calendar:
    """The instants that a text of five fields names."""

    times: tuple[time, ...]  # of a day, the earliest first
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]  # 0 is Sunday
    either: bool  # day of the month and day of the week are both restricted

    def before(self, at: datetime) -> datetime | None:
        """The last instant that is not after ``at``."""
        for day in self._named(at.date(), -1):
            for each in reversed(self.times):
                found = datetime.combine(day, each, UTC)
                if found <= at:
                    return found
        return None

    def after(self, at: datetime) -> datetime | None:
        """The first instant after ``at``."""
        for day in self._named(at.date(), 1):
            for each in self.times:
                found = datetime.combine(day, each, UTC)
                if found > at:
                    return found
        return None

    def _named(self, first: date, step: int) -> Iterator[date]:
        for number in range(_SEARCHED):
            day = first + timedelta(days=step * number)
            if day.month in self.months and self._has(day):
                yield day

    def _has(self, day: date) -> bool:
        in_month = day.day in self.days
        in_week = day.isoweekday() % 7 in self.weekdays
        return in_month or in_week if self.either else in_month and in_week


@lru_cache(maxsize=256)
def read_cron(text: str) -> Calendar:
    """
    Raises:
        CronWrong, CronNever.
    """
    words = text.casefold().split()
    if len(words) != len(_FIELDS):
        raise CronWrong(text=text[:100], part=f"{len(words)}/{len(_FIELDS)}")
    found = []
    for each, word in zip(_FIELDS, words, strict=True):
        try:
            found.append(each.values(word))
        except ValueError:
            raise CronWrong(text=text[:100], part=f"“{word[:40]}”") from None
    minutes, hours, days, months, weekdays = found
    calendar = Calendar(
        times=tuple(time(hour, minute) for hour in sorted(hours) for minute in sorted(minutes)),
        days=days,
        months=months,
        weekdays=frozenset(day % 7 for day in weekdays),
        either=not words[2].startswith("*") and not words[4].startswith("*"),
    )
    if calendar.after(datetime(2000, 1, 1, tzinfo=UTC)) is None:
        raise CronNever(text=text[:100])
    return calendar
