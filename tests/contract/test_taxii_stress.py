"""Writers, readers, changed agreements, a dying worker and a clock that steps back, all at once.

The clients keep the ledger: what a status resource called a success must reach every reader that may see it.
"""

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE
from cirt.parties.peers import PeerFacts, add_peer, find_peer, set_credentials
from cirt.release.collections import AddCollection, add_collection, add_member, find_collection
from cirt.release.models import CollectionKind
from cirt.release.settling import offer_missing
from cirt.sharing.agreements.commands import AddAgreement, ChangeAgreement
from cirt.sharing.agreements.service import add_agreement, change_agreement
from tests.support import shifted
from tests.support.databases import BACKENDS, Databases
from tests.support.processes import children_of
from tests.support.served import Served, serve
from tests.support.shifted import ShiftedClock
from tests.support.stress_ledger import Ledger, Limits, Line
from tests.support.stress_readers import (
    PagesReader,
    Reader,
    assert_ends_with_newest,
    assert_kept_to,
    assert_met_all,
)
from tests.support.stress_writers import Writer
from tests.support.taxii import PASSWORD, Client, keys_of

SPACE = "space"
WRITERS = 8
_PATIENCE_S = 1800


@dataclass
class Crowd:
    """Everybody at one installation, and what is done to it meanwhile."""

    served: Served
    clock: ShiftedClock
    posts: int  # of each writer at least
    uuid: str = ""
    agreements: dict[str, str] = field(default_factory=dict)  # slug -> reference
    ledger: Ledger = field(default_factory=Ledger)
    limits: Limits = field(default_factory=Limits)
    writers: list[Writer] = field(default_factory=list)
    acted: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    widened_at: float = 0.0
    joined_at: float = 0.0

    def __post_init__(self) -> None:
        slugs = [f"writer-{number}" for number in range(WRITERS)]
        with self.program.work(CONSOLE) as work:
            made = add_collection(work, AddCollection(SPACE, "Space", CollectionKind.SHARED))
            self.uuid = made.uuid
            for slug in (*slugs, "north", "south", "narrow", "late"):
                peer = add_peer(work, self.program.keys, slug, PeerFacts(slug, "EX"))
                set_credentials(work, slug, slug, PASSWORD)
                since = work.now.date().replace(year=work.now.year - 1, day=1)
                agreement = AddAgreement(slug, ceiling=Tlp.AMBER, valid_from=since)
                self.agreements[slug] = add_agreement(work, agreement).reference
                if slug != "late":
                    add_member(work, made, peer)
        self.writers = [self._writer(number) for number in range(WRITERS)]

    @property
    def program(self) -> Program:
        return replace(self.served.program, clock=self.clock)

    def client(self, slug: str) -> Client:
        return Client(self.served.url, slug)

    def reader(self, slug: str, name: str, **more: object) -> Reader:
        chance = random.Random(name)
        return Reader(f"{slug} {name}", self.client(slug), SPACE, chance, **more)  # type: ignore[arg-type]

    def _writer(self, number: int) -> Writer:
        client, chance = self.client(f"writer-{number}"), random.Random(number)
        return Writer(client, SPACE, self.ledger, chance, number, self.posts, self.acted)

    def change(self, **terms: object) -> None:
        """What one reader may see from now on, as the command line does it."""
        with self.program.work(CONSOLE) as work:
            cmd = ChangeAgreement(self.agreements["narrow"], **terms)  # type: ignore[arg-type]
            offer_missing(work, change_agreement(work, cmd).peer_id)

    def join(self) -> None:
        with self.program.work(CONSOLE) as work:
            add_member(work, find_collection(work.session, SPACE), find_peer(work.session, "late"))
        self.joined_at = time.monotonic()

    def kill_a_web_process(self) -> None:
        os.kill(children_of(self.served.pid)[0], signal.SIGKILL)


@pytest.fixture(params=BACKENDS)
def served(
    request: pytest.FixtureRequest, databases: Databases, tmp_path: Path
) -> Iterator[tuple[Served, ShiftedClock]]:
    """The program as it is shipped, with two web processes, and a clock that can be set."""
    file = tmp_path / "shift"
    clock = ShiftedClock(file)
    clock.set(0)
    script = ("-P", Path(shifted.__file__))
    with serve(
        databases,
        request.param,
        tmp_path / "data",
        workers=2,
        python=script,
        also={"SHIFT_FILE": str(file)},
    ) as made:
        yield made, clock


@dataclass
class Readers:
    """Four by date, four by token, one who comes late, and taxii2-client."""

    by_date: Reader
    last_by_date: Reader
    records: Reader
    narrow_by_date: Reader
    by_token: Reader
    restless: Reader
    last_by_token: Reader
    narrow_by_token: Reader
    late: Reader
    pages: PagesReader

    def early(self) -> "list[Reader | PagesReader]":
        return [each for each in vars(self).values() if each is not self.late]


def the_readers(crowd: Crowd) -> Readers:
    return Readers(
        by_date=crowd.reader("north", "by date"),
        last_by_date=crowd.reader("north", "last by date", wanted=None, restless=True),
        records=crowd.reader("north", "records", resource="manifest"),
        narrow_by_date=crowd.reader("narrow", "by date"),
        by_token=crowd.reader("writer-1", "by token", by_token=True),
        restless=crowd.reader("south", "restless", by_token=True, restless=True),
        last_by_token=crowd.reader("south", "last by token", by_token=True, wanted=None),
        narrow_by_token=crowd.reader("narrow", "last", by_token=True, wanted="last"),
        late=crowd.reader("late", "by date"),
        pages=PagesReader(crowd.served.url, crowd.uuid, "south", 150),
    )


