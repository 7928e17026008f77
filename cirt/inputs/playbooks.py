"""The form of a playbook: a box of lines for each phase."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import fields

from cirt.inputs.base import CommandInput, Flag, Line, Text, Whole
from cirt.kernel.text import mark
from cirt.register import rsit
from cirt.register.phases import Phase
from cirt.register.playbooks.rules import (
    MAX_STEP,
    MAX_STEPS,
    Step,
    Steps,
    read_steps,
    without_doubles,
)

_LONG = 40_000
_LONG_STEP = mark("A step is longer than 300 characters. Shorten it, or make two of it.")
_MANY_STEPS = mark("There are more than 100 steps. Split the playbook.")
_NO_STEP = mark("Write at least one step.")
_FITS = mark("Choose classes and types from the list.")


@dataclass(frozen=True, slots=True)
class WrittenPlaybook:
    """What was typed; ``content`` is what it means."""

    title: str
    fits: tuple[str, ...]
    identify: str
    contain: str
    eradicate: str
    recover: str
    learn: str
    version: int
    offered: bool

    @property
    def content(self) -> Steps:
        return Steps(self.title, self.fits, tuple(without_doubles(self._steps())))

    def _steps(self) -> Iterator[Step]:
        for phase in Phase:
            yield from read_steps(phase, getattr(self, phase.value))


class _Fits(fields.Field[tuple[str, ...]]):
    """RSIT classes and types; one choice alone comes as a text."""

    def __init__(self) -> None:
        super().__init__(load_default=())

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> tuple[str, ...]:
        listed = value if isinstance(value, list | tuple) else [value]
        return tuple(dict.fromkeys(str(one) for one in listed if one))


class PlaybookInput(CommandInput[WrittenPlaybook]):
    command = WrittenPlaybook

    title = Line(120, missing=mark("Give the playbook a title."))
    fits = _Fits()
    identify = Text(_LONG)
    contain = Text(_LONG)
    eradicate = Text(_LONG)
    recover = Text(_LONG)
    learn = Text(_LONG)
    version = Whole(0)
    offered = Flag()

    def problems(self, command: WrittenPlaybook) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        if not all(_is_known(one) for one in command.fits):
            found["fits"] = [_FITS]
        for phase in Phase:
            steps = read_steps(phase, getattr(command, phase.value))
            if any(len(step.text) > MAX_STEP for step in steps):
                found[phase.value] = [_LONG_STEP]
        count = len(command.content.steps)
        if not count or count > MAX_STEPS:
            found.setdefault("identify", []).append(_MANY_STEPS if count else _NO_STEP)
        return found


def _is_known(code: str) -> bool:
    rsit_class, _, rsit_type = code.partition("/")
    return rsit.is_known(rsit_class, rsit_type or None)
