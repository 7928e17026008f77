"""Shares the threads out: in turn among askers, and never all to one of them or to one kind of request.

Which request is next is decided before a thread is given to it, so that nobody waits for others with a thread
in hand.
"""

import logging
import threading
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, TypeAlias

from waitress.task import ThreadedTaskDispatcher

log = logging.getLogger("cirt.server")

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
Settle: TypeAlias = Callable[
    [Sequence[Any]], Sequence[bool]
]  # of each channel, whether what was prepared stands


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
    """A request that is wholly read. Who is ``alone`` makes its answer without others."""

    channel: Serves
    asker: str
    kind: Kind
    line: "Line"
    alone: bool = False

    @property
    def lane(self) -> _Lane:
        return self.asker, self.kind

    def service(self) -> None:
        try:
            self.channel.service()
        finally:
            self.line.is_answered(self)
            self.line.is_free(self.kind, {self.lane})

    def cancel(self) -> None:
        self.channel.cancel()


class Round:
    """One thread's way through the readings that wait. What their answers need settled is settled at once for all."""

    def __init__(self, first: Job, line: "Line") -> None:
        self.first = first
        self._line = line
        self._lanes = {first.lane}  # of which no other thread takes a job meanwhile
        self._unsent = [first]

    def service(self) -> None:
        try:
            self._send(self._prepare())
        finally:
            for job in self._unsent:  # something broke: what is not settled must not be sent
                job.cancel()
                self._line.is_answered(job)
            self._line.is_free(Kind.READ, self._lanes)

    def _prepare(self) -> list[Job]:
        """The jobs whose answers are made and not sent; all others are answered."""
        prepared: list[Job] = []
        until = time.monotonic() + _ROUND_S
        room = _ROUND_BYTES
        job: Job | None = self.first
        while job is not None:
            size = job.channel.prepare()
            if size:
                prepared.append(job)
                room -= size
            else:
                self._answer(job)
            goes_on = prepared and room > 0 and time.monotonic() < until
            job = self._line.next_reading(self._lanes) if goes_on else None
            if job is not None:
                self._unsent.append(job)
        return prepared

    def _send(self, prepared: list[Job]) -> None:
        if not prepared:
            return
        stand = self._line.settle([job.channel for job in prepared])
        is_quiet = len(prepared) == 1 and not self._line.has_readings()
        afterwards = self.first.channel.afterwards() if is_quiet else None
        for job, stands in zip(prepared, stand, strict=True):
            if stands:
                self._answer(job)
            else:  # it may have to wait, and nobody shall wait for it
                self._unsent.remove(job)
                self._line.put_back(job)
        if afterwards is not None:
            afterwards()

    def _answer(self, job: Job) -> None:
        """What goes wrong here takes nothing from the others."""
        self._unsent.remove(job)
        try:
            job.channel.service()
        except Exception:
            log.exception("not-answered")
            job.cancel()
        finally:
            self._line.is_answered(job)

    def cancel(self) -> None:
        self.first.cancel()


class Line:
    """The jobs that wait, as far as waitress's dispatcher knows a queue: true if one may start now.

    A lane is what one asker wants of one kind. Of a lane of TAXII one thread takes jobs at a time: more would only
    take the interpreter from each other. What waitress calls, it calls with ``freed`` in hand; the rest takes it.
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
        self._working: Counter[Kind] = Counter()  # threads
        self._busy: set[_Lane] = set()  # lanes of TAXII with a thread at work
        self._present: Counter[str] = Counter()  # by asker, waiting and at work

    # What waitress calls.

    def append(self, job: Job) -> None:
        if job.kind is Kind.URGENT:
            self._urgent.append(job)
            return
        self._present[job.asker] += 1
        self._lanes.setdefault(job.lane, deque()).append(job)

    def popleft(self) -> Job | Round:
        """The next that may start, of the asker that has waited longest for its turn."""
        if self._urgent:
            return self._urgent.popleft()
        lane = next((lane for lane in self._lanes if self._may_start(lane)), None)
        if lane is None:
            raise IndexError
        job = self._step(lane)
        self._working[job.kind] += 1
        if job.kind in _TAXII:
            self._busy.add(lane)
        return Round(job, self) if job.kind is Kind.READ and not job.alone else job

    def __len__(self) -> int:
        return len(self._urgent) + sum(len(lane) for lane in self._lanes.values())

    def __bool__(self) -> bool:
        return bool(self._urgent) or any(map(self._may_start, self._lanes))

    # What threads at work call.

    def next_reading(self, lanes: set[_Lane]) -> Job | None:
        """One more for a thread that has these lanes already, so that no other thread is needed for it."""
        with self._freed:
            for lane, jobs in self._lanes.items():
                may = lane in lanes or lane not in self._busy
                if lane[1] is Kind.READ and may and not jobs[0].alone:
                    self._busy.add(lane)
                    lanes.add(lane)
                    return self._step(lane)
        return None

    def has_readings(self) -> bool:
        """Whether any reader waits, also one that may not start yet."""
        with self._freed:
            return any(kind is Kind.READ for _, kind in self._lanes)

    def put_back(self, job: Job) -> None:
        """To be answered alone, as the first of its lane."""
        with self._freed:
            job.alone = True
            self._lanes.setdefault(job.lane, deque()).appendleft(job)

    def is_answered(self, job: Job) -> None:
        if job.kind is Kind.URGENT:
            return
        with self._freed:
            self._present[job.asker] -= 1
            if not self._present[job.asker]:
                del self._present[job.asker]

    def is_free(self, kind: Kind, lanes: AbstractSet[_Lane]) -> None:
        """A thread is done with these lanes, so that there may be a place for another of their askers or kind."""
        if kind is Kind.URGENT:
            return
        with self._freed:
            self._working[kind] -= 1
            self._busy -= lanes
            self._freed.notify()

    def present(self, asker: str) -> int:
        """How many of this asker wait or are at work."""
        return self._present.get(asker, 0)

    def _step(self, lane: _Lane) -> Job:
        job = self._lanes[lane].popleft()
        if self._lanes[lane]:
            self._lanes.move_to_end(lane)
        else:
            del self._lanes[lane]
        return job

    def _may_start(self, lane: _Lane) -> bool:
        kind = lane[1]
        if self._working[kind] >= self._most[kind]:
            return False
        if kind not in _TAXII:
            return True
        taxii = sum(self._working[each] for each in _TAXII)
        return taxii < self._most_taxii and lane not in self._busy


class Dispatcher(ThreadedTaskDispatcher):
    """Waitress's threads with our line in place of its queue."""

    def __init__(self, threads: int, settle: Settle) -> None:
        super().__init__()
        self.line = Line(threads, self.queue_cv, settle)
        self.queue = self.line  # type: ignore[assignment]  # as much of a deque as it uses
        self.set_thread_count(threads)

    def put(self, channel: Serves, asker: str, kind: Kind, *, alone: bool = False) -> None:
        with self.lock:
            self.line.append(Job(channel, asker, kind, self.line, alone))
            self.queue_cv.notify()
