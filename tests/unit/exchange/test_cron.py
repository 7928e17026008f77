"""Calendars in five fields, against a plain look at every minute."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cirt.exchange.timing.cron import CronNever, CronWrong, read_cron

AT = datetime(2026, 11, 18, 14, 20, tzinfo=UTC)  # a Wednesday


@pytest.mark.parametrize(
    ("text", "before", "after"),
    [
        ("* * * * *", "2026-11-18T14:20", "2026-11-18T14:21"),
        ("*/15 * * * *", "2026-11-18T14:15", "2026-11-18T14:30"),
        ("30 2 * * 1-5", "2026-11-18T02:30", "2026-11-19T02:30"),
        ("30 2 * * mon-fri", "2026-11-18T02:30", "2026-11-19T02:30"),
        ("0 0 * * 7", "2026-11-15T00:00", "2026-11-22T00:00"),
        ("0 0 * * sun", "2026-11-15T00:00", "2026-11-22T00:00"),
        ("0 6,18 1 * *", "2026-11-01T18:00", "2026-12-01T06:00"),
        ("0 0 29 2 *", "2024-02-29T00:00", "2028-02-29T00:00"),
        ("0 0 13 * 5", "2026-11-13T00:00", "2026-11-20T00:00"),  # either is enough
        ("5/20 0-3/2 * jan-mar *", "2026-03-31T02:45", "2027-01-01T00:05"),
    ],
)
def test_the_instants_around_a_moment(text: str, before: str, after: str) -> None:
    calendar = read_cron(text)

    assert calendar.before(AT) == datetime.fromisoformat(f"{before}+00:00")
    assert calendar.after(AT) == datetime.fromisoformat(f"{after}+00:00")


def test_the_instant_itself_has_come() -> None:
    calendar = read_cron("20 14 * * *")

    assert calendar.before(AT) == AT
    assert calendar.after(AT) == AT + timedelta(days=1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "* * * *",
        "* * * * * *",
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * * 13 *",
        "* * * * 8",
        "5-1 * * * *",
        "*/0 * * * *",
        "*-5 * * * *",
        "1,,2 * * * *",
        "mon * * * *",
        "-1 * * * *",
        "1.5 * * * *",
        "\u0661 * * * *",
        "* * * * mon#2",
        "@daily",
    ],
)
def test_what_is_no_calendar_is_refused_with_what_cannot_be_read(text: str) -> None:
    with pytest.raises(CronWrong, match="five fields"):
        read_cron(text)


@pytest.mark.parametrize("text", ["0 0 30 2 *", "0 0 31 4,6,9,11 *"])
def test_a_day_that_never_comes_is_refused(text: str) -> None:
    with pytest.raises(CronNever):
        read_cron(text)


def a_field(least: int, most: int) -> st.SearchStrategy[str]:
    number = st.integers(least, most)
    span = st.tuples(number, number).map(lambda two: f"{min(two)}-{max(two)}")
    step = st.integers(1, most).map(lambda n: f"*/{n}")
    return st.one_of(st.just("*"), number.map(str), span, step)


@settings(max_examples=60, deadline=None)
@given(
    a_field(0, 59),
    a_field(0, 23),
    a_field(1, 28),
    a_field(1, 12),
    a_field(0, 6),
    st.integers(0, 10**6),
)
def test_nothing_lies_between_two_instants_that_follow_each_other(
    minute: str, hour: str, day: str, month: str, weekday: str, ago: int
) -> None:
    calendar = read_cron(f"{minute} {hour} {day} {month} {weekday}")
    at = AT - timedelta(minutes=ago)

    following = calendar.after(at)

    assert following is not None
    assert following > at
    assert calendar.before(following) == following
    last = calendar.before(following - timedelta(minutes=1))
    assert last is None or last <= at
