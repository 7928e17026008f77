"""Two and three instances that read from each other: sharing digest, section 6, rule 16 (and 2, 4, 10, 11, 13, 15)."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from cirt.kernel.clock import FakeClock
from tests.support.databases import Databases
from tests.support.ring import a_ring

Edges = Sequence[tuple[int, int]]  # (reader, giver)


def ring(size: int) -> Edges:
    """Each reads from the one before it; the first from the last."""
    return [((number + 1) % size, number) for number in range(size)]


def mesh(size: int) -> Edges:
    return [(one, other) for one in range(size) for other in range(size) if one != other]


def reached(edges: Edges, *, transit: bool) -> set[int]:
    """Who has the first one's object in the end; further than its readers only where transit is allowed."""
    found = {0}
    for _ in edges:
        givers = found if transit else {0}
        found |= {reader for reader, giver in edges if giver in givers}
    return found


@pytest.mark.parametrize(
    ("edges", "transit"),
    [
        pytest.param(mesh(2), False, id="two-mutual"),
        pytest.param(ring(3), False, id="three-in-a-ring", marks=pytest.mark.long),
        pytest.param(ring(3), True, id="three-in-a-ring-with-transit"),
        pytest.param(mesh(3), True, id="three-meshed-with-transit"),
        pytest.param(mesh(2), True, id="two-mutual-with-transit", marks=pytest.mark.long),
        pytest.param(mesh(3), False, id="three-meshed", marks=pytest.mark.long),
        pytest.param(ring(5), True, id="five-in-a-ring-with-transit", marks=pytest.mark.long),
        pytest.param(mesh(4), True, id="four-meshed-with-transit", marks=pytest.mark.long),
    ],
)
def test_16_after_ten_polls_one_version_each_and_nothing_more_to_send(
    databases: Databases,
    backend: str,
    tmp_path: Path,
    clock: FakeClock,
    edges: Edges,
    transit: bool,
) -> None:
    with a_ring(databases, backend, tmp_path, clock, edges, transit=transit) as circle:
        stix_id = circle.nodes[0].give()
        [given] = circle.nodes[0].versions(stix_id)

        for _ in range(7):
            circle.poll()
        before = [node.messages() for node in circle.nodes]
        late = [run for _ in range(3) for run in circle.poll()]

        has = {n for n, node in enumerate(circle.nodes) if node.versions(stix_id)}
        assert has == reached(edges, transit=transit)
        assert all(circle.nodes[n].versions(stix_id) == [given] for n in has)
        assert [node.messages() for node in circle.nodes] == before
        assert all(waiting == 0 for _, _, waiting in before)
        assert all((run.error, run.offered) == (None, 0) for run in late)


@pytest.mark.parametrize(
    "edges",
    [
        pytest.param(mesh(2), id="two-mutual", marks=pytest.mark.long),
        pytest.param(ring(3), id="three-in-a-ring"),
        pytest.param(mesh(3), id="three-meshed", marks=pytest.mark.long),
    ],
)
def test_15_16_a_revocation_goes_round_once_and_then_all_rest(
    databases: Databases, backend: str, tmp_path: Path, clock: FakeClock, edges: Edges
) -> None:
    with a_ring(databases, backend, tmp_path, clock, edges, transit=True) as circle:
        first = circle.nodes[0]
        stix_id = first.give()
        for _ in range(3):
            circle.poll()
        first.revoke(stix_id)
        expected = first.versions(stix_id)
        for _ in range(7):
            circle.poll()
        before = [node.messages() for node in circle.nodes]

        late = [run for _ in range(3) for run in circle.poll()]

        assert len(expected) == 2
        assert all(node.versions(stix_id) == expected for node in circle.nodes)
        assert [node.messages() for node in circle.nodes] == before
        assert all(waiting == 0 for _, _, waiting in before)
        assert all((run.error, run.offered) == (None, 0) for run in late)


def test_12_16_a_sighting_comes_back_to_the_author_through_the_middle_and_then_all_rest(
    databases: Databases, backend: str, tmp_path: Path, clock: FakeClock
) -> None:
    line = [(1, 0), (2, 1), (0, 1), (1, 2)]
    with a_ring(databases, backend, tmp_path, clock, line, transit=True) as circle:
        author, middle, far = circle.nodes
        stix_id = author.give()
        for _ in range(3):
            circle.poll()
        sighting = far.sight(stix_id)
        expected = far.versions(sighting)
        for _ in range(5):
            circle.poll()
        before = [node.messages() for node in circle.nodes]

        late = [run for _ in range(3) for run in circle.poll()]

        assert len(expected) == 1
        assert middle.versions(sighting) == author.versions(sighting) == expected
        assert [node.messages() for node in circle.nodes] == before
        assert all((run.error, run.offered) == (None, 0) for run in late)
