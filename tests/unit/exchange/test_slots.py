"""Slots of schedules, and how long a link waits after failures."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cirt.exchange.timing.patience import backoff_s, next_day
from cirt.exchange.timing.slots import Schedule, next_begin, present_slot

AT = datetime(2026, 11, 18, 14, 20, tzinfo=UTC)


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 500), st.integers(1, 86_400), st.integers(0, 10**7))
def test_slots_follow_each_other_with_at_most_a_tenth_of_jitter(
    link_id: int, every_s: int, later_s: int
) -> None:
    schedule = Schedule(link_id, every_s, None, AT)
    now = AT + timedelta(seconds=later_s)

    slot = present_slot(schedule, now)
    following = next_begin(schedule, now)

    assert slot is not None
    assert following is not None
    assert slot.begins_at <= now < following
    apart = (following - slot.begins_at).total_seconds()
    assert 0.9 * every_s - 1 <= apart <= 1.1 * every_s + 1
    again = present_slot(schedule, following)
    assert again is not None
    assert again.name != slot.name


def test_links_of_one_interval_do_not_all_run_at_once() -> None:
    begins = {next_begin(Schedule(number, 3600, None, AT), AT) for number in range(1, 41)}

    assert len(begins) > 35


def test_a_calendar_does_not_run_for_what_was_before_it_was_set() -> None:
    schedule = Schedule(1, 300, "0 3 * * *", AT)

    assert present_slot(schedule, AT + timedelta(hours=1)) is None
    first = present_slot(schedule, AT + timedelta(days=1))
    assert first is not None
    assert first.begins_at == datetime(2026, 11, 19, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("failures", "every_s", "longest"),
    [
        (1, 300, 60),
        (2, 300, 120),
        (5, 300, 960),
        (9, 300, 3600),
        (10**6, 86_400, 3600),
        (50, 1, 30),
    ],
)
def test_a_wait_doubles_up_to_a_bound_and_is_spread_over_its_second_half(
    failures: int, every_s: int, longest: int
) -> None:
    assert backoff_s(failures, every_s, 0) == longest
    assert backoff_s(failures, every_s, 1) == longest / 2


def test_a_new_day_begins_within_ten_minutes_of_midnight() -> None:
    assert next_day(AT, 0) == datetime(2026, 11, 19, tzinfo=UTC)
    assert next_day(AT, 1) == datetime(2026, 11, 19, 0, 10, tzinfo=UTC)
