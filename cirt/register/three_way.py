"""Two texts that grew from one: put together where they do not touch the same lines. Pure.

The three-way merge of diff3 over lines. Ready-made libraries for it are under the GPL, which this program's
licence does not go with.
"""

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

MOST_LINES = 2000  # of each text; comparing longer ones could take long, so a person does it

_Lines = Sequence[str]


def merged(base: str, mine: str, theirs: str) -> str | None:
    """The text with the changes of both; None where they touch the same or neighbouring lines, or are too long."""
    if theirs in (mine, base):
        return mine
    if mine == base:
        return theirs
    texts = [text.splitlines(keepends=True) for text in (base, mine, theirs)]
    if any(len(lines) > MOST_LINES for lines in texts):
        return None
    changes = sorted((*_changes(texts[0], texts[1]), *_changes(texts[0], texts[2])), key=_place)
    return _applied(texts[0], changes)


@dataclass(frozen=True, slots=True)
class _Change:
    """Lines ``start`` to ``end`` of the base become ``lines``."""

    start: int
    end: int
    lines: tuple[str, ...]


def _place(change: _Change) -> tuple[int, int]:
    return change.start, change.end


def _changes(base: _Lines, text: _Lines) -> Iterator[_Change]:
    matcher = difflib.SequenceMatcher(None, base, text)  # common lines apart, or it takes minutes
    for tag, start, end, first, last in matcher.get_opcodes():
        if tag != "equal":
            yield _Change(start, end, tuple(text[first:last]))


def _applied(base: _Lines, changes: Sequence[_Change]) -> str | None:
    """All of them made; None where two meet. The same change made by both counts once."""
    made: list[str] = []
    at = 0
    before: _Change | None = None
    for change in changes:
        if change == before:
            continue
        if before is not None and change.start <= before.end:
            return None
        made += [*base[at : change.start], *change.lines]
        at, before = change.end, change
    return "".join([*made, *base[at:]])


@dataclass(frozen=True, slots=True)
class DiffLine:
    """``sign``: "+" came, "-" went, " " stayed, "…" lines that stayed and are left out."""

    sign: str
    text: str = ""


def differences(before: str, after: str) -> list[DiffLine] | None:
    """What became of the lines, with three that stayed around each change; None where the texts are too long."""
    old, new = before.splitlines(), after.splitlines()
    if max(len(old), len(new)) > MOST_LINES:
        return None
    shown = []
    for line in difflib.unified_diff(old, new, n=3, lineterm=""):
        if line.startswith("@@"):
            shown.append(DiffLine("…"))
        elif not line.startswith(("---", "+++")) or shown:
            shown.append(DiffLine(line[:1], line[1:]))
    return shown
