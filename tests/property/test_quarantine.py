"""Whatever is offered, taken, dropped and undone, in whatever order: bytes are those offered or not there, counts hold."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TypeAlias

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from cirt.exchange.arrivals import take
from cirt.exchange.cases.commands import Alike, Decide, DecideAlike, Do
from cirt.exchange.cases.deciding import drop_arrival, take_arrival, undo_drop
from cirt.exchange.cases.together import decide_alike, group_of
from cirt.exchange.loops.disputes import Solution, Solve, solve
from cirt.exchange.models import Quarantined
from cirt.kernel.clock import FakeClock
from cirt.kernel.errors import CirtError
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, Work
from cirt.objects.models import ObjectVersion
from cirt.parties.peers import find_peer
from tests.conftest import NOON
from tests.support.databases import BACKENDS, Databases
from tests.support.release import a_reader
from tests.support.stix import an_indicator, an_object
from tests.support.store import indicator, numbered

_STATEMENT = numbered("marking-definition", 9)
PEERS = ("cert-b", "cert-c")
OFFERS: tuple[bytes, ...] = (
    indicator(1, tlp=Tlp.GREEN).raw,
    an_indicator(**{**indicator(1, tlp=Tlp.GREEN).content(), "description": "other"}),
    indicator(1, tlp=Tlp.GREEN, day=2).raw,
    indicator(1, tlp=Tlp.GREEN, day=3, revoked=True).raw,
    indicator(2, modified="2099-01-01T00:00:00.000Z").raw,
    indicator(3, object_marking_refs=[_STATEMENT]).raw,
    an_object(
        "marking-definition",
        id=_STATEMENT,
        modified=None,
        definition_type="statement",
        definition={"statement": "Copyright"},
    ),
    an_indicator(pattern="["),
    indicator(4, tlp=Tlp.RED).raw,
)
RED = OFFERS[-1]
WHY = "Looked at"

Step: TypeAlias = tuple[str, int, int]
steps = st.lists(
    st.tuples(
        st.sampled_from(("offer", "take", "drop", "undo", "solve", "all")),
        st.integers(0, len(OFFERS) - 1),
        st.integers(0, 1),
    ),
    max_size=14,
)


class Undone(Exception):
    """Each example leaves the database as it found it."""


@pytest.fixture(scope="module", params=BACKENDS)
def program(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Program]:
    place = tmp_path_factory.mktemp("cases")
    with databases.program(request.param, place, FakeClock(NOON)) as made:
        with made.work(CONSOLE) as work:
            for slug in PEERS:
                a_reader(work, slug)
        yield made


def arrivals(work: Work) -> list[Quarantined]:
    query = sa.select(Quarantined).order_by(Quarantined.id)
    return list(work.session.scalars(query.execution_options(populate_existing=True)))


def do(work: Work, step: Step) -> None:
    act, number, peer = step
    if act == "offer":
        answers = take(work, [OFFERS[number]], peer=find_peer(work.session, PEERS[peer]))
        assert len(answers) == 1  # so a run that counts answers accounts for all that was offered
        return
    rows = arrivals(work)
    if not rows:
        return
    row = rows[number % len(rows)]
    ways: dict[str, Callable[[], object]] = {
        "take": lambda: take_arrival(work, Decide(row.id, WHY)),
        "drop": lambda: drop_arrival(work, Decide(row.id, WHY)),
        "undo": lambda: undo_drop(work, row.id),
        "solve": lambda: solve(work, Solve(row.id, list(Solution)[peer])),
        "all": lambda: decide_all(work, PEERS[peer], row.code, list(Do)[number % 2]),
    }
    with suppress(CirtError), work.session.begin_nested():
        ways[act]()


def decide_all(work: Work, peer: str, code: str, what: Do) -> None:
    group = group_of(work.session, Alike(peer, code))
    decide_alike(work, DecideAlike(peer, code, group.upto, what, WHY))


def check(work: Work, offered: set[bytes]) -> None:
    by_digest = {hashlib.sha256(raw).hexdigest(): raw for raw in offered}
    stored = {each.hex() for each in work.session.scalars(sa.select(ObjectVersion.sha256))}
    stored &= {hashlib.sha256(raw).hexdigest() for raw in OFFERS}
    assert stored <= by_digest.keys()
    waiting = set()
    for row in arrivals(work):
        assert row.body in (None, by_digest[row.sha256])
        assert (row.body is None) == (by_digest[row.sha256] == RED)
        assert (row.settled_at is None) == (row.settled_as is None)
        waiting.add(row.sha256)
    assert by_digest.keys() <= stored | waiting  # nothing offered is lost


@settings(max_examples=60, deadline=None)
@given(steps=steps)
def test_what_was_offered_is_stored_as_it_came_or_stands_in_quarantine(
    program: Program, steps: list[Step]
) -> None:
    offered: set[bytes] = set()
    with suppress(Undone), program.work(CONSOLE) as work:
        for step in steps:
            do(work, step)
            if step[0] == "offer":
                offered.add(OFFERS[step[1]])
            work.session.flush()
            check(work, offered)
        raise Undone
