"""No peer costs more than its share: 200 MiB and a minute for a run, measured in a process of its own."""

import gc
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from cirt.exchange.pulling.pull import pull_link
from cirt.exchange.runs import Caps
from cirt.kernel.program import Program
from cirt.kernel.reaching import Limits
from tests.support.apart import Apart, apart
from tests.support.enduring import CAPS, IMPATIENT, check
from tests.support.hostile import hostile
from tests.support.hostile_bulk import BULK, MIB
from tests.support.hostile_doors import DOORS
from tests.support.hostile_pages import PAGES
from tests.support.hostile_wire import WIRE
from tests.support.scripted import Scripted
from tests.support.sync import a_link

MOST_MIB = 200
MOST_S = 60
IN_EARNEST = Caps()
LARGE = replace(CAPS, request=IN_EARNEST.request)  # small pages, answers as large as in earnest
HASTY = replace(IMPATIENT, request=Limits(2, 2, 2, IN_EARNEST.request.max_bytes))
# These are too large for what the others are read by; here they would not be.
OF_THEIR_SIZE = {
    "discovery of many megabytes",
    "a hundred thousand collections",
    "too much at once",
}
EVERY = PAGES | DOORS | WIRE
QUICK = ["small objects, packed", "a long text of escapes", "a long member", "a long failure"]

Endure = Callable[[Scripted, Caps], None]


@pytest.fixture
def endure(program: Program) -> Iterator[Endure]:
    with apart() as fresh:
        yield _endure(program, fresh)


@pytest.fixture(scope="module")
def lasting() -> Iterator[Apart]:
    with apart() as process:
        yield process


def _endure(program: Program, other: Apart) -> Endure:
    """Says what it took; ``pytest -rP`` shows that."""

    def run(mode: Scripted, caps: Caps) -> None:
        check(program, mode, other.pull, caps, HASTY)
        cost = other.costs[-1]
        sys.stdout.write(f"{cost.peak_mib} MiB, {cost.cpu_s} s\n")
        assert cost.peak_mib < MOST_MIB
        assert cost.cpu_s < MOST_S

    return run


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize("name", QUICK)
def test_by_some_large_answers(endure: Endure, name: str) -> None:
    endure(BULK[name], IN_EARNEST)


@pytest.mark.long
@pytest.mark.parametrize("name", BULK)
def test_by_large_answers(endure: Endure, name: str) -> None:
    endure(BULK[name], IN_EARNEST)


@pytest.mark.long
@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize("name", EVERY)
def test_by_all_that_is_wrong_or_odd(program: Program, lasting: Apart, name: str) -> None:
    """One after the other in one process: what an answer took is free again when the next one comes."""
    _endure(program, lasting)(EVERY[name], CAPS if name in OF_THEIR_SIZE else LARGE)


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize(
    "name",
    [
        "blanks",
        "a long token",
        "a long failure",
        "a text without end",
        "small things for roots",
        "chunks without end",  # of the page that is read ahead
        "gzip bomb in members",
    ],
)
def test_nothing_of_an_answer_is_left_when_a_run_has_failed(program: Program, name: str) -> None:
    """Also not until the garbage collector comes, which it does late."""
    mode = (BULK | WIRE)[name]
    with hostile("good") as peer:
        link_id = a_link(program, f"{peer.base}/taxii2/")
        pull_link(program, link_id, caps=LARGE, dry_run=True)  # what is loaded once
        peer.acts = {mode.at: mode.act}
        peer.requests.clear()
        gc.collect()
        gc.disable()
        tracemalloc.start()
        try:
            run = pull_link(program, link_id, caps=LARGE)
            left = tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()
            gc.enable()

    assert (run.error, run.taken) == (mode.code, mode.taken)
    assert left < 4 * MIB
