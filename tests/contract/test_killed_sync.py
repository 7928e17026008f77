"""A sync that is killed (kill -9) at any point is taken up again: nothing lost, nothing doubled, counts true."""

import base64
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import sqlalchemy as sa

from cirt.exchange.links.service import AddLink, add_link
from cirt.exchange.models import LinkDirection, Outgoing, Run, RunState
from cirt.exchange.pulling.pull import pull_link
from cirt.exchange.pushing import queuing
from cirt.exchange.pushing.push import push_link
from cirt.exchange.runs import Caps
from cirt.kernel.program import Program, key_file, load_program
from cirt.kernel.settings import read_settings
from cirt.kernel.work import CONSOLE, SYSTEM
from cirt.objects.models import ObjectVersion, StixObject
from tests.support.databases import TEST_SECRET, Databases
from tests.support.hostile import Asked, Handler, Peer, good, hostile, status_of
from tests.support.processes import clean_environment
from tests.support.release import a_collection, our_indicator, published
from tests.support.store import numbered
from tests.support.sync import a_far_peer, a_link, have

COUNT = 40  # objects, two a page
POINTS = [("before", 1), ("before", 9), ("amid", 4), ("after", 2), ("after", 20)]
MANY = [(when, page) for when in ("before", "amid", "after") for page in range(1, 21)]


@dataclass
class Place:
    """An installation on disk whose verbs run as processes."""

    program: Program
    environment: dict[str, str]
    pids: list[int] = field(default_factory=list)

    def sync(self) -> int:
        """The exit code; negative where it was killed."""
        command = [sys.executable, "-m", "cirt", "sync"]
        process = subprocess.Popen(
            command, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.pids.append(process.pid)
        return process.wait(120)

    def kill(self) -> None:
        os.kill(self.pids[-1], signal.SIGKILL)


@contextmanager
def a_place(databases: Databases, backend: str, home: Path) -> Iterator[Place]:
    said = {
        "CIRT_DATA_DIR": str(home),
        "CIRT_DATABASE_URL": databases.url(backend, home),
        "CIRT_OUTBOUND_ALLOW": "127.0.0.0/8",
    }
    settings = read_settings(said)
    key_file(settings).parent.mkdir(parents=True, exist_ok=True)
    key_file(settings).write_bytes(base64.urlsafe_b64encode(TEST_SECRET))
    program = load_program(settings)
    try:
        yield Place(program, clean_environment(**said))
    finally:
        program.engine.dispose()


@dataclass
class Killing:
    """Answers well, and kills the one who asks: before, amid or shortly after its ``at``-th answer."""

    place: Place
    when: str
    at: int
    chance: random.Random
    asked: int = 0

    def page(self, handler: Handler, asked: Asked) -> None:
        self._around(handler, lambda: good(handler, asked))

    def post(self, handler: Handler, _asked: Asked) -> None:
        self._around(handler, lambda: handler._json(status_of("complete", 1), 202))

    def _around(self, handler: Handler, answer: Callable[[], None]) -> None:
        self.asked += 1
        if self.asked != self.at:
            answer()
            return
        handler.close_connection = True
        if self.when == "after":
            answer()
            time.sleep(self.chance.uniform(0, 0.03))  # the point of the kill, not a wait for it
        elif self.when == "amid":
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{")
        self.place.kill()


def pulled(databases: Databases, backend: str, home: Path, when: str, at: int) -> None:
    with (
        a_place(databases, backend, home) as place,
        hostile("good", count=COUNT) as peer,
    ):
        link_id = a_link(place.program, f"{peer.base}/taxii2/")
        before = _versions(place.program)
        killer = Killing(place, when, at, random.Random(f"{when} {at}"))
        peer.acts = {"objects": killer.page}

        code = place.sync()
        peer.acts = {}
        last = pull_link(place.program, link_id, caps=Caps(page_size=2))

        assert code == -signal.SIGKILL or (when, at) == ("after", COUNT // 2)
        assert last.state is RunState.DONE
        assert have(place.program) == [numbered("indicator", n) for n in range(1, COUNT + 1)]
        assert _versions(place.program) == before + COUNT
        with place.program.work(SYSTEM, write=False) as work:
            runs = work.session.scalars(sa.select(Run)).all()
            assert sum(run.taken for run in runs) == COUNT
            assert all(
                run.offered == run.taken + run.known + run.held + run.refused for run in runs
            )


def _versions(program: Program) -> int:
    with program.work(CONSOLE, write=False) as work:
        query = (
            sa.select(sa.func.count())
            .select_from(ObjectVersion)
            .join(StixObject, StixObject.id == ObjectVersion.object_id)
        )
        return work.session.scalar(query) or 0


def pushed(databases: Databases, backend: str, home: Path, when: str, at: int) -> None:
    """The peer keeps by id and version, so what it holds is what it has been sent at least once."""

    def root(handler: Handler, _asked: Asked) -> None:
        handler._json({"title": "R", "max_content_length": 4096})

    with a_place(databases, backend, home) as place, hostile("good") as peer:
        link_id, ids = _outbox(place.program, peer)
        killer = Killing(place, when, at, random.Random(f"{when} {at}"))
        peer.acts = {"root": root, "post": killer.post}

        code = place.sync()
        peer.acts = {"root": root}
        last = push_link(place.program, link_id)

        assert code == -signal.SIGKILL
        assert last.state is RunState.DONE
        assert set(ids) <= {one for body in peer.posted for one in ids if one.encode() in body}
        assert len(peer.posted) - len(set(peer.posted)) <= 1  # the one whose answer was lost
        with place.program.work(SYSTEM, write=False) as work:
            rows = work.session.scalars(sa.select(Outgoing)).all()
            assert all(row.sent_at is not None and row.failure is None for row in rows)
            runs = work.session.scalars(sa.select(Run)).all()
            assert sum(run.taken for run in runs) == len(rows)


def _outbox(program: Program, peer: Peer) -> tuple[int, list[str]]:
    with program.work(CONSOLE) as work:
        far = a_far_peer(program, work, f"{peer.base}/taxii2/")
        made = [our_indicator(work) for _ in range(COUNT)]
        version_ids = published(work, a_collection(work, far), *made)
        link = add_link(work, AddLink("cert-b", "c", LinkDirection.PUSH, "indicators"))
        queuing.queue(work, link, version_ids)
        return link.id, [one.stix_id for one in made]


@pytest.mark.parametrize(("when", "at"), POINTS)
def test_a_pull(databases: Databases, backend: str, tmp_path: Path, when: str, at: int) -> None:
    pulled(databases, backend, tmp_path, when, at)


@pytest.mark.parametrize(("when", "at"), [("before", 1), ("amid", 2), ("after", 3)])
def test_a_push(databases: Databases, backend: str, tmp_path: Path, when: str, at: int) -> None:
    pushed(databases, backend, tmp_path, when, at)


@pytest.mark.long
@pytest.mark.parametrize(("when", "at"), MANY)
def test_a_pull_at_many_points(
    databases: Databases, backend: str, tmp_path: Path, when: str, at: int
) -> None:
    pulled(databases, backend, tmp_path, when, at)


@pytest.mark.long
@pytest.mark.parametrize(("when", "at"), [each for each in MANY if each[1] <= 8])
def test_a_push_at_many_points(
    databases: Databases, backend: str, tmp_path: Path, when: str, at: int
) -> None:
    pushed(databases, backend, tmp_path, when, at)
