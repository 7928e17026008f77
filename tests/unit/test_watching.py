"""Habits, alerts and what is told of a run: pure rules."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cirt.exchange.watching.days import Counts
from cirt.exchange.watching.habits import ENOUGH_DAYS, habit_of
from cirt.exchange.watching.models import AlertKind
from cirt.exchange.watching.reasons import Why, add_reasons, reasons_of
from cirt.exchange.watching.rules import (
    ALERT_STEPS,
    ALERT_WORDS,
    Line,
    Untaken,
    alerts_of,
    in_english,
)
from cirt.exchange.watching.telling import CAME_WORDS, Came, tell_reading, tell_sending

NOW = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
HOUR = 3600


def a_line(**more: object) -> Line:
    facts = {
        "key": "link:1",
        "name": "CERT-B, indicators",
        "peer_id": 1,
        "every_s": 300,
        "is_at_work": True,
        "brings_data": True,
        "is_in_trouble": False,
        "since": NOW - timedelta(days=90),
        "last_success_at": NOW,
        "last_data_at": NOW,
        **more,
    }
    return Line(**facts)  # type: ignore[arg-type]  # any fact of a line


def kinds(line: Line, habit: timedelta | None = None, untaken: Untaken | None = None) -> list[str]:
    return [kind.value for kind, _ in alerts_of(line, habit, untaken or Untaken(), NOW)]


def test_nothing_is_a_habit_before_enough_days() -> None:
    assert habit_of([HOUR] * (ENOUGH_DAYS - 1), 300) is None
    assert habit_of([HOUR] * ENOUGH_DAYS, 300) is not None


def test_a_line_that_rests_over_weekends_may_rest_over_weekends() -> None:
    nights, weekend = [12 * HOUR] * 16, [62 * HOUR] * 4

    assert habit_of(nights + weekend, 300) == timedelta(hours=93)
    assert habit_of(nights, 300) == timedelta(hours=18)


def test_one_outage_does_not_become_the_habit() -> None:
    assert habit_of([4 * HOUR] * 20 + [400 * HOUR], 300) == timedelta(hours=6)


def test_a_busy_line_is_not_late_after_minutes_and_a_rare_one_not_after_hours() -> None:
    assert habit_of([60] * 30, 300) == timedelta(hours=3)
    assert habit_of([60] * 30, 86_400) == timedelta(days=6)


def test_no_habit_is_longer_than_three_weeks() -> None:
    assert habit_of([90 * 86_400] * 9, 300) == timedelta(days=21)


@given(st.lists(st.integers(0, 10**8), min_size=ENOUGH_DAYS), st.integers(1, 86_400))
def test_whatever_came_a_habit_has_bounds_and_order_does_not_matter(
    gaps: list[int], every_s: int
) -> None:
    habit = habit_of(gaps, every_s)

    assert habit is not None
    assert timedelta(hours=3) <= habit <= timedelta(days=21)
    assert habit == habit_of(sorted(gaps, reverse=True), every_s)


def test_silence_is_told_only_when_it_is_longer_than_the_habit() -> None:
    day = timedelta(days=1)

    assert kinds(a_line(last_data_at=NOW - day), day) == []
    assert kinds(a_line(last_data_at=NOW - day - timedelta(seconds=1)), day) == ["silent"]
    assert kinds(a_line(last_data_at=None), None) == []
    assert kinds(a_line(last_data_at=NOW - 2 * day, brings_data=False), day) == []
    assert kinds(a_line(last_data_at=NOW - 2 * day, is_at_work=False), day) == []


@pytest.mark.parametrize(
    ("minutes", "every_s", "told"),
    [(15, 300, []), (16, 300, ["failing"]), (16, 3600, []), (181, 3600, ["failing"])],
)
def test_failing_is_told_after_three_intervals(minutes: int, every_s: int, told: list[str]) -> None:
    since = NOW - timedelta(minutes=minutes)
    line = a_line(is_in_trouble=True, last_success_at=since, every_s=every_s)

    assert kinds(line) == told
    assert kinds(a_line(last_success_at=since, every_s=every_s)) == []


def test_quarantine_that_fills_is_told_and_a_steady_one_is_not() -> None:
    assert kinds(a_line(), untaken=Untaken(19, 0)) == []
    assert kinds(a_line(), untaken=Untaken(20, 0)) == ["filling"]
    assert kinds(a_line(), untaken=Untaken(60, 20)) == []
    assert kinds(a_line(), untaken=Untaken(61, 20)) == ["filling"]


def test_every_alert_has_its_words_and_spans_in_them_are_plain() -> None:
    line = a_line(is_in_trouble=True, last_success_at=None, last_data_at=NOW - timedelta(days=3))
    found = dict(alerts_of(line, timedelta(hours=5), Untaken(70, 2), NOW))

    said = [ALERT_WORDS[kind].format(**in_english(values)) for kind, values in found.items()]

    assert set(found) == set(AlertKind) == set(ALERT_WORDS) == set(ALERT_STEPS)
    assert "3 d 0 h; usually it is silent for 5 h 0 min" in said[0]
    assert "90 d 0 h" in said[1]


@pytest.mark.parametrize(
    ("counts", "came"),
    [
        (Counts(), Came.NOTHING_NEW),
        (Counts(5, 5), Came.ALL),
        (Counts(5, 1, 4), Came.SOME),
        (Counts(5, 0, 5), Came.ALL_KNOWN),
        (Counts(5, 0, 4, 1), Came.NOTHING_TAKEN),
        (Counts(5, 0, 0, 0, 5), Came.NOTHING_TAKEN),
    ],
)
def test_what_a_run_that_reads_came_to(counts: Counts, came: Came) -> None:
    told = tell_reading(counts, "yesterday")

    assert told.came is came
    assert "{" not in told.sentence


def test_a_run_that_was_offered_nothing_says_since_when_or_that_nothing_ever_came() -> None:
    assert tell_reading(Counts(), "18 Nov").sentence == "Nothing new since 18 Nov."
    assert tell_reading(Counts(), None).came is Came.NOTHING_YET


def test_what_a_run_that_sends_came_to() -> None:
    assert tell_sending(Counts()).came is Came.NOTHING_TO_SEND
    assert tell_sending(Counts(2, 2)).came is Came.SENT
    assert tell_sending(Counts(2), by_file=True).came is Came.CARRIED
    assert tell_sending(Counts(), by_file=True).came is Came.NOTHING_TO_SEND
    assert "no member of eu" in tell_sending(Counts(), closed="eu").sentence
    assert "did not take 1" in tell_sending(Counts(2, 1, refused=1)).sentence
    assert set(CAME_WORDS) == set(Came)


def test_reasons_are_counted_by_code_with_one_example_each() -> None:
    first = add_reasons([], [Why("a", "It is {x}.", {"x": 1}), Why("a", "It is {x}.", {"x": 2})])
    both = add_reasons(first, [Why("b", "No.", {}), *[Why("a", "It is {x}.", {"x": 3})] * 3])

    [a, b] = reasons_of(both)
    assert (a.code, a.count, a.values) == ("a", 5, {"x": "1"})
    assert (b.code, b.count) == ("b", 1)
    assert reasons_of(None) == []


def test_a_peer_cannot_make_a_run_grow_without_end() -> None:
    many = [Why(str(n), "{x}", {"x": "y" * 10_000}) for n in range(500)]

    kept = add_reasons([], many)

    assert len(kept) == 20
    assert len(str(kept)) < 10_000
