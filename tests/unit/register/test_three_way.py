"""Two texts that grew from one: put together, or left to a person; and what changed between two texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cirt.register.three_way import MOST_LINES, differences, merged

BASE = "one\ntwo\nthree\nfour\nfive\n"
line = st.text(st.sampled_from("ab "), max_size=3)
text = st.lists(line, max_size=8).map("\n".join)


def test_changes_of_different_lines_are_both_kept() -> None:
    mine = BASE.replace("one", "ONE")
    theirs = BASE.replace("five", "five and six")

    assert merged(BASE, mine, theirs) == "ONE\ntwo\nthree\nfour\nfive and six\n"


def test_lines_that_came_and_went_are_both_kept() -> None:
    mine = "zero\n" + BASE
    theirs = BASE.replace("four\n", "")

    assert merged(BASE, mine, theirs) == "zero\none\ntwo\nthree\nfive\n"


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        (BASE.replace("two", "2"), BASE.replace("two", "II")),
        (BASE.replace("two", "2"), BASE.replace("three", "3")),  # neighbours may mean each other
        (BASE + "mine\n", BASE + "theirs\n"),
        ("", BASE.replace("two", "2")),
    ],
)
def test_changes_that_meet_are_left_to_a_person(mine: str, theirs: str) -> None:
    assert merged(BASE, mine, theirs) is None


def test_the_same_change_of_both_counts_once() -> None:
    both = BASE.replace("two", "2")

    assert merged(BASE, both, both) == both
    assert merged(BASE, both, both.replace("five", "5")) == both.replace("five", "5")


@given(text, text)
def test_who_changed_nothing_takes_nothing_away(base: str, other: str) -> None:
    assert merged(base, other, base) == other
    assert merged(base, base, other) == other


@given(text, text, text)
def test_it_is_all_the_same_who_was_first(base: str, one: str, two: str) -> None:
    assert merged(base, one, two) == merged(base, two, one)


@given(text, text, text)
def test_what_is_put_together_has_every_line_that_either_added(
    base: str, one: str, two: str
) -> None:
    both = merged(base, one, two)

    if both is not None:
        lines = set(both.splitlines())
        for each in (one, two):
            assert set(each.splitlines()) - set(base.splitlines()) <= lines


def test_texts_of_very_many_lines_are_left_to_a_person() -> None:
    long = "x\n" * (MOST_LINES + 1)

    assert merged(long, long + "a", "b" + long) is None
    assert differences(long, long + "a") is None


@given(text, text)
def test_what_changed_tells_the_text_that_came(before: str, after: str) -> None:
    shown = differences(before, after)

    assert shown is not None
    came = [each.text for each in shown if each.sign == "+"]
    went = [each.text for each in shown if each.sign == "-"]
    old, new = before.splitlines(), after.splitlines()
    assert len(new) - len(old) == len(came) - len(went)
    assert set(came) <= set(new)
    assert set(went) <= set(old)
    assert bool(shown) is (old != new)


def test_lines_that_look_like_heads_of_a_comparison_are_shown() -> None:
    shown = differences("-- a\nb", "++ a\nb")

    assert shown is not None
    assert [(each.sign, each.text) for each in shown] == [
        ("…", ""), ("-", "-- a"), ("+", "++ a"), (" ", "b"),
    ]  # fmt: skip
