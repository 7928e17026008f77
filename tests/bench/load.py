"""A closed-loop load generator in a process of its own, cheap enough not to be what is measured.

It speaks HTTP/1.1 over plain sockets and counts bytes by Content-Length; nothing is parsed.
Given a pickled Load on its input, it prints what came of it as JSON.
"""

import json
import pickle
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import cycle

_LONGEST_ANSWER_S = 120
_buffer = memoryview(bytearray(1 << 20))


@dataclass(frozen=True, slots=True)
class Load:
    """``requests`` over and over on ``connections`` kept connections for ``for_s`` seconds."""

    port: int
    requests: Sequence[bytes]
    connections: int
    for_s: float


@dataclass(slots=True)
class Outcome:
    answered: int = 0
    took_s: float = 0.0
    bytes: int = 0
    cpu_s: float = 0.0  # of this generator
    statuses: dict[str, int] = field(default_factory=dict)
    times_s: list[float] = field(default_factory=list)

    @property
    def per_s(self) -> float:
        return self.answered / self.took_s


def run_load(load: Load) -> Outcome:
    """What came of it.

    Raises:
        AssertionError: some answer was not 200.
    """
    command = [sys.executable, "-c", "from tests.bench.load import main; main()"]
    done = subprocess.run(command, input=pickle.dumps(load), stdout=subprocess.PIPE, check=True)
    outcome = Outcome(**json.loads(done.stdout))
    assert set(outcome.statuses) == {"200"}, outcome.statuses
    return outcome


class _Connection:
    """Sends one request at a time and counts its answer away."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=_LONGEST_ANSWER_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.status, self.sent_at = "", 0.0
        self._head, self._missing = b"", -1

    def send(self, request: bytes) -> None:
        self._head, self._missing = b"", -1
        self.sent_at = time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> tuple[int, bool]:
        """How many bytes came, and whether the answer is whole now."""
        count = self.socket.recv_into(_buffer)
        if not count:
            raise ConnectionError("the server closed before its answer was whole")
        if self._missing < 0:
            self._read_head(bytes(_buffer[:count]))
        else:
            self._missing -= count
        return count, self._missing == 0

    def _read_head(self, piece: bytes) -> None:
        self._head += piece
        end = self._head.find(b"\r\n\r\n")
        if end < 0:
            return
        lines = self._head[:end].lower().split(b"\r\n")
        self.status = lines[0].split()[1].decode()
        length = next(line[15:] for line in lines if line.startswith(b"content-length:"))
        self._missing = int(length) - (len(self._head) - end - 4)


def _run(load: Load) -> Outcome:
    outcome = Outcome()
    requests = cycle(load.requests)
    started = time.perf_counter()
    until = started + load.for_s
    with selectors.DefaultSelector() as waiting:
        for _ in range(load.connections):
            connection = _Connection(load.port)
            waiting.register(connection.socket, selectors.EVENT_READ, connection)
            connection.send(next(requests))
        while waiting.get_map():
            for connection in _answered(waiting, outcome):
                if time.perf_counter() < until:
                    connection.send(next(requests))
                else:
                    waiting.unregister(connection.socket)
                    connection.socket.close()
    outcome.took_s = time.perf_counter() - started
    outcome.cpu_s = time.process_time()
    return outcome


def _answered(waiting: selectors.BaseSelector, outcome: Outcome) -> Iterator[_Connection]:
    ready = waiting.select(_LONGEST_ANSWER_S)
    if not ready:
        raise TimeoutError
    for key, _ in ready:
        connection: _Connection = key.data
        count, is_whole = connection.receive()
        outcome.bytes += count
        if is_whole:
            outcome.answered += 1
            outcome.times_s.append(time.perf_counter() - connection.sent_at)
            seen = outcome.statuses.get(connection.status, 0)
            outcome.statuses[connection.status] = seen + 1
            yield connection


def main() -> None:
    print(json.dumps(asdict(_run(pickle.load(sys.stdin.buffer)))))
