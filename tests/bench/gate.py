"""What the gate costs: decisions a second, and its share of a TAXII page of 1,000 (at most 10 %).

The share is time in the gate by time of the whole page, both in this process and one after the other, so that it holds
however busy the machine is; what reads bytes is the page's, not the gate's.
"""

import base64
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from werkzeug.test import Client

from cirt.boot.app import create_app
from cirt.kernel.clock import SystemClock
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Actor, ActorKind
from cirt.parties.peers import find_peer
from cirt.release.collections import find_collection
from cirt.release.filters import Filter
from cirt.release.pages import page
from cirt.release.windows import find_place, look
from cirt.sharing.gate import allowed_standing, leaves_again
from cirt.sharing.queries import peer_reader
from cirt.sharing.rules import decide
from tests.bench.filling import FRIEND, OUT, PASSWORD, befriend, fill, indicators
from tests.bench.measure import Goal, emit, spread
from tests.support.databases import Databases
from tests.support.sharing import NOW, facts, peer

OBJECTS, PAGE, ROUNDS = 5000, 1000, 15
_DECISIONS = 20_000
_SHARE = Goal(must=0.1, aim=0.05)
_MEDIA = "application/taxii+json;version=2.1"


def run(databases: Databases, backend: str, place: Path) -> None:
    _decisions(backend)
    with databases.program(backend, place, SystemClock()) as program:
        befriend(program)
        fill(program, indicators(OBJECTS), OUT)
        _page(program, backend)


def _decisions(backend: str) -> None:
    """Of one set of facts each, as in the worst page, where no two versions are alike."""
    reader = peer()
    asked = [facts(tlp) for tlp in Tlp]

    def all_of_them() -> None:
        for number in range(_DECISIONS):
            decide(asked[number % len(asked)], reader, "published", NOW)

    rates = [_DECISIONS / _seconds(all_of_them) for _ in range(ROUNDS)]
    emit("gate_decisions", backend, statistics.median(rates), "decisions/s", **spread(rates))


def _page(program: Program, backend: str) -> None:
    with program.work(_actor(program), write=False) as work:
        reader = peer_reader(work.session, _actor(program).id or 0, work.now)
        place = find_place(work, reader, find_collection(work.session, OUT))
        standing = look(work, place, Filter(), -1, PAGE).standing
        assert len(standing.version_ids) == PAGE

        def gate() -> None:
            assert len(allowed_standing(work, reader, place.kind.value, standing)) == PAGE

        def fresh() -> None:
            assert len(page(work, place, Filter(), limit=PAGE, endpoint="objects").dates) == PAGE

        gates, pages = _in_turn(gate, fresh)
        _emit_share("gate_share_of_reading", backend, gates, pages, None)
        [released] = page(work, place, Filter(), limit=PAGE, endpoint="objects").objects

        def again() -> None:
            assert leaves_again(released, reader, work.now)

        agains, _ = _in_turn(again, again)
    _emit_share("gate_share_of_page", backend, gates, _answers(program, is_new=True))
    _emit_share("gate_share_of_page_again", backend, agains, _answers(program, is_new=False))


def _answers(program: Program, *, is_new: bool) -> list[float]:
    """The whole request, as the application answers it: a page that it has not given before, or that it remembers."""
    times = []
    client = _client(program)
    for _ in range(ROUNDS):
        client = _client(program) if is_new else client
        times.append(_seconds(lambda client=client: _ask(client, f"objects/?limit={PAGE}")))  # type: ignore[misc]
    return times


def _client(program: Program) -> Client:
    """Its password has been checked, and its statements are made."""
    client = Client(create_app(program))
    _ask(client, "objects/?limit=1")
    return client


def _ask(client: Client, below: str) -> None:
    secret = base64.b64encode(f"{FRIEND}:{PASSWORD}".encode()).decode()
    headers = {"Authorization": f"Basic {secret}", "Accept": _MEDIA}
    path = f"/taxii2/national/collections/{OUT}/{below}"
    assert client.get(path, headers=headers).status_code == 200


def _actor(program: Program) -> Actor:
    with program.work(Actor(ActorKind.SYSTEM), write=False) as work:
        friend = find_peer(work.session, FRIEND)
    return Actor(ActorKind.PEER, friend.id, friend.slug)


def _in_turn(one: Callable[[], None], other: Callable[[], None]) -> tuple[list[float], list[float]]:
    """One, other, one, other: whatever else the machine does meets both."""
    one()
    other()
    pairs = [(_seconds(one), _seconds(other)) for _ in range(ROUNDS)]
    return [a for a, _ in pairs], [b for _, b in pairs]


def _seconds(act: Callable[[], None]) -> float:
    """Of this process's own time."""
    started = time.process_time()
    act()
    return time.process_time() - started


def _emit_share(
    name: str, backend: str, gates: list[float], wholes: list[float], goal: Goal | None = _SHARE
) -> None:
    share = statistics.median(gates) / statistics.median(wholes)
    emit(
        name,
        backend,
        share,
        "of it",
        goal,
        gate_ms=round(statistics.median(gates) * 1000, 3),
        whole_ms=round(statistics.median(wholes) * 1000, 3),
        objects=PAGE,
    )
