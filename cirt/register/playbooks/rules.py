"""What a playbook is, and how its steps are written as lines of text. Pure."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from cirt.register.phases import Phase

AS_INCLUDED = 0  # the version of a playbook that no lead has changed
MAX_STEPS = 100
MAX_STEP = 300  # characters
_DUE = re.compile(r"(\d{1,4}) ?(min|h|d)\s*:\s+(.+)\Z", re.ASCII)
_UNITS = {"min": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


@dataclass(frozen=True, slots=True)
class Step:
    """One task to come. ``due`` counts from when the playbook is applied."""

    phase: Phase
    text: str
    due: timedelta | None = None

    @property
    def key(self) -> str:
        """The same words are the same step, also of another playbook: it is added once to an incident."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]

    @property
    def line(self) -> str:
        """As it is typed: ``2 h: Confirm that …``."""
        return f"{due_words(self.due)}: {self.text}" if self.due is not None else self.text


@dataclass(frozen=True, slots=True)
class Steps:
    """A playbook's content. ``fits`` are RSIT classes (``fraud``) and types (``fraud/phishing``)."""

    title: str
    fits: tuple[str, ...]
    steps: tuple[Step, ...]

    def of(self, phase: Phase) -> list[Step]:
        return [step for step in self.steps if step.phase is phase]

    def fit(self, rsit_class: str, rsit_type: str | None) -> int:
        """2: made for this type, 1: for its class, 0: for something else."""
        if rsit_type and f"{rsit_class}/{rsit_type}" in self.fits:
            return 2
        return 1 if rsit_class in self.fits else 0

    def as_content(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "fits": list(self.fits),
            "steps": [
                {"phase": step.phase.value, "text": step.text, "due_min": _minutes(step.due)}
                for step in self.steps
            ],
        }


def from_content(content: Mapping[str, Any]) -> Steps:
    """What ``as_content`` made."""
    return Steps(
        content["title"],
        tuple(content["fits"]),
        tuple(
            Step(
                Phase(step["phase"]),
                step["text"],
                None if step["due_min"] is None else timedelta(minutes=step["due_min"]),
            )
            for step in content["steps"]
        ),
    )


def read_steps(phase: Phase, text: str) -> list[Step]:
    """One step a line, with the time until it is due before it, if there is one: ``2 h: Call the bank``."""
    lines = (line.strip().removeprefix("- ").strip() for line in text.splitlines())
    return [_read(phase, line) for line in lines if line]


def without_doubles(steps: Iterable[Step]) -> list[Step]:
    found: dict[str, Step] = {}
    for step in steps:
        found.setdefault(step.key, step)
    return list(found.values())


def due_words(due: timedelta) -> str:
    """``90 min``, ``2 h``, ``3 d``: the largest unit that is exact."""
    minutes = _minutes(due) or 0
    for unit, length in (("d", 1440), ("h", 60)):
        if minutes and minutes % length == 0:
            return f"{minutes // length} {unit}"
    return f"{minutes} min"


def _read(phase: Phase, line: str) -> Step:
    found = _DUE.match(line)
    if found is None:
        return Step(phase, line)
    number, unit, text = found.groups()
    return Step(phase, text.strip(), int(number) * _UNITS[unit])


def _minutes(due: timedelta | None) -> int | None:
    return None if due is None else int(due.total_seconds()) // 60
