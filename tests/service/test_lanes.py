"""One bad peer delays nobody: each peer has a lane of its own in the worker."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from cirt.exchange.complete.again import put_again
from cirt.exchange.complete.models import CheckState
from cirt.exchange.complete.service import new_check, put_check
from cirt.exchange.links.probing import ask_estimate, ask_rehearsal
from cirt.exchange.links.service import AddLink, add_link
from cirt.exchange.models import LinkDirection, Run, RunState
from cirt.kernel import jobs
from cirt.kernel.clock import FakeClock
from cirt.kernel.jobs import Job, JobState
from cirt.kernel.program import Program
from cirt.kernel.work import CONSOLE, SYSTEM, Work
from cirt.sources import desk
from cirt.worker.loop import THREADS, run_worker
from cirt.worker.table import HANDLERS, Handler
from tests.support.plain_peer import plain_peer
from tests.support.store import indicator
from tests.support.sync import a_far_peer, a_link, have

HANGING = THREADS + 2  # more than the worker has threads for everything else
PATIENCE_S = 30  # of this test; what it waits for comes within one


@contextmanager
def working(program: Program, handlers: Mapping[str, Handler] = HANDLERS) -> Iterator[None]:
    stop = threading.Event()
    worker = threading.Thread(
        target=run_worker, args=(program, stop), kwargs={"handlers": handlers}
    )
    worker.start()
    try:
        yield
    finally:
        stop.set()
        worker.join(PATIENCE_S)
        assert not worker.is_alive()


def wait_until(condition: threading.Event, true: Callable[[], bool]) -> None:
    for _ in range(PATIENCE_S * 20):
        if true():
            return
        condition.wait(0.05)
    raise AssertionError("it has not come")


class Asked:
    def __init__(self, program: Program, done: int) -> None:
        self.program, self.done = program, done

    def __call__(self) -> bool:
        with self.program.work(SYSTEM, write=False) as work:
            query = sa.select(sa.func.count()).where(Run.state == RunState.DONE)
            return (work.session.scalar(query) or 0) >= self.done


def test_peers_that_hang_hold_up_neither_healthy_ones_nor_other_work(program: Program) -> None:
    with ExitStack() as stack:
        hanging = [stack.enter_context(plain_peer([], hold=True)) for _ in range(HANGING)]
        healthy = [stack.enter_context(plain_peer([indicator(n).content()])) for n in range(1, 4)]
        with program.work(CONSOLE) as work:
            for number, peer in enumerate([*hanging, *healthy]):  # the bad ones are asked first
                slug = f"cert-{number}"
                a_far_peer(program, work, f"{peer.base}/taxii2/", slug)
                for remote in ("c", COLLECTION) if peer in hanging else ("c",):
                    add_link(work, AddLink(slug, remote, LinkDirection.PULL))
        with working(program):
            for peer in hanging:
                assert peer.asked.wait(PATIENCE_S)
            wait_until(threading.Event(), Asked(program, len(healthy)))

            still = [len(peer.requests) for peer in hanging]  # they hang all the while
            with program.work(SYSTEM, write=False) as work:
                periodic = sa.select(Job.kind).where(Job.state == JobState.DONE, Job.lane.is_(None))
                others = set(work.session.scalars(periodic))
            for peer in hanging:
                peer.hold = False
                peer.go_on.set()
            wait_until(threading.Event(), Asked(program, len(healthy) + 2 * HANGING))

    assert still == [1] * HANGING  # a peer's links run one after another
    assert "feeds.settle" in others
    assert len(have(program)) == 3


def test_what_is_asked_of_a_peer_beside_its_runs_is_in_its_lane_too(program: Program) -> None:
    """Checks, what is asked for again, estimates and dry runs wait for that peer alone."""
    with ExitStack() as stack:
        hanging = [stack.enter_context(plain_peer([], hold=True)) for _ in range(HANGING)]
        healthy = stack.enter_context(plain_peer([indicator(1).content()]))
        with program.work(CONSOLE) as work:
            for number, peer in enumerate(hanging):
                slug = f"cert-{number}"
                a_far_peer(program, work, f"{peer.base}/taxii2/", slug)
                link = add_link(work, AddLink(slug, "c", LinkDirection.PULL))
                link.retry_at = work.now + timedelta(days=1)
                ASKED[number % len(ASKED)](work, link.id)
            a_far_peer(program, work, f"{healthy.base}/taxii2/", "healthy")
            add_link(work, AddLink("healthy", "c", LinkDirection.PULL))
        with working(program):
            for peer in hanging:
                assert peer.asked.wait(PATIENCE_S)
            wait_until(threading.Event(), Asked(program, 1))
            with program.work(SYSTEM, write=False) as work:
                atwork = sa.select(Job.lane).where(Job.state == JobState.RUNNING)
                lanes = list(work.session.scalars(atwork))
            for peer in hanging:
                peer.hold = False
                peer.go_on.set()

    assert len(have(program)) == 1
    assert len({lane for lane in lanes if lane}) >= HANGING


def a_check(work: Work, link_id: int) -> None:
    put_check(work, link_id)


def what_is_missing(work: Work, link_id: int) -> None:
    check = new_check(work, link_id)
    check.state, check.missing = CheckState.DONE, [["indicator--1", ""]]
    put_again(work, check.id)


ASKED = (a_check, what_is_missing, ask_estimate, ask_rehearsal)


def test_work_that_takes_long_keeps_no_link_from_being_asked_for(program: Program) -> None:
    begun, go_on = threading.Semaphore(0), threading.Event()

    def slow(*_: object) -> None:
        begun.release()
        go_on.wait()

    with plain_peer([indicator(1).content()]) as peer:
        with program.work(SYSTEM) as work:
            for number in range(THREADS):
                jobs.put(work.session, "slow", {"n": number}, run_at=work.now)
        with working(program, {**HANDLERS, "slow": slow}):
            for _ in range(THREADS):
                assert begun.acquire(timeout=PATIENCE_S)
            a_link(program, f"{peer.base}/taxii2/")
            try:
                wait_until(threading.Event(), Asked(program, 1))
            finally:
                go_on.set()

    assert len(have(program)) == 1


COLLECTION = "5d9c0d2e-52d7-4f7a-8f2b-0a4f6f2d9c11"


def test_jobs_of_one_lane_run_one_after_another_and_lanes_beside_each_other(
    program: Program, clock: FakeClock
) -> None:
    with program.work(SYSTEM) as work:
        for name, lane in (("a1", "a"), ("a2", "a"), ("b1", "b"), ("free", None)):
            jobs.put(work.session, name, {}, run_at=work.now, lane=lane)

    def claim(*, in_lane: bool | None) -> jobs.Claimed | None:
        with program.work(SYSTEM) as work:
            return jobs.claim(work.session, work.now, in_lane=in_lane)

    first, second = claim(in_lane=True), claim(in_lane=True)
    assert first is not None
    assert second is not None
    assert (first.kind, second.kind) == ("a1", "b1")
    assert claim(in_lane=True) is None
    free = claim(in_lane=False)
    assert free is not None
    assert free.kind == "free"
    assert claim(in_lane=None) is None
    with program.work(SYSTEM) as work:
        jobs.finish(work.session, first, work.now)
    following = claim(in_lane=True)
    assert following is not None
    assert following.kind == "a2"
    clock.forward(seconds=jobs.LEASE.total_seconds() + timedelta(seconds=1).total_seconds())
    again = claim(in_lane=True)  # the leases have run out: the lanes are free
    assert again is not None
    assert again.attempt == 2


def test_sources_that_hang_hold_up_neither_another_nor_other_work(
    program: Program, tmp_path: Path
) -> None:
    (tmp_path / "one.json").write_bytes(json.dumps([indicator(1).content()]).encode())
    with ExitStack() as stack:
        hanging = [stack.enter_context(plain_peer([], hold=True)) for _ in range(HANGING)]
        with program.work(CONSOLE) as work:
            a_far_peer(program, work, "http://127.0.0.1:9/", "vendor")
        connectors = {
            f"list-{number}": {"connector": "csv", "peer": "vendor", "url": f"{peer.base}/list"}
            for number, peer in enumerate(hanging)
        }
        connectors["stix-folder"] = {"peer": "vendor", "folder": str(tmp_path)}
        reading = replace(program, settings=replace(program.settings, connectors=connectors))
        with working(reading):
            for peer in hanging:
                assert peer.asked.wait(PATIENCE_S)
            wait_until(threading.Event(), lambda: have(program) != [])
            with program.work(SYSTEM) as work:
                again = desk.ask_all(work, reading)
                running = sa.select(Job.lane).where(Job.state == JobState.RUNNING)
                lanes = set(work.session.scalars(running))
            for peer in hanging:
                peer.hold = False
                peer.go_on.set()

    assert len({lane for lane in lanes if lane}) >= HANGING
    assert again <= 1  # those that hang are not asked again
