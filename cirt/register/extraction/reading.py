"""What a form of observable is: a pattern, and a reader that says what its match means."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from cirt.objects.observables.defang import Plain
from cirt.objects.observables.kinds import Kind, Observable, canonical

_PAIRS = {")": "(", "]": "[", "}": "{"}


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read at a place in the plain text; None where no later form is to look."""

    observable: Observable | None
    start: int
    end: int


@dataclass(slots=True)
class Page:
    """The text being read, plain, and what readers remember of it so that nothing is read twice."""

    clear: Plain
    text: str = field(init=False)
    no_path_before: int = 0  # a tail up to here was read and was no path
    table: tuple[str, int, frozenset[int]] | None = None  # its sign, their number, JA3's columns

    def __post_init__(self) -> None:
        self.text = self.clear.text

    def before(self, at: int, reach: int) -> str:
        """Up to ``reach`` characters before ``at``."""
        return self.text[max(0, at - reach) : at]

    def line_before(self, at: int, reach: int) -> str:
        """As ``before``, but of the same line."""
        return self.before(at, reach).rpartition("\n")[2]

    def is_marked(self, start: int, end: int) -> bool:
        """Whether somebody defanged what stands there, which nobody does to a version number."""
        return self.clear.is_marked(start, end)


Reader: TypeAlias = Callable[[Page, re.Match[str]], Reading | None]
Form: TypeAlias = tuple[re.Pattern[str], Reader]


def reading(kind: Kind, written: str, start: int) -> Reading | None:
    """``written`` as a ``kind``, if it is one."""
    observable = canonical(kind, written)
    return Reading(observable, start, start + len(written)) if observable else None


def nothing(page: Page, match: re.Match[str]) -> Reading:
    """A reader for what no later form is to see."""
    return Reading(None, *match.span())


def read_as(kind: Kind, trim: str = "") -> Reader:
    """Reads what the pattern caught as ``kind``, without the characters of ``trim`` after it."""

    def read(page: Page, match: re.Match[str]) -> Reading | None:
        group = match.lastgroup or "value"
        written = balanced(match[group]).rstrip(trim) if trim else match[group]
        return reading(kind, written, match.start(group))

    return read


def balanced(text: str) -> str:
    """``text`` up to the first closing bracket that nothing in it opened."""
    depth = dict.fromkeys(_PAIRS.values(), 0)
    for at, character in enumerate(text):
        if character in depth:
            depth[character] += 1
        elif character in _PAIRS:
            depth[_PAIRS[character]] -= 1
            if depth[_PAIRS[character]] < 0:
                return text[:at]
    return text
