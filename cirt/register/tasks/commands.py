"""What may be asked of an incident's tasks. ``version`` is the one the asker saw."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from cirt.register.phases import Phase
from cirt.register.tasks.models import TaskState

Due: TypeAlias = datetime | timedelta | None  # an instant, or so long from now


@dataclass(frozen=True, slots=True)
class AddTask:
    incident: str
    title: str
    owner_id: int | None = None
    due: Due = None
    phase: Phase | None = None


@dataclass(frozen=True, slots=True)
class EditTask:
    """``place`` is where it stands in the list, from 1; ``reason`` is asked for where it is dropped."""

    incident: str
    task_id: int
    version: int
    title: str
    state: TaskState
    detail: str = ""
    owner_id: int | None = None
    due: Due = None
    phase: Phase | None = None
    place: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TickTasks:
    incident: str
    done: tuple[int, ...]
