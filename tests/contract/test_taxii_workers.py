"""Several web processes answer as one, also after they were started again: cases 40 and 88 of the checklist."""

import http.client
import json
import os
import signal
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.support.databases import Databases
from tests.support.processes import children_of, is_running, wait_until
from tests.support.served import Served, serve
from tests.support.taxii import MEDIA, PASSWORD, ROOT, an_indicator, found_world

OBJECTS = f"{ROOT}collections/rw/objects/"
_CONNECTIONS = 400


@dataclass
class Line:
    """One kept connection of alice's, and the process that holds its other end."""

    connection: http.client.HTTPConnection
    worker: int

    def ask(self, method: str, path: str, body: bytes | None = None) -> tuple[int, Any]:
        sign = b64encode(f"alice:{PASSWORD}".encode()).decode()
        headers = {"Authorization": f"Basic {sign}", "Accept": MEDIA, "Content-Type": MEDIA}
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        return answer.status, json.loads(answer.read())


def worker_of(served: Served, connection: http.client.HTTPConnection) -> int:
    """The child that accepted it, by the number of its socket."""
    ours, theirs = connection.sock.getsockname()[1], connection.sock.getpeername()[1]
    ends = (f"0100007F:{theirs:04X}", f"0100007F:{ours:04X}")
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    socket = next(f"socket:[{row[9]}]" for row in rows if (row[1], row[2]) == ends)
    for child in children_of(served.pid):
        for entry in Path(f"/proc/{child}/fd").iterdir():
            if entry.is_symlink() and str(entry.readlink()) == socket:
                return child
    raise AssertionError("no child has accepted it")


def lines(served: Served) -> dict[int, Line]:
    """A connection to each of two web processes, made until both have answered."""
    found: dict[int, Line] = {}
    for _ in range(_CONNECTIONS):
        made = http.client.HTTPConnection(served.url.removeprefix("http://"), timeout=60)
        made.auto_open = 0
        made.connect()
        line = Line(made, 0)
        assert line.ask("GET", ROOT)[0] == 200
        line.worker = worker_of(served, made)
        if line.worker in found:
            made.close()
            continue
        found[line.worker] = line
        if len(found) == 2:
            return found
    raise AssertionError("only one process answers")


@pytest.fixture
def served(backend: str, databases: Databases, tmp_path: Path) -> Iterator[Served]:
    with serve(databases, backend, tmp_path, workers=2) as made:
        found_world(made.program)
        yield made


def post(line: Line, *objects: dict[str, Any]) -> None:
    body = json.dumps({"objects": objects}).encode()
    status, said = line.ask("POST", OBJECTS, body)
    assert (status, said["success_count"]) == (202, len(objects))


def test_40_a_token_of_one_process_holds_at_another_and_after_a_restart(served: Served) -> None:
    before = lines(served)
    one, other = before.values()
    post(one, *(an_indicator(number) for number in range(12)))
    first = one.ask("GET", f"{OBJECTS}?limit=5")[1]
    following = f"{OBJECTS}?limit=5&next={quote(first['next'])}"

    here, there = one.ask("GET", following), other.ask("GET", following)
    for worker in before:
        os.kill(worker, signal.SIGKILL)
    wait_until(lambda: not any(map(is_running, before)), "the old processes end")
    after = lines(served)
    again = [line.ask("GET", following) for line in after.values()]

    assert set(before).isdisjoint(after)
    assert here[0] == 200
    assert len(here[1]["objects"]) == 5
    assert [there, *again] == [here] * 3
    for line in (*before.values(), *after.values()):
        line.connection.close()


def test_88_what_one_process_took_every_other_shows_at_once(served: Served) -> None:
    one, other = lines(served).values()
    with closing(one.connection), closing(other.connection):
        for number in range(10):
            posted = an_indicator(number)
            post(one, posted)
            path = f"{OBJECTS}?match[id]={posted['id']}"
            assert other.ask("GET", path) == one.ask("GET", path) == (200, {"objects": [posted]})
            one, other = other, one
