"""The worker: due links once in their slot, jobs to their end, a clean stop."""

import threading
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from cirt.exchange.links.due import put_due
from cirt.exchange.links.service import (
    AddLink,
    EveryWrong,
    FromOnlyForPush,
    LinkExists,
    NoSuchLink,
    add_link,
    find_link,
    pause_link,
    resume_link,
)
from cirt.exchange.models import Link, LinkDirection, Run
from cirt.kernel import jobs
from cirt.kernel.clock import FakeClock
from cirt.kernel.errors import NotAllowed
from cirt.kernel.jobs import Job, JobState
from cirt.kernel.program import Program
from cirt.kernel.work import CONSOLE, PUBLIC, SYSTEM
from cirt.parties.peers import resume_peer, suspend_peer
from cirt.worker import loop
from cirt.worker.loop import ask_for_due, run_one, run_worker
from tests.support.hostile import hostile
from tests.support.release import a_reader
from tests.support.sync import a_link, have

FAR = "http://127.0.0.1:9/taxii2/"


def due(program: Program) -> int:
    with program.work(SYSTEM) as work:
        return put_due(work)


def finish_all(program: Program) -> None:
    with program.work(SYSTEM) as work:
        work.session.execute(sa.update(Job).values(state=JobState.DONE, ended_at=work.now))


def test_a_link_is_due_once_in_each_slot(program: Program, clock: FakeClock) -> None:
    a_link(program, FAR, every_s=300)

    assert (due(program), due(program)) == (1, 0)
    finish_all(program)
    assert due(program) == 0
    clock.forward(seconds=300)
    assert due(program) == 1


