"""A scripted peer does every wrong and odd thing there is; each has its name, and nothing is lost by it."""

import pytest

from cirt.kernel.program import Program
from tests.support.enduring import check
from tests.support.hostile import hostile
from tests.support.hostile_doors import DOORS
from tests.support.hostile_pages import PAGES
from tests.support.hostile_wire import WIRE


@pytest.mark.parametrize("name", PAGES)
def test_in_its_pages(program: Program, name: str) -> None:
    check(program, PAGES[name])


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize("name", DOORS)
def test_at_its_doors(program: Program, name: str) -> None:
    with hostile("good") as other:
        check(program, DOORS[name], elsewhere=other.base)

        assert other.requests == []


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize("name", WIRE)
def test_on_the_wire(program: Program, name: str) -> None:
    check(program, WIRE[name])
