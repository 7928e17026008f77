"""What the clients of a stress test write down themselves: every version that was acknowledged, and when."""

import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

from cirt.kernel.tlp import Tlp

Key: TypeAlias = tuple[str, str]  # STIX id, version


@dataclass
class Line:
    """One version. Times are of the client's own monotonic clock."""

    key: Key
    tlp: Tlp
    asked_at: float  # when the POST set out by which it stands
    told_at: float | None = None  # when a status resource last called it a success
    removed_at: float | None = None  # when its removal was first asked for
    stands: bool = False
    offers: int = 1  # how often it may have been given a date at most

    @property
    def type(self) -> str:
        return self.key[0].partition("--")[0]


@dataclass
class Ledger:
    """Shared by all writers; an object is only ever touched by the writer that made it."""

    lines: dict[Key, Line] = field(default_factory=dict)
    posts: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, keys: Iterable[tuple[Key, Tlp]]) -> None:
        """These are about to be posted."""
        now = time.monotonic()
        with self._lock:
            for key, tlp in keys:
                line = self.lines.get(key)
                if line is None:
                    self.lines[key] = Line(key, tlp, now)
                    continue
                if not line.stands and line.told_at is not None:
                    line.asked_at = now
                    line.offers += 1

    def told(self, keys: Iterable[Key]) -> None:
        """A status resource called them successes."""
        now = time.monotonic()
        with self._lock:
            self.posts += 1
            for key in keys:
                self.lines[key].told_at = now
                self.lines[key].stands = True

    def removing(self, keys: Iterable[Key]) -> None:
        """A DELETE of these is about to leave. Where an older version becomes the last it is offered anew."""
        now = time.monotonic()
        with self._lock:
            keys = set(keys)
            ids = {stix_id for stix_id, _ in keys}
            for key, line in self.lines.items():
                if key[0] in ids:
                    line.offers += 1
                if key in keys:
                    line.removed_at, line.stands = line.removed_at or now, False

    def standing(self) -> list[Line]:
        return [line for line in self.lines.values() if line.stands]

    def newest(self) -> dict[str, Line]:
        """The newest standing version of each object; versions are all written in the same form."""
        together: dict[str, list[Line]] = defaultdict(list)
        for line in self.standing():
            together[line.key[0]].append(line)
        return {
            stix_id: max(lines, key=lambda line: line.key[1]) for stix_id, lines in together.items()
        }


@dataclass
class Limits:
    """While what one reader may see is narrower: from the commit of one act to the beginning of the next."""

    spans: list["Span"] = field(default_factory=list)

    @contextmanager
    def span(self, types: frozenset[str], ceiling: Tlp) -> Iterator[None]:
        made = Span(time.monotonic(), types, ceiling)
        self.spans.append(made)
        yield
        made.end = time.monotonic()


@dataclass
class Span:
    begin: float
    types: frozenset[str]  # empty: all
    ceiling: Tlp
    end: float = float("inf")

    def forbids(self, line: Line) -> bool:
        return line.tlp > self.ceiling or bool(self.types and line.type not in self.types)
