"""Tasks: added, changed, ticked off. Each act locks the incident, so that two never number the list at once."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from cirt.kernel.work import Work
from cirt.register import texts
from cirt.register.incidents import check_owner, note_entry
from cirt.register.models import EntryKind, Incident
from cirt.register.sight import get_incident
from cirt.register.tasks.commands import AddTask, Due, EditTask, TickTasks
from cirt.register.tasks.errors import (
    DropNeedsReason,
    NoSuchTask,
    TaskChanged,
    TasksUnknown,
    TooManyTasks,
)
from cirt.register.tasks.models import OPEN, Task, TaskState

MAX_TASKS = 500  # of one incident
_FACTS = ("title", "detail", "phase", "owner_id", "due_at")


def add_task(work: Work, cmd: AddTask) -> Task:
    """At the end of the list.

    Raises:
        OwnerUnknown, TooManyTasks, NoSuchIncident, NotAllowed.
    """
    work.require("incident:write")
    incident = get_incident(work, cmd.incident, lock=True)
    if cmd.owner_id is not None:
        check_owner(work, cmd.owner_id)
    (task,) = append_tasks(
        work,
        incident,
        [
            Task(
                title=cmd.title,
                phase=cmd.phase,
                owner_id=cmd.owner_id,
                due_at=due_at(work, cmd.due),
            )
        ],
    )
    note_entry(work, incident.id, EntryKind.TASK_ADDED, task=task.title, task_id=task.id)
    work.audit("task.add", incident.reference, task=task.id)
    return task


def append_tasks(work: Work, incident: Incident, tasks: Iterable[Task]) -> list[Task]:
    """Put them at the end of the list of an incident that the caller holds locked.

    Raises:
        TooManyTasks.
    """
    of_it = Task.incident_id == incident.id
    counted = sa.select(sa.func.count(), sa.func.max(Task.place)).where(of_it)
    count, last = work.session.execute(counted).one()
    made = list(tasks)
    if count + len(made) > MAX_TASKS:
        raise TooManyTasks(limit=MAX_TASKS)
    for place, task in enumerate(made, (last or 0) + 1):
        task.incident_id, task.place = incident.id, place
        task.state, task.added_at, task.version = TaskState.TODO, work.now, 1
    work.session.add_all(made)
    work.session.flush()
    return made


def edit_task(work: Work, cmd: EditTask) -> Task:
    """
    Raises:
        TaskChanged: somebody saved first; nothing was changed.
        DropNeedsReason, OwnerUnknown, NoSuchTask, NoSuchIncident, NotAllowed.
    """
    work.require("incident:write")
    incident = get_incident(work, cmd.incident, lock=True)
    task = get_task(work, incident, cmd.task_id)
    if task.version != cmd.version:
        raise TaskChanged
    if cmd.owner_id not in (None, task.owner_id):
        check_owner(work, cmd.owner_id)
    if cmd.state is TaskState.DROPPED and not cmd.reason.strip():
        raise DropNeedsReason
    fields = _change_facts(work, task, cmd)
    moved = cmd.place is not None and _move(work, task, cmd.place)
    before = task.state
    if cmd.state is not before:
        _set_state(work, task, cmd.state, cmd.reason)
    elif task.state is TaskState.DROPPED and task.reason != cmd.reason:
        task.reason = texts.storable(cmd.reason)
        fields.append("reason")
    if not fields and not moved and cmd.state is before:
        return task
    task.version += 1
    if fields:
        said = {"task": task.title, "task_id": task.id}
        note_entry(work, incident.id, EntryKind.TASK_CHANGED, fields=fields, **said)
    work.audit("task.edit", incident.reference, task=task.id, fields=fields, state=task.state)
    return task


def tick_tasks(work: Work, cmd: TickTasks) -> int:
    """Set these to done: how many were not. What is done already stays with who did it.

    Raises:
        TasksUnknown, NoSuchIncident, NotAllowed.
    """
    work.require("incident:write")
    incident = get_incident(work, cmd.incident, lock=True)
    wanted = set(cmd.done)
    query = sa.select(Task).where(*_of(incident), Task.id.in_(wanted)).order_by(Task.place, Task.id)
    tasks = list(work.session.scalars(query))
    if len(tasks) != len(wanted):
        raise TasksUnknown(count=len(wanted) - len(tasks))
    ending = [task for task in tasks if task.state is not TaskState.DONE]
    for task in ending:
        _set_state(work, task, TaskState.DONE, "")
        task.version += 1
    if ending:
        work.audit("task.done", incident.reference, tasks=[task.id for task in ending])
    return len(ending)


def get_task(work: Work, incident: Incident, task_id: int) -> Task:
    """
    Raises:
        NoSuchTask.
    """
    query = sa.select(Task).where(*_of(incident), Task.id == task_id)
    task = work.session.scalars(query).one_or_none()
    if task is None:
        raise NoSuchTask
    return task


def due_at(work: Work, due: Due) -> datetime | None:
    return work.now + due if isinstance(due, timedelta) else due


def _of(incident: Incident) -> tuple[sa.ColumnElement[bool], ...]:
    return Task.incident_id == incident.id, Task.bin_id.is_(None)


def _change_facts(work: Work, task: Task, cmd: EditTask) -> list[str]:
    wanted: dict[str, Any] = {
        "title": cmd.title,
        "detail": cmd.detail,
        "phase": cmd.phase,
        "owner_id": cmd.owner_id,
        "due_at": due_at(work, cmd.due),
    }
    changed = [name for name in _FACTS if getattr(task, name) != wanted[name]]
    for name in changed:
        setattr(task, name, wanted[name])
    return changed


def _set_state(work: Work, task: Task, state: TaskState, reason: str) -> None:
    before, task.state = task.state, state
    task.ended_at = None if state in OPEN else work.now
    task.reason = texts.storable(reason.strip()) if state is TaskState.DROPPED else ""
    if state is TaskState.DOING and task.owner_id is None and work.actor.may("incident:write"):
        task.owner_id = work.actor.id
    move = {"task_before": before, "task_after": state, "reason": task.reason}
    said = {"task": task.title, "task_id": task.id}
    note_entry(work, task.incident_id, EntryKind.TASK_STATE, **said, **move)


def _move(work: Work, task: Task, place: int) -> bool:
    """Number the list anew with the task at ``place``; False if it stood there."""
    query = (
        sa.select(Task)
        .where(Task.incident_id == task.incident_id, Task.bin_id.is_(None))
        .order_by(Task.place, Task.id)
    )
    rows = list(work.session.scalars(query))
    here = rows.index(task)
    target = min(max(place, 1), len(rows)) - 1
    if target == here:
        return False
    rows.insert(target, rows.pop(here))
    for number, row in enumerate(rows, 1):
        row.place = number
    work.session.flush()
    return True
