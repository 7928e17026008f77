"""Tasks of an incident: the list with its ticks, one task, and playbooks put on the list."""

from http import HTTPStatus

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from cirt.inputs.tasks import AddTaskInput, EditTaskInput, TickTasksInput, due_text
from cirt.kernel.errors import FieldsInvalid, Invalid
from cirt.register import queries
from cirt.register.errors import OwnerUnknown
from cirt.register.phases import PHASES
from cirt.register.playbooks.commands import ApplyPlaybook
from cirt.register.playbooks.service import apply_playbook, playbooks
from cirt.register.sight import get_incident
from cirt.register.tasks.errors import TaskChanged, TasksUnknown, TooManyTasks
from cirt.register.tasks.models import TASK_STATES
from cirt.register.tasks.queries import TaskRow, tasks_of
from cirt.register.tasks.service import add_task, edit_task, get_task, tick_tasks
from cirt.web import i18n
from cirt.web.errors import status_of
from cirt.web.forms import Form, refused, sent, wants
from cirt.web.frame import render
from cirt.web.pages.incidents.bp import bp
from cirt.web.pages.incidents.show import frame_of
from cirt.web.paths import path_of
from cirt.web.session import open_work, visit


@bp.get("/incidents/<reference>/tasks")
def tasks(reference: str) -> Response:
    return _page(reference, Form())


@bp.post("/incidents/<reference>/tasks")
def add(reference: str) -> AnyResponse:
    try:
        with open_work() as work:
            add_task(work, AddTaskInput().read(sent(), incident=reference))
    except (FieldsInvalid, OwnerUnknown, TooManyTasks) as error:
        at = "owner_id" if isinstance(error, OwnerUnknown) else "title"
        return _page(reference, refused(error, at=at), status_of(error))
    return redirect(path_of("incidents.tasks", reference=reference) + "#add", 303)


@bp.post("/incidents/<reference>/tasks/ticks")
def tick(reference: str) -> AnyResponse:
    try:
        with open_work() as work:
            given = sent("done", without=("back",))
            tick_tasks(work, TickTasksInput().read(given, incident=reference))
    except (FieldsInvalid, TasksUnknown) as error:
        return _page(reference, refused(error, at="done"), status_of(error))
    back = "incidents.incident" if wants("back") else "incidents.tasks"
    return redirect(path_of(back, reference=reference), 303)


@bp.post("/incidents/<reference>/tasks/playbook")
def put_playbook(reference: str) -> AnyResponse:
    try:
        with open_work() as work:
            added = apply_playbook(work, ApplyPlaybook(reference, wants("playbook")))
    except Invalid as error:
        return _page(reference, refused(error, at="playbook"), status_of(error))
    return redirect(path_of("incidents.tasks", reference=reference, added=added), 303)


@bp.get("/incidents/<reference>/tasks/<int(max=9223372036854775807):task_id>")
def task(reference: str, task_id: int) -> Response:
    return _task_page(reference, task_id, Form())


@bp.post("/incidents/<reference>/tasks/<int(max=9223372036854775807):task_id>")
def save_task(reference: str, task_id: int) -> AnyResponse:
    try:
        with open_work() as work:
            cmd = EditTaskInput().read(sent(), incident=reference, task_id=task_id)
            edit_task(work, cmd)
    except TaskChanged as error:
        form = Form(refused(error).values)
        return _task_page(reference, task_id, form, status_of(error), i18n.say_error(error))
    except Invalid as error:
        at = "owner_id" if isinstance(error, OwnerUnknown) else "state"
        return _task_page(reference, task_id, refused(error, at=at), status_of(error))
    return redirect(path_of("incidents.tasks", reference=reference), 303)


def _page(reference: str, form: Form, status: int = HTTPStatus.OK) -> Response:
    with open_work(write=False) as work:
        view = queries.incident_view(work, reference)
        rows = tasks_of(work, reference)
        writes = work.actor.may("incident:write")
        people = queries.possible_owners(work) if writes else []
        known = playbooks(work)
    rsit_class, rsit_type = view.incident.rsit_class, view.incident.rsit_type
    offered = sorted(
        (one for one in known if one.offered),
        key=lambda one: -one.content.fit(rsit_class, rsit_type),
    )
    return render(
        "tasks/tasks.html",
        status,
        form=form,
        **frame_of(view, "tasks"),
        open_rows=[row for row in rows if row.is_open],
        ended_rows=[row for row in rows if not row.is_open],
        owners=people,
        me=visit().actor.id,
        phases=PHASES,
        states=TASK_STATES,
        offered=offered,
        titles={one.slug: one.content.title for one in known},
        used=_used(rows),
        added=request.args.get("added", type=int),
    )


def _used(rows: list[TaskRow]) -> dict[tuple[str, int], int]:
    """How many tasks came from which version of which playbook."""
    counts: dict[tuple[str, int], int] = {}
    for row in rows:
        if row.playbook is not None:
            came_from = (row.playbook, row.playbook_version or 0)
            counts[came_from] = counts.get(came_from, 0) + 1
    return counts


def _task_page(
    reference: str,
    task_id: int,
    form: Form,
    status: int = HTTPStatus.OK,
    conflict: str = "",
) -> Response:
    with open_work(write=False) as work:
        work.require("incident:write")
        incident = get_incident(work, reference)
        row = get_task(work, incident, task_id)
        people = queries.possible_owners(work)
        place = [one.id for one in tasks_of(work, reference)].index(row.id) + 1
    return render(
        "tasks/task.html",
        status,
        form=form,
        incident=incident,
        task=row,
        place=place,
        due=due_text(row.due_at),
        owners=people,
        phases=PHASES,
        states=TASK_STATES,
        conflict=conflict,
    )
