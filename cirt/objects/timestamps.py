"""STIX timestamps and microseconds since 1970: what the standard allows, nothing more."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from cirt.kernel.clock import from_us

_STAMP = re.compile(
    r"(\d{4}-(?:0[1-9]|1[0-2])-\d\d)T(\d\d:[0-5]\d):([0-5]\d|60)(?:\.(\d{1,18}))?Z", re.ASCII
)
_LONGEST = len("1970-01-01T00:00:00.Z") + 18
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def parse_us(text: str) -> int | None:
    """Microseconds since 1970, or None if this is no STIX timestamp of a real date.

    Digits beyond the microsecond are dropped; second 60 is the first of the next minute.
    """
    return _read(text) if len(text) <= _LONGEST else None


def moment_of(text: str | None) -> datetime | None:
    """The same as a moment; None also where nothing is said."""
    moment_us = parse_us(text) if text else None
    return None if moment_us is None else from_us(moment_us)


@lru_cache(maxsize=4096)  # objects that come together share most of their times
def _read(text: str) -> int | None:
    match = _STAMP.fullmatch(text)
    if match is None:
        return None
    day, minute, second, fraction = match.groups()
    try:
        start = datetime.fromisoformat(f"{day}T{minute}+00:00")
    except ValueError:  # 30 February, hour 24, year 0
        return None
    micros = int((fraction or "0")[:6].ljust(6, "0"))
    return (start - _EPOCH) // _MICROSECOND + int(second) * 1_000_000 + micros


def format_us(moment_us: int) -> str:
    """As we write them: milliseconds, or microseconds where there are any."""
    return stamp(_EPOCH + timedelta(microseconds=moment_us))


def stamp(moment: datetime) -> str:
    """An aware datetime as STIX text, in UTC, with at least milliseconds."""
    if moment.tzinfo is None:
        raise ValueError("a STIX timestamp needs an aware datetime")
    whole = moment.microsecond % 1000 == 0
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds" if whole else "microseconds")
    return text.replace("+00:00", "Z")


def as_us(moment: datetime) -> int:
    """An aware datetime as microseconds since 1970."""
    return (moment - _EPOCH) // _MICROSECOND
