"""Shares the threads out: in turn among askers, and never all to one of them or to one kind of request.

Which request is next is decided before a thread is given to it, so that nobody waits with a thread in hand.
"""

import threading
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, TypeAlias

from waitress.task import ThreadedTaskDispatcher

_ROUND_S = 0.004  # after which no more are begun in a round
_ROUND_BYTES = 1024 * 1024  # likewise


class Kind(StrEnum):
    """What a request is for; TAXII as a whole and pages as a whole leave a thread to each other."""

    URGENT = "urgent"  # refusals: at once and without a limit
    HEALTH = "health"  # one at a time
    PAGE = "page"
    READ = "read"  # TAXII without a body
    WRITE = "write"  # TAXII with one: leaves a thread to those who read as well


_TAXII = (Kind.READ, Kind.WRITE)

_Lane: TypeAlias = tuple[str, Kind]
Settle: TypeAlias = Callable[[Sequence[Any]], None]  # given the channels


class Serves(Protocol):
    """A connection with a request."""

    def prepare(self) -> int:
        """Make the answer; its size in bytes if something must be settled before it is sent, else 0."""
        ...

    def afterwards(self) -> Callable[[], None] | None:
        """What to do when what was prepared has been sent, if there is time for it."""
        ...

    def service(self) -> None:
        """Send what was prepared; else make it first."""
        ...

    def cancel(self) -> None: ...


@dataclass(slots=True)
class Job:
    """A request that is wholly read."""

    channel: Serves
    asker: str
    kind: Kind
    line: "Line"
    has_seat: bool = False  # else it rides along with one that has
    afterwards: Callable[[], None] | None = None

    def service(self) -> None:
        try:
            self.channel.service()
            if self.afterwards is not None:
                self.afterwards()
        finally:
            self.line.is_done(self)

    def cancel(self) -> None:
        self.channel.cancel()


@dataclass(slots=True)
class Round:
    """One thread's way through the readings that wait. What their answers need settled is settled at once for all."""

    first: Job
    line: "Line"

    def service(self) -> None:
        prepared: list[Job] = []
        try:
            self._prepare(prepared)
        finally:
            self._finish(prepared)

    def _prepare(self, prepared: list[Job]) -> None:
        until = time.monotonic() + _ROUND_S
        room = _ROUND_BYTES
        job: Job | None = self.first
        while job is not None:
            size = job.channel.prepare()
            if not size:
                job.service()
            else:
                prepared.append(job)
                room -= size
            goes_on = prepared and room > 0 and time.monotonic() < until
            job = self.line.next_reading() if goes_on else None

    def _finish(self, prepared: list[Job]) -> None:
        if not prepared:
            return
        try:
            self.line.settle([job.channel for job in prepared])
        except BaseException:
            for job in prepared:  # what is not settled must not be sent
                job.cancel()
                self.line.is_done(job)
            raise
        if len(prepared) == 1 and not self.line:
            self.first.afterwards = self.first.channel.afterwards()
        with ExitStack() as sending:  # all of them, whatever becomes of one
            for job in prepared:  # the first, whose seat this is, comes last
                sending.callback(job.service)

    def cancel(self) -> None:
        self.first.cancel()


class Line:
    """The jobs that wait, as far as waitress's dispatcher knows a queue: true if one may start now.

    A lane is what one asker wants of one kind. Of a lane of TAXII one job is at work: more threads would only take
    the interpreter from each other.
    """

    def __init__(self, threads: int, freed: threading.Condition, settle: Settle) -> None:
        all_but_one, all_but_two = max(1, threads - 1), max(1, threads - 2)
        self._most = {
            Kind.HEALTH: 1,
            Kind.PAGE: all_but_one,
            Kind.READ: all_but_one,
            Kind.WRITE: all_but_two,
        }
        self._most_taxii = all_but_one
        self._freed = freed
        self.settle = settle
        self._urgent: deque[Job] = deque()
        self._lanes: OrderedDict[_Lane, deque[Job]] = OrderedDict()
        self._kinds: Counter[Kind] = Counter()  # at work
        self._busy: set[_Lane] = set()  # lanes of TAXII with a job at work
        self._present: Counter[str] = Counter()  # by asker, waiting and at work

    def append(self, job: Job) -> None:
        if job.kind is Kind.URGENT:
            self._urgent.append(job)
            return
        self._present[job.asker] += 1
        self._lanes.setdefault((job.asker, job.kind), deque()).append(job)

    def popleft(self) -> "Job | Round":
        """The next that may start, of the asker that has waited longest for its turn."""
        if self._urgent:
            return self._urgent.popleft()
        lane = self._next_lane()
        if lane is None:
            raise IndexError
        job = self._step(lane)
        job.has_seat = True
        self._kinds[job.kind] += 1
        if job.kind in _TAXII:
            self._busy.add(lane)
        return Round(job, self) if job.kind is Kind.READ else job

    def next_reading(self) -> Job | None:
        """One more for a thread that reads already, so that no other is needed for it."""
        with self._freed:
            lane = next((lane for lane in self._lanes if lane[1] is Kind.READ), None)
            return None if lane is None else self._step(lane)

    def _step(self, lane: _Lane) -> Job:
        job = self._lanes[lane].popleft()
        if self._lanes[lane]:
            self._lanes.move_to_end(lane)
        else:
            del self._lanes[lane]
        return job

    def is_done(self, job: Job) -> None:
        """Its thread is free again, and so may be a place for another of its asker or kind."""
        if job.kind is Kind.URGENT:
            return
        with self._freed:
            self._present[job.asker] -= 1
            if not self._present[job.asker]:
                del self._present[job.asker]
            if job.has_seat:
                self._kinds[job.kind] -= 1
                self._busy.discard((job.asker, job.kind))
                self._freed.notify()

    def present(self, asker: str) -> int:
        """How many of this asker wait or are at work."""
        return self._present.get(asker, 0)

    def __len__(self) -> int:
        return len(self._urgent) + sum(len(lane) for lane in self._lanes.values())

    def __bool__(self) -> bool:
        return bool(self._urgent) or self._next_lane() is not None

    def _next_lane(self) -> _Lane | None:
        return next((lane for lane in self._lanes if self._may_start(lane)), None)

    def _may_start(self, lane: _Lane) -> bool:
        kind = lane[1]
        if self._kinds[kind] >= self._most[kind]:
            return False
        if kind not in _TAXII:
            return True
        taxii = sum(self._kinds[each] for each in _TAXII)
        return taxii < self._most_taxii and lane not in self._busy


class Dispatcher(ThreadedTaskDispatcher):
    """Waitress's threads with our line in place of its queue."""

    def __init__(self, threads: int, settle: Settle) -> None:
        super().__init__()
        self.line = Line(threads, self.queue_cv, settle)
        self.queue = self.line  # type: ignore[assignment]  # as much of a deque as it uses
        self.set_thread_count(threads)

    def put(self, channel: Serves, asker: str, kind: Kind) -> None:
        with self.lock:
            self.line.append(Job(channel, asker, kind, self.line))
            self.queue_cv.notify()