def run_all(crowd: Crowd, readers: Readers) -> None:
    """Writers and readers at once, with an act after each tenth of the posts."""
    with ThreadPoolExecutor(32) as pool:
        writing = [pool.submit(writer.run) for writer in crowd.writers]
        reading = [pool.submit(reader.run, crowd.ended) for reader in readers.early()]
        try:
            acts = acting(crowd, lambda: reading.append(pool.submit(readers.late.run, crowd.ended)))
            for _ in acts:
                wait_for_posts(crowd, writing)
            crowd.acted.set()
            for done in writing:
                done.result(_PATIENCE_S)
        finally:
            crowd.acted.set()
            crowd.ended.set()
        for done in reading:
            done.result(_PATIENCE_S)


def acting(crowd: Crowd, start_late: Callable[[], None]) -> Iterator[None]:
    """The acts of the administration, one after each pause."""
    yield
    crowd.change(ceiling=Tlp.GREEN)
    with crowd.limits.span(frozenset(), Tlp.GREEN):
        yield
        crowd.clock.set(-90)
        yield
        crowd.join()
        start_late()
        yield
    crowd.change(ceiling=Tlp.AMBER)
    yield
    crowd.kill_a_web_process()
    crowd.clock.set(-45)
    yield
    crowd.change(types=("indicator",))
    with crowd.limits.span(frozenset({"indicator"}), Tlp.AMBER):
        yield
        crowd.clock.set(3600)
        yield
        crowd.clock.set(0)
        yield
    crowd.change(types=())
    crowd.widened_at = time.monotonic()


def wait_for_posts(crowd: Crowd, writing: list[Future[None]]) -> None:
    """Until a tenth of the posts that are due at least was acknowledged since, or somebody failed."""
    due = crowd.ledger.posts + crowd.posts * WRITERS // 10
    while crowd.ledger.posts < due:
        for done in writing:
            if done.done():
                done.result()
        time.sleep(0.01)


def assert_nobody_missed_anything(crowd: Crowd, readers: Readers) -> None:
    ledger = crowd.ledger
    standing = ledger.standing()
    assert any(line.offers > 1 for line in ledger.lines.values())
    for whole in (readers.by_date, readers.records, readers.by_token, readers.restless):
        assert_met_all(whole.name, ledger, whole.keys(), standing)
    for last in (readers.last_by_date, readers.last_by_token, readers.narrow_by_token):
        assert_ends_with_newest(last.name, ledger, last.keys())
    for part, since, again in (
        (readers.late, crowd.joined_at, 0),
        (readers.narrow_by_date, crowd.widened_at, 2),
    ):
        later = [line for line in standing if line.asked_at > since]
        due = [*ledger.newest().values(), *later]  # of what came before, the newest of each
        assert_met_all(part.name, ledger, part.keys(), due, again=again)
    for kept in (readers.narrow_by_date, readers.narrow_by_token):
        assert_kept_to(kept.name, ledger, kept.met, crowd.limits)


def assert_walks_were_whole(crowd: Crowd, pages: PagesReader) -> None:
    """Each walk from the beginning shows once all that was there when it began."""
    for begun_at, keys in pages.walks:
        due: list[Line] = [
            line
            for line in crowd.ledger.lines.values()
            if line.told_at and line.told_at < begun_at and line.removed_at is None
        ]
        assert_met_all("as_pages", crowd.ledger, keys, due)
    assert len(pages.walks) > 1


def assert_every_way_agrees(crowd: Crowd, slug: str) -> list[tuple[str, str]]:
    """By token, by date, objects, manifest, large and small pages: the same once, in one order."""
    client = crowd.client(slug)
    objects, manifest = (f"collections/{SPACE}/{name}/" for name in ("objects", "manifest"))
    ways = [
        [key for page in walk(path, limit=limit, match_version="all") for key in keys_of(page)]
        for walk in (client.walk, client.walk_by_date)
        for path in (objects, manifest)
        for limit in (83, 1000)
    ]
    dates = [
        one["date_added"]
        for page in client.walk(manifest, match_version="all")
        for one in page.json()["objects"]
    ]
    client.close()
    assert all(way == ways[0] for way in ways)
    assert dates == sorted(set(dates))
    assert len(ways[0]) == len(set(ways[0])) == len(dates)
    return ways[0]


def check_a_crowd(served: tuple[Served, ShiftedClock], posts: int) -> None:
    crowd = Crowd(*served, posts=posts)
    readers = the_readers(crowd)

    run_all(crowd, readers)

    assert_nobody_missed_anything(crowd, readers)
    assert_walks_were_whole(crowd, readers.pages)
    standing = {line.key for line in crowd.ledger.standing()}
    assert set(assert_every_way_agrees(crowd, "north")) == standing
    for slug in ("late", "narrow"):
        assert set(assert_every_way_agrees(crowd, slug)) <= standing


def test_nothing_is_lost_or_doubled_in_a_crowd(served: tuple[Served, ShiftedClock]) -> None:
    check_a_crowd(served, posts=3)


@pytest.mark.long
def test_nothing_is_lost_or_doubled_in_a_crowd_that_stays(
    served: tuple[Served, ShiftedClock],
) -> None:
    check_a_crowd(served, posts=15)
