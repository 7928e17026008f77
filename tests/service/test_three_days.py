"""Seventy-two simulated hours of several instances: nothing lost, doubled, forbidden or echoed."""

from pathlib import Path

import pytest

from tests.conftest import NOON
from tests.support.databases import Databases
from tests.support.simulated.after import doubled, echoed, lost, restless, too_much
from tests.support.simulated.days import some_days

_SHORT = (2, 6)  # with three houses each
SEEDS = [
    pytest.param(
        seed,
        "postgresql" if seed > 16 else "sqlite",
        id=f"{seed}-{'postgresql' if seed > 16 else 'sqlite'}",
        marks=() if seed in _SHORT else pytest.mark.long,
    )
    for seed in range(1, 21)
]


@pytest.mark.parametrize(("seed", "backend"), SEEDS)
def test_after_three_days_of_weather_all_have_what_they_may_have_and_nothing_else(
    databases: Databases, tmp_path: Path, seed: int, backend: str
) -> None:
    with some_days(databases, backend, tmp_path, seed, NOON) as days:
        days.go()

        assert days.judge.forbidden == [], days.told()
        assert lost(days) == [], days.told()
        assert doubled(days) == [], days.told()
        assert echoed(days) == [], days.told()
        assert too_much(days) == [], days.told()
        assert restless(days) == [], days.told()
