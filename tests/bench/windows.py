"""What a turn of requests gives: their rate, and what each costs the server in CPU time."""

import json
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from tests.bench.filling import envelopes
from tests.bench.load import Load, run_load
from tests.bench.measure import tree_cpu_s
from tests.bench.site import Client, Server

BATCH = 1000
CONNECTIONS, MANY = 4, 16

Turn = TypeVar("Turn")


@dataclass(frozen=True, slots=True)
class Size:
    """How long to measure; each round is two turns of each side."""

    rounds: int = 3
    turn_s: float = 2.0
    posts: int = 10  # in a turn


THOROUGH, QUICK = Size(), Size(rounds=1, turn_s=1.0, posts=3)
WARM_UPS = 10  # posts


@dataclass(frozen=True, slots=True)
class Window:
    """One turn: requests per second, and milliseconds per request."""

    per_s: float
    median_ms: float
    cpu_ms: float
    postgres_ms: float

    @property
    def all_cpu_ms(self) -> float:
        return self.cpu_ms + self.postgres_ms


def in_turn(
    one: Callable[[], Turn], other: Callable[[], Turn], size: Size
) -> tuple[list[Turn], list[Turn]]:
    ones, others = [], []
    for _ in range(size.rounds):
        ones.append(one())
        others.append(other())
        others.append(other())
        ones.append(one())
    return ones, others


def ask(server: Server, paths: list[str], connections: int, size: Size) -> Window:
    requests = [server.target.get(path) for path in paths]
    with _cpu(server.pid) as cpu, _cpu(server.postgres_pid) as postgres:
        done = run_load(Load(server.target.port, requests, connections, size.turn_s))
    median_ms = statistics.median(done.times_s) * 1000
    count = done.answered
    return Window(done.per_s, median_ms, cpu[0] * 1000 / count, postgres[0] * 1000 / count)


@contextmanager
def _cpu(pid: int | None) -> Iterator[list[float]]:
    """The seconds are there when the block has ended."""
    spent = [0.0]
    before = tree_cpu_s(pid) if pid else 0.0
    yield spent
    spent[0] = tree_cpu_s(pid) - before if pid else 0.0


class Poster:
    """Puts envelopes one after the other, each until its last object can be read."""

    def __init__(self, server: Server, posts: int, seed: int) -> None:
        self._server = server
        self._client = Client(server.target)
        self._root = server.target.path.partition("collections/")[0]
        self._envelopes = list(envelopes(posts, BATCH, seed))

    def turn(self) -> Window:
        times = []
        with _cpu(self._server.pid) as cpu, _cpu(self._server.postgres_pid) as postgres:
            for body, last in self._envelopes:
                started = time.perf_counter()
                self._post(body, last)
                times.append(time.perf_counter() - started)
        count = len(times)
        return Window(
            count / sum(times),
            statistics.median(times) * 1000,
            cpu[0] * 1000 / count,
            postgres[0] * 1000 / count,
        )

    def _post(self, body: bytes, last: str) -> None:
        status = json.loads(self._client.send("POST", "objects/", body)[0])
        while status["status"] != "complete":
            time.sleep(0.005)
            status = json.loads(self._client.send("GET", f"{self._root}status/{status['id']}/")[0])
        assert status["success_count"] == BATCH, status
        found = json.loads(self._client.send("GET", f"objects/?match[id]={last}")[0])
        assert [one["id"] for one in found["objects"]] == [last]
