"""The worker: asks for due work, claims jobs, runs them, and holds on to long ones."""

import logging
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import sqlalchemy as sa

from cirt.kernel import jobs
from cirt.kernel.jobs import Claimed
from cirt.kernel.program import Program
from cirt.kernel.work import SYSTEM
from cirt.worker.table import HANDLERS, Handler, put_due

log = logging.getLogger("cirt.worker")

THREADS = 4  # for jobs without a lane
LANES = 24  # at work at the same time; fewer than there are connections to the database
_IDLE_S = 1.0
_AFTER_OUTAGE_S = 5.0
_OUTAGES = (sa.exc.DBAPIError, sa.exc.TimeoutError)  # the latter: all connections are in use
_RENEW_S = jobs.LEASE.total_seconds() / 3


def run_worker(
    program: Program,
    stop: threading.Event,
    *,
    threads: int = THREADS,
    handlers: Mapping[str, Handler] = HANDLERS,
) -> None:
    """Work until ``stop`` is set; jobs under way are finished first."""
    log.info("worker.start", extra={"threads": threads})
    helpers = [
        threading.Thread(target=_serve, args=(program, stop, handlers), name=f"worker-{n}")
        for n in range(1, threads)
    ]
    helpers.append(
        threading.Thread(target=_serve_lanes, args=(program, stop, handlers), name="lanes")
    )
    helpers.append(threading.Thread(target=_ask_on_and_on, args=(program, stop), name="due"))
    for helper in helpers:
        helper.start()
    _serve(program, stop, handlers)
    for helper in helpers:
        helper.join()
    log.info("worker.stop")


def _serve(program: Program, stop: threading.Event, handlers: Mapping[str, Handler]) -> None:
    while not stop.is_set():
        try:
            if not run_one(program, handlers, in_lane=False):
                stop.wait(_IDLE_S)
        except _OUTAGES:
            log.exception("worker.database")
            stop.wait(_AFTER_OUTAGE_S)


def _ask_on_and_on(program: Program, stop: threading.Event) -> None:
    """In a thread of its own: no job, however long it takes, keeps others from being asked for."""
    while not stop.is_set():
        try:
            ask_for_due(program)
            stop.wait(_IDLE_S)
        except _OUTAGES:
            log.exception("worker.database")
            stop.wait(_AFTER_OUTAGE_S)


def _serve_lanes(program: Program, stop: threading.Event, handlers: Mapping[str, Handler]) -> None:
    """A thread for each lane in which there is work; they wait for peers, and hold nothing while they do."""
    at_work: list[threading.Thread] = []
    while not stop.is_set():
        at_work = [each for each in at_work if each.is_alive()]
        claimed = None
        try:
            if len(at_work) < LANES:
                claimed = _claim(program, in_lane=True)
        except _OUTAGES:
            log.exception("worker.database")
            stop.wait(_AFTER_OUTAGE_S)
        if claimed is None:
            stop.wait(_IDLE_S)
            continue
        name = f"lane-{claimed.id}"
        at_work.append(
            threading.Thread(target=_in_lane, args=(program, claimed, handlers), name=name)
        )
        at_work[-1].start()
    for each in at_work:
        each.join()


def _in_lane(program: Program, claimed: Claimed, handlers: Mapping[str, Handler]) -> None:
    try:
        _do(program, claimed, handlers)
    except _OUTAGES:
        # the lease runs out, and the job is taken up again
        log.exception("worker.database")


def ask_for_due(program: Program) -> int:
    with program.work(SYSTEM) as work:
        return put_due(work)


def run_one(
    program: Program,
    handlers: Mapping[str, Handler] = HANDLERS,
    *,
    in_lane: bool | None = None,
) -> bool:
    """Claim the next job and run it; False if none is due. ``in_lane`` as for :func:`jobs.claim`."""
    claimed = _claim(program, in_lane=in_lane)
    if claimed is None:
        return False
    _do(program, claimed, handlers)
    return True


def _claim(program: Program, *, in_lane: bool | None) -> Claimed | None:
    with program.work(SYSTEM) as work:
        return jobs.claim(work.session, work.now, in_lane=in_lane)


def _do(program: Program, claimed: Claimed, handlers: Mapping[str, Handler]) -> None:
    start = time.monotonic()
    with _held(program, claimed):
        error = _run(program, claimed, handlers)
    with program.work(SYSTEM) as work:
        if error is None:
            is_ours = jobs.finish(work.session, claimed, work.now)
        else:
            is_ours = jobs.fail(work.session, claimed, work.now, error)
    log.info(
        "job",
        extra={
            "job": claimed.id,
            "kind": claimed.kind,
            "attempt": claimed.attempt,
            "error": error,
            "lost": not is_ours,
            "seconds": round(time.monotonic() - start, 3),
        },
    )


def _run(program: Program, claimed: Claimed, handlers: Mapping[str, Handler]) -> str | None:
    """What went wrong, or None. Whatever a handler raises is the job's failure, not the worker's."""
    handler = handlers.get(claimed.kind)
    if handler is None:
        return f"no handler for {claimed.kind}"
    try:
        handler(program, claimed.payload)
    except Exception as error:  # the boundary of a job: noted, logged, tried again
        log.exception("job.failed", extra={"job": claimed.id, "kind": claimed.kind})
        return f"{type(error).__name__}: {error}"[:500]
    return None


@contextmanager
def _held(program: Program, claimed: Claimed) -> Iterator[None]:
    """Renew the lease from a thread of its own for as long as the job runs."""
    done = threading.Event()

    def renew() -> None:
        while not done.wait(_RENEW_S):
            try:
                with program.work(SYSTEM) as work:
                    is_ours = jobs.renew(work.session, claimed, work.now)
            except _OUTAGES:  # busy; the lease has two thirds left
                log.exception("job.renew", extra={"job": claimed.id, "kind": claimed.kind})
                continue
            if not is_ours:
                log.warning("job.lost", extra={"job": claimed.id, "kind": claimed.kind})
                return

    renewing = threading.Thread(target=renew, name=f"lease-{claimed.id}", daemon=True)
    renewing.start()
    try:
        yield
    finally:
        done.set()
        renewing.join()
