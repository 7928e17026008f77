"""Tasks of an incident: added, ordered, ticked, dropped with a reason, overdue."""

from datetime import timedelta

import pytest

from cirt.kernel.clock import FakeClock
from cirt.kernel.errors import NotAllowed
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.parties.roles import Role
from cirt.register import queries
from cirt.register.errors import NoSuchIncident, OwnerUnknown
from cirt.register.models import EntryKind
from cirt.register.queries import Thread, TimelineFilter
from cirt.register.tasks.commands import AddTask, EditTask, TickTasks
from cirt.register.tasks.errors import DropNeedsReason, NoSuchTask, TaskChanged, TasksUnknown
from cirt.register.tasks.models import Task, TaskState
from cirt.register.tasks.queries import my_tasks, open_tasks, tasks_of
from cirt.register.tasks.service import add_task, edit_task, tick_tasks
from tests.support.browse import signed_in
from tests.support.register import a_person, an_incident


def editing(task: Task, incident: str, **given: object) -> EditTask:
    facts = {
        "title": task.title,
        "state": task.state,
        "owner_id": task.owner_id,
        "due": task.due_at,
        "phase": task.phase,
        **given,
    }
    return EditTask(incident, task.id, task.version, **facts)  # type: ignore[arg-type]  # a builder


def test_tasks_are_counted_ordered_and_told(program: Program) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    reference = an_incident(program, tomas).reference
    with program.work(tomas) as work:
        first, second, third = (add_task(work, AddTask(reference, t)) for t in ("a", "b", "c"))
        edit_task(work, editing(third, reference, place=1))
        ticked = tick_tasks(work, TickTasks(reference, (first.id, second.id)))
        again = tick_tasks(work, TickTasks(reference, (first.id,)))
    with program.work(tomas, write=False) as work:
        rows = tasks_of(work, reference)
        told = queries.timeline(work, reference, TimelineFilter(thread=Thread.TASKS))
        left = open_tasks(work, first.incident_id)
        view = queries.incident_view(work, reference)

    assert [row.title for row in rows] == ["c", "a", "b"]
    assert (ticked, again, left) == (2, 0, 1)
    assert (view.tasks, view.tasks_ended) == (3, 2)
    kinds = [row.kind for row in told.rows]
    assert kinds == [EntryKind.TASK_STATE] * 2 + [EntryKind.TASK_ADDED] * 3


def test_a_task_is_dropped_with_a_reason_and_taken_up_again(program: Program) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    reference = an_incident(program, tomas).reference
    with program.work(tomas) as work:
        task = add_task(work, AddTask(reference, "Ask the host"))
    with pytest.raises(DropNeedsReason), program.work(tomas) as work:
        edit_task(work, editing(task, reference, state=TaskState.DROPPED))
    with program.work(tomas) as work:
        task = edit_task(
            work, editing(task, reference, state=TaskState.DROPPED, reason="It is down")
        )
        dropped = (task.state, task.reason, task.ended_at)
        task = edit_task(work, editing(task, reference, state=TaskState.DOING))

    assert dropped == (TaskState.DROPPED, "It is down", program.clock.now())
    assert (task.reason, task.ended_at, task.owner_id) == ("", None, tomas.id)


def test_of_two_who_change_a_task_the_second_is_told(program: Program) -> None:
    tomas, lin = (a_person(program, name, Role.HANDLER) for name in ("Tomas", "Lin"))
    reference = an_incident(program, tomas).reference
    with program.work(tomas) as work:
        task = add_task(work, AddTask(reference, "Ask the host"))
        old = editing(task, reference, title="mine")
    with program.work(lin) as work:
        edit_task(work, editing(task, reference, title="Ask the registrar"))

    with pytest.raises(TaskChanged), program.work(tomas) as work:
        edit_task(work, old)