def test_many_workers_ask_for_a_link_once(program: Program) -> None:
    a_link(program, FAR)
    asked: list[int] = []
    threads = [threading.Thread(target=lambda: asked.append(due(program))) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(asked) == 1


def test_a_link_whose_run_is_still_under_way_is_not_asked_for_again(
    program: Program, clock: FakeClock
) -> None:
    a_link(program, FAR, every_s=60)
    due(program)
    clock.forward(minutes=10)

    assert due(program) == 0


def test_paused_links_and_those_of_suspended_peers_rest(program: Program, clock: FakeClock) -> None:
    link_id = a_link(program, FAR, every_s=60)
    with program.work(CONSOLE) as work:
        pause_link(work, link_id)
    assert due(program) == 0
    with program.work(CONSOLE) as work:
        resume_link(work, link_id)
        suspend_peer(work, "cert-b")
    assert due(program) == 0
    with program.work(CONSOLE) as work:
        resume_peer(work, "cert-b")
    assert due(program) == 1


def test_a_link_that_was_told_when_to_try_again_is_left_alone_so_long(
    program: Program, clock: FakeClock
) -> None:
    link_id = a_link(program, FAR, every_s=60)
    with program.work(CONSOLE) as work:
        link = work.session.get_one(Link, link_id)
        link.retry_at = work.now + timedelta(hours=1)

    assert due(program) == 0
    clock.forward(hours=1)
    assert due(program) == 1


def test_a_retry_that_ended_its_workers_does_not_end_the_link(
    program: Program, clock: FakeClock
) -> None:
    link_id = a_link(program, FAR, every_s=60)
    with program.work(CONSOLE) as work:
        work.session.get_one(Link, link_id).retry_at = work.now
    assert due(program) == 1

    with program.work(SYSTEM) as work:
        work.session.execute(sa.update(Job).values(state=JobState.DEAD, ended_at=work.now))

    assert due(program) == 0
    clock.forward(hours=1)
    assert due(program) == 1


def test_links_are_refused_with_a_reason(program: Program) -> None:
    with program.work(CONSOLE) as work:
        a_reader(work)
        cmd = AddLink("cert-b", "c", LinkDirection.PULL)
        add_link(work, cmd)
        with pytest.raises(LinkExists):
            add_link(work, cmd)
        with pytest.raises(EveryWrong):
            add_link(work, AddLink("cert-b", "d", LinkDirection.PULL, every_s=0))
        with pytest.raises(FromOnlyForPush):
            add_link(work, AddLink("cert-b", "d", LinkDirection.PULL, collection="x"))
        with pytest.raises(NoSuchLink):
            find_link(work.session, 999)
    with program.work(PUBLIC) as work, pytest.raises(NotAllowed):
        add_link(work, cmd)


def test_the_worker_syncs_a_link_when_it_is_due(program: Program) -> None:
    with hostile("good") as peer:
        a_link(program, f"{peer.base}/taxii2/")

        ask_for_due(program)
        while run_one(program):
            pass

    assert len(have(program)) == 6
    with program.work(SYSTEM, write=False) as work:
        assert set(work.session.scalars(sa.select(Job.state))) == {JobState.DONE}


def test_what_a_peer_does_wrong_is_the_run_s_failure_not_the_job_s(program: Program) -> None:
    a_link(program, FAR)
    ask_for_due(program)
    while run_one(program):
        pass

    with program.work(SYSTEM, write=False) as work:
        assert work.session.scalars(sa.select(Run.error)).one() == "nothing-listens"
        assert JobState.WAITING not in set(work.session.scalars(sa.select(Job.state)))


def test_a_handler_that_breaks_is_tried_again_later(program: Program, clock: FakeClock) -> None:
    def broken(_program: Program, _payload: dict[str, Any]) -> None:
        raise ZeroDivisionError

    with program.work(SYSTEM) as work:
        jobs.put(work.session, "broken", {}, run_at=work.now)

    assert run_one(program, {"broken": broken})
    assert not run_one(program, {"broken": broken})
    clock.forward(seconds=5)
    assert run_one(program, {"broken": broken})
    with program.work(SYSTEM, write=False) as work:
        job = work.session.scalars(sa.select(Job)).one()
        assert (job.attempts, job.state) == (2, JobState.WAITING)
        assert "ZeroDivisionError" in (job.error or "")


def test_a_busy_database_does_not_end_the_hold_on_a_job(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    renewed = threading.Event()
    busy = [sa.exc.OperationalError("renew", {}, Exception("database is locked"))]

    def renew(*args: Any) -> bool:
        if busy:
            raise busy.pop()
        renewed.set()
        return True

    def slow(_program: Program, _payload: dict[str, Any]) -> None:
        assert renewed.wait(10)

    monkeypatch.setattr(loop, "_RENEW_S", 0.01)
    monkeypatch.setattr(jobs, "renew", renew)
    with program.work(SYSTEM) as work:
        jobs.put(work.session, "slow", {}, run_at=work.now)

    assert run_one(program, {"slow": slow})
    with program.work(SYSTEM, write=False) as work:
        assert work.session.scalars(sa.select(Job.state)).one() is JobState.DONE


def test_a_job_that_nobody_knows_is_noted_not_lost(program: Program) -> None:
    with program.work(SYSTEM) as work:
        jobs.put(work.session, "odd", {}, run_at=work.now)

    run_one(program)

    with program.work(SYSTEM, write=False) as work:
        assert work.session.scalars(sa.select(Job.error)).one() == "no handler for odd"


def test_a_stopped_worker_finishes_the_job_in_hand(program: Program) -> None:
    begun, go_on, stop = threading.Event(), threading.Event(), threading.Event()
    done: list[int] = []

    def slow(_program: Program, _payload: dict[str, Any]) -> None:
        begun.set()
        go_on.wait(10)
        done.append(1)

    with program.work(SYSTEM) as work:
        jobs.put(work.session, "slow", {}, run_at=work.now - timedelta(days=1))
    table = {"slow": slow}
    worker = threading.Thread(
        target=run_worker, args=(program, stop), kwargs={"threads": 2, "handlers": table}
    )
    worker.start()
    assert begun.wait(10)
    stop.set()
    go_on.set()
    worker.join(10)

    assert not worker.is_alive()
    assert done == [1]
    with program.work(SYSTEM, write=False) as work:
        query = sa.select(Job.state).where(Job.kind == "slow")
        assert work.session.scalars(query).one() is JobState.DONE
