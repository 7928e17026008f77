"""Times of an attack: as exactly as they were told, in the zone they were told in."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cirt.register.timeline.models import Precision
from cirt.register.timeline.times import (
    NotYet,
    TimeUnclear,
    ZoneUnknown,
    as_told,
    read_time,
    read_zone,
    zone_of,
)

EARLY = datetime(1991, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given_time", "zone", "at", "precision"),
    [
        ("2026-11-17 13:51", "UTC", (17, 13, 51), Precision.MINUTE),
        ("2026-11-17T13:51:20", "", (17, 13, 51), Precision.MINUTE),
        ("2026-11-17 13:51", "+03:00", (17, 10, 51), Precision.MINUTE),
        ("2026-11-17 13:51", "UTC-3", (17, 16, 51), Precision.MINUTE),
        ("2026-11-17 13h", "+0530", (17, 7, 30), Precision.HOUR),
        ("2026-11-17 13", "z", (17, 13, 0), Precision.HOUR),
        ("2026-11-17", "-02:00", (17, 2, 0), Precision.DAY),
        ("2026-11-18 14:59", "+03:00", (18, 11, 59), Precision.MINUTE),
    ],
)
def test_a_time_is_read_with_its_exactness(
    given_time: str, zone: str, at: tuple[int, int, int], precision: Precision
) -> None:
    found = read_time(given_time, zone, NOW)

    day, hour, minute = at
    assert found.at == datetime(2026, 11, day, hour, minute, tzinfo=UTC)
    assert found.precision is precision


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2026-13-01", "2026-02-30", "17.11.2026", "1989-12-31", "\u0662026-11-17"],
)
def test_what_is_no_time_is_refused_with_the_way_to_write_it(text: str) -> None:
    with pytest.raises(TimeUnclear, match="2026-11-17 13:51"):
        read_time(text, "UTC", NOW)


@pytest.mark.parametrize("zone", ["+15:00", "Mars/Olympus", "../etc/passwd", "Africa", "+3:99"])
def test_what_is_no_zone_is_refused(zone: str) -> None:
    with pytest.raises(ZoneUnknown):
        read_zone(zone)

    assert zone_of(zone) is UTC


def test_what_has_not_come_yet_is_refused() -> None:
    with pytest.raises(NotYet):
        read_time("2026-11-18 12:01", "UTC", NOW)


@given(
    st.integers(0, 13_000 * 24 * 60).map(lambda minutes: EARLY + timedelta(minutes=minutes)),
    st.sampled_from(list(Precision)),
    st.sampled_from(["UTC", "+03:00", "-09:30", "+14:00"]),
)
def test_what_is_shown_can_be_typed_again(at: datetime, precision: Precision, zone: str) -> None:
    first = read_time(as_told(at, precision, zone), zone, NOW)

    assert read_time(as_told(first.at, first.precision, first.zone), first.zone, NOW) == first
    assert first.precision is precision
