"""Times of an attack, as people tell them: as exactly as they know, in the zone they speak of. Pure."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from cirt.kernel.errors import Invalid
from cirt.kernel.text import mark
from cirt.register.timeline.models import Precision

EARLIEST = 1990
_TIME = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]+(\d{1,2})(?::(\d{2})(?::\d{2})?| ?h)?)?\Z", re.ASCII
)
_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2})(?::?([0-5]\d))?\Z", re.ASCII | re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z]+(?:[/_+-][A-Za-z0-9]+){0,6}\Z", re.ASCII)
_LARGEST_OFFSET = timedelta(hours=14)


class TimeUnclear(Invalid):
    code = "time-unclear"
    message = mark(
        "“{given}” is no time we can read. Write it as exactly as it is known: 2026-11-17 13:51, "
        "2026-11-17 13h, or 2026-11-17."
    )


class ZoneUnknown(Invalid):
    code = "zone-unknown"
    message = mark("There is no time zone “{given}”. Write UTC, +03:00, or a name like Asia/Tokyo.")


class NotYet(Invalid):
    code = "not-yet"
    message = mark("{given} has not come yet. Check the day and the time zone.")


@dataclass(frozen=True, slots=True)
class Occurred:
    """``at`` is the first instant of the minute, hour or day."""

    at: datetime
    precision: Precision
    zone: str


def read_time(given: str, zone: str, now: datetime) -> Occurred:
    """
    Raises:
        TimeUnclear, ZoneUnknown, NotYet.
    """
    found = _TIME.match(given.strip())
    if found is None:
        raise TimeUnclear(given=given.strip()[:40])
    year, month, day, hour, minute = (int(part) if part else None for part in found.groups())
    told, where = read_zone(zone)
    try:
        local = datetime(year or 0, month or 0, day or 0, hour or 0, minute or 0, tzinfo=where)
        at = local.astimezone(UTC)
    except (ValueError, OverflowError):
        raise TimeUnclear(given=given.strip()[:40]) from None
    if local.year < EARLIEST:
        raise TimeUnclear(given=given.strip()[:40])
    if at > now:
        raise NotYet(given=given.strip()[:40])
    if hour is None:
        return Occurred(at, Precision.DAY, told)
    return Occurred(at, Precision.HOUR if minute is None else Precision.MINUTE, told)


def read_zone(given: str) -> tuple[str, tzinfo]:
    """How it is written down, and the zone.

    Raises:
        ZoneUnknown.
    """
    name = given.strip()
    if name.upper() in ("", "UTC", "GMT", "Z"):
        return "UTC", UTC
    offset = _OFFSET.match(name)
    if offset is not None:
        sign, hours, minutes = offset.groups()
        ahead = timedelta(hours=int(hours), minutes=int(minutes or 0))
        if ahead <= _LARGEST_OFFSET:
            written = f"{sign}{int(hours):02d}:{int(minutes or 0):02d}"
            return written, timezone(-ahead if sign == "-" else ahead)
    elif _NAME.match(name):
        try:
            return name, ZoneInfo(name)
        except (ValueError, OSError, LookupError):
            pass  # no such zone, or a folder of zones
    raise ZoneUnknown(given=name[:40])


def zone_of(written: str) -> tzinfo:
    """A zone that was written down once; UTC where this computer knows it no more."""
    try:
        return read_zone(written)[1]
    except ZoneUnknown:
        return UTC


def as_told(at: datetime, precision: Precision, zone: str) -> str:
    """The time in its own zone, as it can be typed again."""
    local = at.astimezone(zone_of(zone))
    formats = {
        Precision.MINUTE: "%Y-%m-%d %H:%M",
        Precision.HOUR: "%Y-%m-%d %Hh",
        Precision.DAY: "%Y-%m-%d",
    }
    return local.strftime(formats[precision])
