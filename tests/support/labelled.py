"""Texts as people send them, labelled with what an analyst wants out of them, and how well they are read.

They lie in ``tests/samples/observables``, a folder for each round of writing and in it a file for each way of writing:
``language``, ``text`` and ``observables`` by kind, in canonical form. A text without any is a trap.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cirt.objects.observables.kinds import Kind, Observable
from cirt.register.extract import find

_PLACE = Path(__file__).parent.parent / "samples" / "observables"


@dataclass(frozen=True, slots=True)
class Labelled:
    """One text and all that is to be found in it."""

    round: str
    style: str
    language: str
    text: str
    expected: frozenset[Observable]


@dataclass(slots=True)
class Score:
    """What was found and right, found and wrong, and missed."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong) if self.right else 0.0

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed) if self.right else 0.0

    @property
    def f1(self) -> float:
        return 2 * self.right / (2 * self.right + self.wrong + self.missed) if self.right else 0.0


@dataclass(slots=True)
class Scores:
    """The score of all texts, and apart by language, kind and style."""

    all: Score = field(default_factory=Score)
    by: dict[str, Score] = field(default_factory=dict)

    def add(self, one: Labelled, found: Iterable[Observable]) -> None:
        """Count what was found in one text."""
        given = set(found)
        for observable in given | one.expected:
            parts = (one.language, observable.kind.value, one.style)
            for score in (self.all, *(self.by.setdefault(part, Score()) for part in parts)):
                score.right += observable in given and observable in one.expected
                score.wrong += observable not in one.expected
                score.missed += observable not in given


def labelled() -> Iterator[Labelled]:
    """Every labelled text."""
    for file in sorted(_PLACE.glob("*/*.json")):
        for one in json.loads(file.read_text(encoding="utf-8")):
            expected = frozenset(
                Observable(Kind(kind), value)
                for kind, values in one["observables"].items()
                for value in values
            )
            yield Labelled(file.parent.name, file.stem, one["language"], one["text"], expected)


def scored(
    texts: Iterable[Labelled], read: Callable[[str], Iterable[Observable]] | None = None
) -> Scores:
    """How well ``read`` does on them; without it, ``find``."""
    scores = Scores()
    for one in texts:
        given = read(one.text) if read else (found.observable for found in find(one.text))
        scores.add(one, given)
    return scores
