"""Seventy-two simulated hours of several instances: nothing lost, doubled, forbidden or echoed."""

from pathlib import Path

import pytest

from tests.conftest import NOON
from tests.support.databases import Databases
from tests.support.simulated.after import doubled, echoed, lost, restless, too_much
from tests.support.simulated.days import some_days

SEEDS = [
    *(pytest.param(seed, "sqlite", id=f"{seed}-sqlite") for seed in (1, 2)),
    *(
        pytest.param(seed, "sqlite", id=f"{seed}-sqlite", marks=pytest.mark.long)
        for seed in range(3, 17)
    ),
    *(
        pytest.param(seed, "postgresql", id=f"{seed}-postgresql", marks=pytest.mark.long)
        for seed in range(17, 21)
    ),
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
