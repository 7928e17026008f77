"""Jobs: claimed once, run again after a crash, periodic work once in its slot."""

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from cirt.kernel import jobs
from cirt.kernel.clock import FakeClock
from cirt.kernel.jobs import LEASE, MAX_ATTEMPTS, Claimed, Job, JobState
from cirt.kernel.program import Program
from cirt.kernel.work import SYSTEM


def put(program: Program, kind: str = "test", slot: str | None = None) -> bool:
    with program.work(SYSTEM) as work:
        return jobs.put(work.session, kind, {"a": 1}, run_at=work.now, slot=slot)


def claim(program: Program) -> Claimed | None:
    with program.work(SYSTEM) as work:
        return jobs.claim(work.session, work.now)


def claimed(program: Program) -> Claimed:
    found = claim(program)
    assert found is not None
    return found


def states(program: Program) -> list[JobState]:
    with program.work(SYSTEM, write=False) as work:
        return list(work.session.scalars(sa.select(Job.state).order_by(Job.id)))


def test_a_job_asked_for_in_a_transaction_that_fails_was_never_asked_for(program: Program) -> None:
    with pytest.raises(RuntimeError), program.work(SYSTEM) as work:
        jobs.put(work.session, "test", {}, run_at=work.now)
        raise RuntimeError

    assert claim(program) is None


def test_many_workers_claim_each_job_once(program: Program) -> None:
    for _ in range(24):
        put(program)
    found: list[int] = []

    def work() -> None:
        while (job := claim(program)) is not None:
            found.append(job.id)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == len(set(found)) == 24


def test_the_job_that_has_been_due_longest_comes_first(program: Program, clock: FakeClock) -> None:
    put(program, "early")
    clock.forward(seconds=1)
    put(program, "late")

    assert claimed(program).kind == "early"


def test_a_job_is_not_due_before_its_time(program: Program, clock: FakeClock) -> None:
    with program.work(SYSTEM) as work:
        jobs.put(work.session, "test", {}, run_at=work.now + timedelta(minutes=1))

    assert claim(program) is None
    clock.forward(minutes=1)
    assert claim(program) is not None


def test_after_a_crash_a_job_runs_again_when_its_lease_has_ended(
    program: Program, clock: FakeClock
) -> None:
    put(program)
    first = claimed(program)  # and the worker dies

    assert claim(program) is None
    clock.forward(seconds=LEASE.total_seconds())
    again = claimed(program)

    assert (again.id, again.attempt) == (first.id, 2)


def test_a_worker_that_lost_its_lease_changes_nothing(program: Program, clock: FakeClock) -> None:
    put(program)
    first = claimed(program)
    clock.forward(seconds=LEASE.total_seconds())
    second = claimed(program)

    with program.work(SYSTEM) as work:
        assert not jobs.renew(work.session, first, work.now)
        assert not jobs.finish(work.session, first, work.now)
        assert not jobs.fail(work.session, first, work.now, "late")
    assert states(program) == [JobState.RUNNING]
    with program.work(SYSTEM) as work:
        assert jobs.finish(work.session, second, work.now)
    assert states(program) == [JobState.DONE]


def test_a_renewed_lease_holds(program: Program, clock: FakeClock) -> None:
    put(program)
    job = claimed(program)
    for _ in range(3):
        clock.forward(seconds=LEASE.total_seconds() - 1)
        with program.work(SYSTEM) as work:
            assert jobs.renew(work.session, job, work.now)

    assert claim(program) is None


def test_a_failing_job_waits_longer_each_time_and_is_given_up_in_the_end(
    program: Program, clock: FakeClock
) -> None:
    put(program)
    waits = []
    for _ in range(MAX_ATTEMPTS):
        waited = 0
        while (job := claim(program)) is None:
            clock.forward(seconds=5)
            waited += 5
        waits.append(waited)
        with program.work(SYSTEM) as work:
            jobs.fail(work.session, job, work.now, "broken")

    assert waits == sorted(waits)
    assert states(program) == [JobState.DEAD]
    clock.forward(days=30)
    assert claim(program) is None


def test_a_job_that_ends_its_worker_each_time_is_given_up(
    program: Program, clock: FakeClock
) -> None:
    put(program)
    for attempt in range(1, MAX_ATTEMPTS + 1):
        assert claimed(program).attempt == attempt  # and the worker dies
        clock.forward(seconds=LEASE.total_seconds())
    put(program, "another")

    assert claimed(program).kind == "another"
    assert states(program) == [JobState.DEAD, JobState.RUNNING]
    with program.work(SYSTEM, write=False) as work:
        [job] = work.session.scalars(sa.select(Job).where(Job.state == JobState.DEAD))
        assert job.ended_at == clock.now()
        assert str(MAX_ATTEMPTS) in (job.error or "")


@pytest.mark.parametrize("lane", [None, "peer-1"])
def test_what_was_under_way_or_waited_when_our_clock_stepped_back_goes_on_at_once(
    program: Program, clock: FakeClock, lane: str | None
) -> None:
    with program.work(SYSTEM) as work:
        for name in ("cut off", "waits"):
            jobs.put(work.session, name, {}, run_at=work.now, lane=lane)
    assert claimed(program).kind == "cut off"  # by a restart that also sets the clock
    clock.forward(days=-1)

    found = []
    while (job := claim(program)) is not None:
        found.append(job.kind)
        with program.work(SYSTEM) as work:
            jobs.finish(work.session, job, work.now)

    assert sorted(found) == ["cut off", "waits"]


def test_a_slot_is_taken_once_over_many_workers(program: Program) -> None:
    took: list[bool] = []
    threads = [
        threading.Thread(target=lambda: took.append(put(program, slot="sync-1-77")))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert took.count(True) == 1
    assert len(states(program)) == 1


def test_a_slot_stays_taken_when_its_job_is_done(program: Program) -> None:
    put(program, slot="sync-1-77")
    job = claimed(program)
    with program.work(SYSTEM) as work:
        jobs.finish(work.session, job, work.now)

    assert not put(program, slot="sync-1-77")
    assert put(program, slot="sync-1-78")


def test_tidying_forgets_what_is_long_done_and_nothing_else(
    program: Program, clock: FakeClock
) -> None:
    put(program, "done")
    job = claimed(program)
    with program.work(SYSTEM) as work:
        jobs.finish(work.session, job, work.now)
    put(program, "waiting")
    clock.forward(days=8)

    with program.work(SYSTEM) as work:
        assert jobs.tidy(work.session, work.now - timedelta(days=7)) == 1
    assert states(program) == [JobState.WAITING]
