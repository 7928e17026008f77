"""Tasks for pages: of one incident in their order, and somebody's by due date."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from cirt.kernel.work import Work
from cirt.parties.models import Account, Person
from cirt.register.models import Incident
from cirt.register.pages import Query
from cirt.register.phases import Phase
from cirt.register.sight import get_incident, sees_incident
from cirt.register.tasks.models import IS_OPEN, OPEN, Task, TaskState

_MINE = 8  # on the desk
_SHORT = 5  # beside the timeline


@dataclass(frozen=True, slots=True)
class TaskRow:
    """``late`` is how long it is overdue; None where it is not."""

    id: int
    place: int
    title: str
    detail: str
    phase: Phase | None
    state: TaskState
    reason: str
    owner_id: int | None
    owner: str | None
    due_at: datetime | None
    late: timedelta | None
    ended_at: datetime | None
    playbook: str | None
    playbook_version: int | None
    version: int
    incident: str
    incident_title: str

    @property
    def is_open(self) -> bool:
        return self.state in OPEN


def tasks_of(work: Work, reference: str) -> list[TaskRow]:
    """All of an incident in their order; its number is limited.

    Raises:
        NoSuchIncident.
    """
    incident = get_incident(work, reference)
    query = _rows().where(Task.incident_id == incident.id).order_by(Task.place, Task.id)
    return [_task(work, row) for row in work.session.execute(query)]


def next_tasks(work: Work, incident_id: int) -> list[TaskRow]:
    """The first few open ones of an incident that the caller may see, by due date."""
    query = _rows().where(Task.incident_id == incident_id, IS_OPEN)
    return _by_due_date(work, query, _SHORT)


def my_tasks(work: Work) -> list[TaskRow]:
    """What the asker has to do next on all incidents, by due date."""
    query = _rows().where(Task.owner_id == work.actor.id, IS_OPEN, sees_incident(work.actor))
    return _by_due_date(work, query, _MINE)


def _by_due_date(work: Work, query: Query, limit: int) -> list[TaskRow]:
    order = (Task.due_at.asc().nulls_last(), Task.place, Task.id)
    return [_task(work, row) for row in work.session.execute(query.order_by(*order).limit(limit))]


def _rows() -> Query:
    query: Query = (
        sa.select(Task, Person.name.label("owner"), Incident.reference, Incident.title)
        .join(Incident, Incident.id == Task.incident_id)
        .outerjoin(Account, Account.id == Task.owner_id)
        .outerjoin(Person, Person.id == Account.person_id)
        .where(Task.bin_id.is_(None))
    )
    return query


def _task(work: Work, row: sa.Row[Any]) -> TaskRow:
    task: Task = row.Task
    is_late = task.state in OPEN and task.due_at is not None and task.due_at < work.now
    return TaskRow(
        id=task.id,
        place=task.place,
        title=task.title,
        detail=task.detail,
        phase=task.phase,
        state=task.state,
        reason=task.reason,
        owner_id=task.owner_id,
        owner=row.owner,
        due_at=task.due_at,
        late=work.now - task.due_at if is_late and task.due_at else None,
        ended_at=task.ended_at,
        playbook=task.playbook,
        playbook_version=task.playbook_version,
        version=task.version,
        incident=row.reference,
        incident_title=row.title,
    )


def open_tasks(work: Work, incident_id: int) -> int:
    """How many are neither done nor dropped, for the checklist of closing."""
    of_it = (Task.incident_id == incident_id, Task.bin_id.is_(None), IS_OPEN)
    return work.session.scalar(sa.select(sa.func.count()).select_from(Task).where(*of_it)) or 0
