"""A month, a quarter, a year, or from one day to another."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from cirt.kernel.errors import Invalid
from cirt.kernel.text import mark

_YEAR = re.compile(r"(20\d\d|2100)\Z", re.ASCII)
_QUARTER = re.compile(r"(20\d\d|2100)-[Qq]([1-4])\Z", re.ASCII)
_MONTH = re.compile(r"(20\d\d|2100)-(0[1-9]|1[0-2])\Z", re.ASCII)
_DAY = re.compile(r"(20\d\d|2100)-(\d\d)-(\d\d)\Z", re.ASCII)
_DECEMBER = 12


class PeriodWrong(Invalid):
    code = "period-wrong"
    message = mark(
        "“{given}” is no period. Enter a year like 2026, a quarter like 2026-Q4, a month like 2026-11, or two days."
    )


@dataclass(frozen=True, slots=True)
class Period:
    """From ``first`` up to and without ``until``; ``name`` as it was asked for."""

    name: str
    first: datetime
    until: datetime

    @property
    def last_day(self) -> datetime:
        return self.until - timedelta(days=1)


def read_period(named: str, first: str, last: str, now: datetime) -> Period:
    """What was asked for; without anything, the quarter of today. Days go before the name.

    Raises:
        PeriodWrong.
    """
    if first or last:
        return _of_days(first, last)
    named = named or f"{now.year}-Q{(now.month - 1) // 3 + 1}"
    if found := _YEAR.match(named):
        return _from(named, int(found[1]), 1, 12)
    if found := _QUARTER.match(named):
        return _from(named.upper(), int(found[1]), 3 * int(found[2]) - 2, 3)
    if found := _MONTH.match(named):
        return _from(named, int(found[1]), int(found[2]), 1)
    raise PeriodWrong(given=named[:40])


def _from(name: str, year: int, month: int, months: int) -> Period:
    after = month + months
    years, months_on = divmod(after - 1, _DECEMBER)
    return Period(
        name, _midnight(date(year, month, 1)), _midnight(date(year + years, months_on + 1, 1))
    )


def _of_days(first: str, last: str) -> Period:
    given = f"{first[:20]} {last[:20]}".strip()
    if not (_DAY.match(first) and _DAY.match(last)):
        raise PeriodWrong(given=given)
    try:
        begin, end = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError:
        raise PeriodWrong(given=given) from None
    if end < begin:
        raise PeriodWrong(given=given)
    return Period(f"{first}..{last}", _midnight(begin), _midnight(end + timedelta(days=1)))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
