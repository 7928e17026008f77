"""Forms of tasks."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any

import marshmallow as ma
from marshmallow import fields

from cirt.inputs.base import Choice, CommandInput, Line, Text, Whole, Wholes
from cirt.kernel.text import mark
from cirt.register.phases import Phase
from cirt.register.tasks import commands
from cirt.register.tasks.commands import Due
from cirt.register.tasks.models import TaskState
from cirt.register.tasks.service import MAX_TASKS

_DUE = mark("Enter a time (UTC) like 2026-12-18 14:00, a day like 2026-12-18, or so long: 4h, 2d.")
_TITLE = mark("Say what is to be done.")
_LONG_TITLE = mark("Shorten the task to 300 characters; there is room for details beside it.")
_OWNER = mark("Choose somebody from the list, or nobody.")
_VERSION = mark("Open the page again: the form does not say which version it shows.")
_LENGTH = re.compile(r"\+?\s*(\d{1,4})\s*(min|h|d)\Z", re.ASCII | re.IGNORECASE)
_UNITS = {"min": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_YEARS = range(2000, 2101)


class DueTime(fields.Field[Due]):
    """An instant, a day (its end), or so long from now."""

    def __init__(self) -> None:
        super().__init__(
            allow_none=True,
            load_default=None,
            error_messages=dict.fromkeys(("required", "null", "invalid"), _DUE),
        )

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Due:
        text = str(value).strip()
        if not text:
            return None
        length = _LENGTH.match(text)
        if length is not None:
            return int(length[1]) * _UNITS[length[2].lower()]
        try:
            found = datetime.fromisoformat(text)
            if len(text) <= len("2026-12-18"):
                found = datetime.combine(found.date(), time(23, 59), UTC)
            found = found if found.tzinfo else found.replace(tzinfo=UTC)
            found = found.astimezone(UTC)
        except (ValueError, OverflowError):
            raise ma.ValidationError(_DUE) from None
        if found.year not in _YEARS:
            raise ma.ValidationError(_DUE)
        return found


def due_text(due: datetime | None) -> str:
    """As it can be typed again."""
    return f"{due:%Y-%m-%d %H:%M}" if due else ""


class AddTaskInput(CommandInput[commands.AddTask]):
    command = commands.AddTask

    title = Line(300, missing=_TITLE, long=_LONG_TITLE)
    owner_id = Whole(1, optional=True, say=_OWNER)
    due = DueTime()
    phase = Choice(Phase, optional=True)


class EditTaskInput(CommandInput[commands.EditTask]):
    command = commands.EditTask

    version = Whole(1, say=_VERSION)
    title = Line(300, missing=_TITLE, long=_LONG_TITLE)
    detail = Text(10_000)
    state = Choice(TaskState, say=mark("Choose how far it is."))
    owner_id = Whole(1, optional=True, say=_OWNER)
    due = DueTime()
    phase = Choice(Phase, optional=True)
    place = Whole(1, optional=True, say=mark("Enter its place in the list: 1 for the first."))
    reason = Text(4000, long=mark("Shorten the reason to 4000 characters."))

    def problems(self, command: commands.EditTask) -> dict[str, list[str]]:
        if command.state is TaskState.DROPPED and not command.reason.strip():
            return {"reason": [mark("Say why the task is dropped; the next shift will ask.")]}
        return {}


class TickTasksInput(CommandInput[commands.TickTasks]):
    command = commands.TickTasks

    done = Wholes()

    def problems(self, command: commands.TickTasks) -> dict[str, list[str]]:
        if not command.done or len(command.done) > MAX_TASKS:
            return {"done": [mark("Tick at least one task.")]}
        return {}
