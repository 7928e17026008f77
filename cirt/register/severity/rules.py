"""The arithmetic of a score, as incident.md section 3 has it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from cirt.register.severity.table import Level, Table

FULL = 1000  # a score of 100, in tenths


@dataclass(frozen=True, slots=True)
class Line:
    """One answer with what it adds."""

    category: str
    option: str
    weight: int
    value: int

    @property
    def adds(self) -> int:
        return self.weight * self.value


@dataclass(frozen=True, slots=True)
class Worked:
    """A score with every step to it; ``tenths`` of 0 to 1000 stand for 0.0 to 100.0."""

    version: str
    lines: tuple[Line, ...]
    least: int
    most: int
    tenths: int
    level: Level

    @property
    def total(self) -> int:
        return sum(line.adds for line in self.lines)


def work_out(table: Table, answers: Mapping[str, str]) -> Worked:
    """The score of one answer to each question.

    Raises:
        KeyError: a question has no answer, or one that the table does not have.
    """
    lines = tuple(
        Line(c.code, answers[c.code], c.weight, c.options[answers[c.code]])
        for c in table.categories
    )
    total = sum(line.adds for line in lines)
    tenths = _tenths(total - table.least, table.most - table.least)
    return Worked(table.version, lines, table.least, table.most, tenths, level_of(table, tenths))


def level_of(table: Table, tenths: int) -> Level:
    """Where the score falls, as it is shown: with one decimal."""
    return next(level for level in table.levels if tenths >= level.begins_at * 10)


def _tenths(above: int, span: int) -> int:
    """Rounded half up in whole numbers, so that every machine gets the same."""
    return max(0, min(FULL, (2 * above * FULL + span) // (2 * span)))
