"""Times as STIX writes them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cirt.objects.timestamps import as_us, format_us, parse_us, stamp


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:00.000Z", 0),
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:01.5Z", 1_500_000),
        ("1970-01-01T00:00:00.1234569Z", 123_456),
        ("1969-12-31T23:59:59.999999Z", -1),
        ("2016-12-31T23:59:60Z", parse_us("2017-01-01T00:00:00Z")),
        ("2024-02-29T00:00:00Z", 1_709_164_800_000_000),
        ("2023-02-29T00:00:00Z", None),
        ("2023-13-01T00:00:00Z", None),
        ("2023-01-01T00:60:00Z", None),
        ("2023-01-01T00:00:61Z", None),
        ("2023-01-01T00:00:00", None),
        ("2023-01-01T00:00:00Z ", None),
        ("2023-01-01T00:00:00.Z", None),
        ("2023-01-01T00:00:00+00:00", None),
        ("2023-01-01T00:00:00." + "1" * 19 + "Z", None),
        ("", None),
    ],
)
def test_times_are_read_strictly(text: str, expected: int | None) -> None:
    assert parse_us(text) == expected


@given(st.datetimes(timezones=st.just(UTC)))
def test_what_is_written_is_read_back(moment: datetime) -> None:
    assert parse_us(stamp(moment)) == as_us(moment)
    assert format_us(as_us(moment)) == stamp(moment)


def test_there_are_always_milliseconds() -> None:
    assert stamp(datetime(2026, 1, 1, tzinfo=UTC)) == "2026-01-01T00:00:00.000Z"
