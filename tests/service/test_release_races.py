"""Approvals raced against everything that makes them stale: nothing is published twice, nothing that is stale.

What came of it is read from the audit trail and the ledger by statements of the test's own.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

import pytest

from cirt.kernel import audit
from cirt.kernel.program import Program
from cirt.kernel.work import CONSOLE
from tests.support.race import (
    Act,
    Runner,
    Team,
    a_team,
    in_processes,
    in_threads,
    judge,
    mend,
    some_pairs,
)

EACH_IN_LONG = 417  # of six kinds, in threads and in processes, on two databases: 10,008 pairs
SOME = {"threads": 12, "processes": 6}  # 216 pairs


class Way(Protocol):
    def __call__(self, program: Program, team: Team) -> AbstractContextManager[Runner]: ...


WAYS: dict[str, Way] = {"threads": in_threads, "processes": in_processes}


def race(program: Program, way: str, each: int) -> int:
    """So many pairs of every kind; how many were run."""
    team, pairs = a_team(program), []
    with WAYS[way](program, team) as run:
        for place, act in enumerate(Act):
            numbers = range(place * each, (place + 1) * each)
            for pair in some_pairs(program, team, act, numbers):
                run(pair)
                mend(program, pair)
                pairs.append(pair)

    found = judge(program, pairs)
    assert found.wrong == []
    assert 0 < found.released < found.pairs  # both came first, now the one and now the other
    with program.work(CONSOLE, write=False) as work:
        assert audit.verify(work.session).broken is None
    return found.pairs


@pytest.mark.parametrize("way", WAYS)
def test_raced_approvals_publish_nothing_twice_and_nothing_stale(
    program: Program, way: str
) -> None:
    assert race(program, way, SOME[way]) == 6 * SOME[way]


@pytest.mark.long
@pytest.mark.parametrize("way", WAYS)
def test_ten_thousand_raced_pairs_publish_nothing_twice_and_nothing_stale(
    program: Program, way: str, record_property: Callable[[str, object], None]
) -> None:
    ran = race(program, way, EACH_IN_LONG)

    record_property("pairs", ran)
    assert ran == 6 * EACH_IN_LONG
