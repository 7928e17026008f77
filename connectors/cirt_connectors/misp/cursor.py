"""Which events were handed over: all up to a second and those of that second, or of a feed each one."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from .places import Listed

_SIGN = 12  # hexadecimal digits of an event in one state
_MOST_AGAIN = 1000


@dataclass(slots=True)
class Position:
    """``done`` are signs of events at or after ``at``; ``again`` are uuids that could not be had and are asked for anew.

    A REST listing is asked for from ``at`` on. A feed may list old events at any time, so there ``at`` stays.
    """

    at: int
    moves: bool
    done: set[str] = field(default_factory=set)
    again: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, cursor: str | None, since: int, *, moves: bool) -> "Position":
        if cursor is None:
            return cls(since, moves)
        kept = json.loads(cursor)
        signs = kept["done"]
        done = {signs[i : i + _SIGN] for i in range(0, len(signs), _SIGN)}
        return cls(max(kept["at"], since), moves, done, kept["again"])

    @property
    def cursor(self) -> str:
        kept = {"at": self.at, "done": "".join(sorted(self.done)), "again": self.again}
        return json.dumps(kept)

    def left(self, listed: Iterable[Listed]) -> list[Listed]:
        """Oldest first; of a feed, signs of what it lists no more are forgotten."""
        every = sorted(listed)
        if not self.moves:
            self.done &= {_sign(one) for one in every}
        return [one for one in every if _sign(one) not in self.done]

    def pass_over(self, some: list[Listed], failed: set[str]) -> None:
        had = [one for one in some if one.uuid not in failed]
        if not self.moves:
            self.done |= {_sign(one) for one in had}
            return
        newest = max(one.changed for one in some)
        if newest > self.at:
            self.at, self.done = newest, set()
        self.done |= {_sign(one) for one in some if one.changed == self.at}
        again = dict.fromkeys([*self.again, *sorted(failed)])
        self.again = [each for each in again if each not in {one.uuid for one in had}][
            -_MOST_AGAIN:
        ]


def _sign(one: Listed) -> str:
    return hashlib.sha256(f"{one.uuid} {one.changed}".encode()).hexdigest()[:_SIGN]