def test_who_may_not_is_refused_and_what_is_not_there_is_not_found(program: Program) -> None:
    tomas, nia = a_person(program, "Tomas", Role.HANDLER), a_person(program, "Nia", Role.AUDITOR)
    one, other = (an_incident(program, tomas).reference for _ in range(2))
    red = an_incident(program, tomas, tlp=Tlp.RED).reference
    with program.work(tomas) as work:
        task = add_task(work, AddTask(one, "Ask the host"))

    with pytest.raises(NotAllowed), program.work(nia) as work:
        add_task(work, AddTask(one, "x"))
    with pytest.raises(NoSuchIncident), program.work(nia, write=False) as work:
        tasks_of(work, red)
    with pytest.raises(TasksUnknown), program.work(tomas) as work:
        tick_tasks(work, TickTasks(other, (task.id,)))
    with pytest.raises(NoSuchTask), program.work(tomas) as work:
        edit_task(work, editing(task, other))
    with pytest.raises(OwnerUnknown), program.work(tomas) as work:
        add_task(work, AddTask(one, "x", owner_id=nia.id))


def test_my_tasks_are_those_of_all_incidents_by_due_date(
    program: Program, clock: FakeClock
) -> None:
    tomas, lin = (a_person(program, name, Role.HANDLER) for name in ("Tomas", "Lin"))
    one, other = (an_incident(program, tomas).reference for _ in range(2))
    red = an_incident(program, lin, tlp=Tlp.RED).reference
    with program.work(lin) as work:
        add_task(work, AddTask(one, "no date", tomas.id))
        add_task(work, AddTask(one, "later", tomas.id, timedelta(days=2)))
        add_task(work, AddTask(other, "soon", tomas.id, timedelta(hours=1)))
        add_task(work, AddTask(red, "hidden", tomas.id, timedelta(hours=1)))
        add_task(work, AddTask(one, "not his", lin.id))
    clock.forward(hours=3)

    with program.work(tomas, write=False) as work:
        mine = my_tasks(work)

    assert [task.title for task in mine] == ["soon", "later", "no date"]
    assert [task.late for task in mine] == [timedelta(hours=2), None, None]


def test_the_pages_take_a_line_tick_it_and_say_what_is_late(
    program: Program, clock: FakeClock
) -> None:
    visitor = signed_in(program, Role.HANDLER)
    tomas = a_person(program, "Tomas", Role.HANDLER)
    path = f"/incidents/{an_incident(program, tomas).reference}"
    visitor.get(f"{path}/tasks")

    refused = visitor.send(f"{path}/tasks", title="Call them", due="soon").status_code
    assert "4h, 2d" in visitor.text
    visitor.send(f"{path}/tasks", title="Call them", due="30min")
    visitor.follow()
    clock.forward(minutes=50)
    visitor.get(path)

    assert refused == 422
    assert "overdue by 20 min" in visitor.text
    task_id = visitor.page.partition('name="done" value="')[2].partition('"')[0]
    visitor.send(f"{path}/tasks/ticks", done=task_id)
    assert visitor.follow().status_code == 200
    assert "All tasks are done or dropped" in visitor.text
    nothing = visitor.post(
        f"{path}/tasks/ticks", {"form_token": visitor.form(path).fields["form_token"][0]}
    )
    assert nothing.status_code == 422
    assert "Tick at least one task" in visitor.text


def test_a_dropped_task_without_a_reason_keeps_what_was_typed(program: Program) -> None:
    visitor = signed_in(program, Role.HANDLER)
    tomas = a_person(program, "Tomas", Role.HANDLER)
    reference = an_incident(program, tomas).reference
    with program.work(tomas) as work:
        task = add_task(work, AddTask(reference, "<script>alert(1)</script>"))
    path = f"/incidents/{reference}/tasks/{task.id}"
    visitor.get(path)

    answer = visitor.send(path, state="dropped", detail="what I typed", reason="")

    assert answer.status_code == 422
    assert "what I typed" in visitor.page
    assert "Say why the task is dropped" in visitor.text
    assert "<script>alert" not in visitor.page
    assert visitor.get(f"/incidents/{reference}/tasks/999").status_code == 404
    assert visitor.post(path, visitor_fields(visitor, path, version="7")).status_code == 409


def visitor_fields(visitor: object, path: str, **changed: str) -> dict[str, object]:
    visitor.get(path)  # type: ignore[attr-defined]
    return {**visitor.form(path).fields, **changed}  # type: ignore[attr-defined]
