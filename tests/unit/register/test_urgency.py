"""The first guess of a report's severity, and how long a report may wait."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cirt.kernel.settings import SettingsWrong, read_settings
from cirt.register.models import Affected, Lane, ReportSource, Severity
from cirt.register.urgency.rules import guess_by, guess_severity
from cirt.register.urgency.targets import Targets, targets_of

GRAVEST_FIRST = list(Severity)
lanes = st.sampled_from([None, *Lane])
sources = st.sampled_from(ReportSource)
guesses = st.sampled_from([None, *Severity])


def targets(**first_look: int) -> Targets:
    given = " ".join(f"{name}={minutes}" for name, minutes in first_look.items())
    return targets_of(read_settings({"CIRT_FIRST_LOOK": given}, Path("/nowhere")))


@pytest.mark.parametrize(
    ("lane", "ongoing", "affected", "guess"),
    [
        (None, None, [], None),
        (Lane.SPAM, True, [Affected.SERVICE], Severity.INFO),
        (Lane.OPERATOR, True, [Affected.SERVICE], Severity.CRITICAL),
        (Lane.OPERATOR, None, [], Severity.MEDIUM),
        (Lane.FIRM, True, [Affected.OFFICE], Severity.MEDIUM),
        (Lane.CITIZEN, True, [Affected.OFFICE], Severity.LOW),
        (Lane.CITIZEN, None, [], Severity.LOW),
        (None, False, [Affected.SERVICE], Severity.HIGH),
    ],
)
def test_the_first_guess_goes_by_what_was_ticked(
    lane: Lane | None, ongoing: bool | None, affected: list[Affected], guess: Severity | None
) -> None:
    assert guess_severity(lane, ongoing=ongoing, affected=affected) is guess
    ticked = {"ongoing": ongoing, "affected": [one.value for one in affected]}
    kept = {name: value for name, value in ticked.items() if value not in (None, [])}
    assert guess_by(lane, kept or None) is guess


@given(lanes.filter(lambda lane: lane is not Lane.SPAM), st.sets(st.sampled_from(Affected)))
def test_whoever_ticks_more_is_never_taken_less_seriously(
    lane: Lane | None, affected: set[Affected]
) -> None:
    guesses = [
        guess_severity(lane, ongoing=True, affected=some)
        for some in (affected, {*affected, Affected.PERSONAL_DATA}, set(Affected))
    ]
    ranks = [GRAVEST_FIRST.index(guess) for guess in guesses if guess is not None]

    assert len(ranks) == 3
    assert ranks == sorted(ranks, reverse=True)


def test_of_the_targets_that_fit_the_most_exact_counts_and_then_the_shortest() -> None:
    found = targets(**{"desk": 30, "operator": 45, "critical": 20, "operator+critical": 90})

    def minutes(source: ReportSource, lane: Lane | None, guess: Severity | None) -> int:
        return found.of(source, lane, guess) // timedelta(minutes=1)

    assert minutes(ReportSource.FORM, None, None) == 60
    assert minutes(ReportSource.DESK, None, None) == 30
    assert minutes(ReportSource.DESK, Lane.OPERATOR, None) == 30
    assert minutes(ReportSource.FORM, Lane.OPERATOR, Severity.LOW) == 45
    assert minutes(ReportSource.DESK, Lane.FIRM, Severity.CRITICAL) == 20
    assert minutes(ReportSource.DESK, Lane.OPERATOR, Severity.CRITICAL) == 90
    assert [length // timedelta(minutes=1) for length in found.lengths] == [20, 30, 45, 60, 90]


@given(sources, lanes, guesses)
def test_every_report_has_one_of_the_targets(
    source: ReportSource, lane: Lane | None, guess: Severity | None
) -> None:
    found = targets(**{"desk+critical": 5, "spam": 1440, "mail": 240, "low": 480})

    assert found.of(source, lane, guess) in found.lengths


@pytest.mark.parametrize("name", ["telex", "desk+telex", "desk+mail", "", "desk+"])
def test_a_target_for_what_is_not_there_is_refused_by_its_name(name: str) -> None:
    with pytest.raises(SettingsWrong, match="first_look"):
        targets(**{name: 5})
