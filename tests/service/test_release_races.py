"""Approvals raced against everything that makes them stale: nothing is published twice, nothing that is stale.

What came of it is read from the audit trail and the ledger by statements of the test's own.
"""

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

import pytest

from cirt.kernel import audit
from cirt.kernel.program import Program
from cirt.kernel.work import CONSOLE
from tests.support.race import (
    Act,
    Lead,
    Runner,
    Team,
    a_team,
    in_processes,
    in_threads,
    mend,
    some_pairs,
)
from tests.support.race_judge import Found, judge

EACH_IN_LONG = 417  # of six kinds, in threads and in processes, on two databases: 10,008 pairs
SOME = 8  # 192 pairs


class Way(Protocol):
    def __call__(self, program: Program, team: Team) -> AbstractContextManager[Runner]: ...


WAYS: dict[str, Way] = {"threads": in_threads, "processes": in_processes}


def race(program: Program, way: str, each: int, at_once_at_least: float) -> Found:
    """So many pairs of every kind, and what came of them; of all this share had both sides at work together."""
    team, pairs, at_once = a_team(program), [], 0
    with WAYS[way](program, team) as run:
        for place, act in enumerate(Act):
            lead = Lead(act)
            numbers = range(place * each, (place + 1) * each)
            for pair in some_pairs(program, team, act, numbers):
                met = run(pair, lead.delays())
                lead.learn(met)
                at_once += met.at_once
                mend(program, pair)
                pairs.append(pair)

    found = judge(program, pairs)
    tell(program, way, found, at_once)
    assert found.wrong == []
    assert at_once > found.pairs * at_once_at_least
    assert 0 < found.released < found.pairs  # both came first, now the one and now the other
    with program.work(CONSOLE, write=False) as work:
        assert audit.verify(work.session).broken is None
    return found


def tell(program: Program, way: str, found: Found, at_once: int) -> None:
    first = ", ".join(f"{act} {found.approval_first[act]}:{found.other_first[act]}" for act in Act)
    sys.stdout.write(
        f"races in {way} on {program.engine.name}: {found.pairs} pairs, {at_once} at work at the same time,"
        f" {found.released} released,"
        f" {len(found.wrong)} wrong; who came first, the approval or the other act: {first}\n"
    )


@pytest.mark.parametrize("way", WAYS)
def test_raced_approvals_publish_nothing_twice_and_nothing_stale(
    program: Program, way: str
) -> None:
    assert race(program, way, SOME, 0).pairs == 6 * SOME


@pytest.mark.long
@pytest.mark.parametrize("way", WAYS)
def test_ten_thousand_raced_pairs_publish_nothing_twice_and_nothing_stale(
    program: Program, way: str, record_property: Callable[[str, object], None]
) -> None:
    found = race(program, way, EACH_IN_LONG, 0.25)

    record_property("pairs", found.pairs)
    assert found.pairs == 6 * EACH_IN_LONG
    for act in Act:  # a race that always ends alike shows nothing
        assert min(found.approval_first[act], found.other_first[act]) > EACH_IN_LONG / 10
