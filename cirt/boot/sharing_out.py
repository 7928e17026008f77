"""Shares the threads out: in turn among askers, and never all to one of them or to one kind of request.

Which request is next is decided before a thread is given to it, so that nobody waits with a thread in hand.
"""

import threading
from collections import Counter, OrderedDict, deque
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from waitress.task import ThreadedTaskDispatcher


class Kind(StrEnum):
    """What a request is for; TAXII as a whole and pages as a whole leave a thread to each other."""

    URGENT = "urgent"  # refusals: at once and without a limit
    HEALTH = "health"  # one at a time
    PAGE = "page"
    READ = "read"  # TAXII without a body
    WRITE = "write"  # TAXII with one: leaves a thread to those who read as well


class Serves(Protocol):
    """A connection with a request."""

    def service(self) -> None: ...

    def cancel(self) -> None: ...


@dataclass(slots=True)
class Job:
    """A request that is wholly read."""

    channel: Serves
    asker: str
    kind: Kind
    line: "Line"

    def service(self) -> None:
        try:
            self.channel.service()
        finally:
            self.line.is_done(self)

    def cancel(self) -> None:
        self.channel.cancel()


class Line:
    """The jobs that wait, as far as waitress's dispatcher knows a queue: true if one may start now."""

    def __init__(self, threads: int, freed: threading.Condition) -> None:
        all_but_one, all_but_two = max(1, threads - 1), max(1, threads - 2)
        self._most = {
            Kind.HEALTH: 1,
            Kind.PAGE: all_but_one,
            Kind.READ: all_but_one,
            Kind.WRITE: all_but_two,
        }
        self._most_taxii = all_but_one
        self._most_of_one_peer = all_but_two
        self._freed = freed
        self._urgent: deque[Job] = deque()
        self._lanes: OrderedDict[tuple[str, Kind], deque[Job]] = OrderedDict()
        self._working: Counter[str] = Counter()  # by asker and by kind
        self._present: Counter[str] = Counter()  # by asker, waiting and working

    def append(self, job: Job) -> None:
        if job.kind is Kind.URGENT:
            self._urgent.append(job)
            return
        self._present[job.asker] += 1
        self._lanes.setdefault((job.asker, job.kind), deque()).append(job)

    def popleft(self) -> Job:
        """The next that may start, of the asker that has waited longest for its turn."""
        if self._urgent:
            return self._urgent.popleft()
        lane = self._next_lane()
        if lane is None:
            raise IndexError
        job = self._lanes[lane].popleft()
        if self._lanes[lane]:
            self._lanes.move_to_end(lane)
        else:
            del self._lanes[lane]
        self._working[job.asker] += 1
        self._working[job.kind] += 1
        return job

    def is_done(self, job: Job) -> None:
        """Its thread is free again, and so may be a place for another of its asker or kind."""
        if job.kind is Kind.URGENT:
            return
        with self._freed:
            for counter, names in (
                (self._working, (job.asker, job.kind)),
                (self._present, (job.asker,)),
            ):
                for name in names:
                    counter[name] -= 1
                    if not counter[name]:
                        del counter[name]
            self._freed.notify()

    def present(self, asker: str) -> int:
        """How many of this asker wait or are in work."""
        return self._present.get(asker, 0)

    def __len__(self) -> int:
        return len(self._urgent) + sum(len(lane) for lane in self._lanes.values())

    def __bool__(self) -> bool:
        return bool(self._urgent) or self._next_lane() is not None

    def _next_lane(self) -> tuple[str, Kind] | None:
        return next((lane for lane in self._lanes if self._may_start(*lane)), None)

    def _may_start(self, asker: str, kind: Kind) -> bool:
        working = self._working
        if working[kind] >= self._most[kind]:
            return False
        if kind not in (Kind.READ, Kind.WRITE):
            return True
        taxii = working[Kind.READ] + working[Kind.WRITE]
        return taxii < self._most_taxii and working[asker] < self._most_of_one_peer


class Dispatcher(ThreadedTaskDispatcher):
    """Waitress's threads with our line in place of its queue."""

    def __init__(self, threads: int) -> None:
        super().__init__()
        self.line = Line(threads, self.queue_cv)
        self.queue = self.line  # type: ignore[assignment]  # as much of a deque as it uses
        self.set_thread_count(threads)

    def put(self, channel: Serves, asker: str, kind: Kind) -> None:
        with self.lock:
            self.line.append(Job(channel, asker, kind, self.line))
            self.queue_cv.notify()
