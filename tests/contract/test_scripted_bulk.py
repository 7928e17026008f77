"""No peer costs more than its share: 512 MiB and a minute for a run, measured in a process of its own."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from cirt.exchange.runs import Caps
from cirt.kernel.net import Limits
from cirt.kernel.program import Program
from tests.support.apart import Apart, apart
from tests.support.enduring import CAPS, IMPATIENT, check
from tests.support.hostile_bulk import BULK
from tests.support.hostile_doors import DOORS
from tests.support.hostile_pages import PAGES
from tests.support.hostile_wire import WIRE
from tests.support.scripted import Scripted

MOST_MIB = 512
MOST_S = 60
IN_EARNEST = Caps()
LARGE = replace(CAPS, request=IN_EARNEST.request)  # small pages, answers as large as in earnest
HASTY = replace(IMPATIENT, request=Limits(2, 2, 2, IN_EARNEST.request.max_bytes))
# What an answer of theirs may hold tells how these end; here it is larger.
OF_THEIR_SIZE = {
    "discovery of many megabytes": "page-too-long",
    "a hundred thousand collections": "document-too-large",
}
EVERY = PAGES | DOORS | WIRE
QUICK = ["small objects, packed", "a long text of escapes", "a long member", "a long failure"]

Endure = Callable[[Scripted, Caps], None]


@pytest.fixture(scope="module")
def other() -> Iterator[Apart]:
    with apart() as process:
        yield process


@pytest.fixture
def endure(program: Program, other: Apart) -> Endure:
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
def test_by_all_that_is_wrong_or_odd(endure: Endure, name: str) -> None:
    mode = EVERY[name]
    endure(replace(mode, code=OF_THEIR_SIZE.get(name, mode.code)), LARGE)
