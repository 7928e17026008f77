"""What a form of observable is: a pattern, and a reader that says what its match means."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from string import ascii_lowercase, ascii_uppercase
from typing import TypeAlias

from cirt.objects.observables.defang import Plain
from cirt.objects.observables.kinds import Kind, Observable, canonical

_SMALL = str.maketrans(ascii_uppercase, ascii_lowercase)
_PAIRS = {")": "(", "]": "[", "}": "{"}
_CLOSING = re.compile(r"[)\]}]")


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read at a place in the plain text; None where no later form is to look."""

    observable: Observable | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Table:
    """Lines with the same number of the same sign between their cells, the first of them the headings."""

    start: int
    end: int
    sign: str
    headings: tuple[str, ...]  # in small letters


@dataclass(slots=True)
class Page:
    """The text being read, plain, and what readers remember of it so that nothing is read twice."""

    clear: Plain
    text: str = field(init=False)
    low: str = field(init=False)  # in small letters, each at its place
    known: dict[tuple[Kind, str], Observable | None] = field(default_factory=dict)
    version_end: int = -100  # where the last version of four numbers ended
    address_end: int = -100  # and the last address
    no_path_before: int = 0  # a tail up to here was read and was no path
    tables: list[Table] | None = None  # looked for when somebody asks for them

    def __post_init__(self) -> None:
        self.text = self.clear.text
        low = self.text.lower()  # a few letters become two
        self.low = low if len(low) == len(self.text) else self.text.translate(_SMALL)

    def canonical(self, kind: Kind, written: str) -> Observable | None:
        """As ``kinds.canonical``, which is asked once for what a text says many times."""
        try:
            return self.known[kind, written]
        except KeyError:
            observable = self.known[kind, written] = canonical(kind, written)
            return observable

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


@dataclass(frozen=True, slots=True)
class Form:
    """A pattern and its reader; every match begins with one of the cues, in any case, if there are any.

    To look for words is much faster than to try a pattern at each letter. A pattern without cues is to begin with a
    set of characters, for the same reason, and to look back only after it.
    """

    pattern: re.Pattern[str]
    read: Reader
    cues: tuple[str, ...] = ()

    def matches(self, page: Page) -> Iterator[re.Match[str]]:
        """As ``finditer``."""
        return self._cued(page) if self.cues else self.pattern.finditer(page.text)

    def _cued(self, page: Page) -> Iterator[re.Match[str]]:
        end = 0
        for start in _places(page.low, self.cues):
            if start < end:
                continue
            match = self.pattern.match(page.text, start)
            if match:
                yield match
                end = match.end()


def _places(text: str, cues: tuple[str, ...]) -> list[int]:
    places = []
    for cue in cues:
        at = text.find(cue)
        while at >= 0:
            places.append(at)
            at = text.find(cue, at + len(cue))
    return sorted(places)


def reading(page: Page, kind: Kind, written: str, start: int) -> Reading | None:
    """``written`` as a ``kind``, if it is one."""
    observable = page.canonical(kind, written)
    return Reading(observable, start, start + len(written)) if observable else None


def nothing(page: Page, match: re.Match[str]) -> Reading:
    """A reader for what no later form is to see."""
    return Reading(None, *match.span())


def read_as(kind: Kind, trim: str = "") -> Reader:
    """Reads what the pattern caught as ``kind``, without the characters of ``trim`` after it."""

    def read(page: Page, match: re.Match[str]) -> Reading | None:
        group = match.lastgroup or "value"
        written = balanced(match[group]).rstrip(trim) if trim else match[group]
        return reading(page, kind, written, match.start(group))

    return read


def balanced(text: str) -> str:
    """``text`` up to the first closing bracket that nothing in it opened."""
    if not _CLOSING.search(text):
        return text
    depth = dict.fromkeys(_PAIRS.values(), 0)
    for at, character in enumerate(text):
        if character in depth:
            depth[character] += 1
        elif character in _PAIRS:
            depth[_PAIRS[character]] -= 1
            if depth[_PAIRS[character]] < 0:
                return text[:at]
    return text
