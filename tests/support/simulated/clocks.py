"""One time for the world, and a clock in each house that may be wrong."""

import heapq
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count

Act = Callable[[], None]


class Killed(BaseException):
    """As by kill -9: nothing of the worker's gets to say anything about it."""


class Time:
    """What is to happen happens when its time has come, also while somebody waits."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        self._order = count()
        self._to_come: list[tuple[datetime, int, Act]] = []
        self.is_acting = False  # of people, beside whatever waits

    def plan(self, at: datetime, act: Act) -> None:
        heapq.heappush(self._to_come, (at, next(self._order), act))

    def forward(self, delta: timedelta) -> None:
        until = self.at + delta
        while self._to_come and self._to_come[0][0] <= until:
            at, _, act = heapq.heappop(self._to_come)
            self.at = max(self.at, at)
            was_acting, self.is_acting = self.is_acting, True
            act()
            self.is_acting = was_acting
        self.at = max(self.at, until)


class HouseClock:
    """Shows the world's time, and what it goes wrong by.

    Every transaction looks at it first, so a worker can be killed before any of them.
    """

    def __init__(self, time: Time) -> None:
        self._time = time
        self.wrong_by = timedelta()
        self.dies_in: int | None = None  # looks at the clock

    def now(self) -> datetime:
        if self.dies_in is not None and not self._time.is_acting:
            self.dies_in -= 1
            if self.dies_in <= 0:
                self.dies_in = None
                raise Killed
        return self._time.at + self.wrong_by

    def sleep(self, seconds: float) -> None:
        self._time.forward(timedelta(seconds=seconds))
