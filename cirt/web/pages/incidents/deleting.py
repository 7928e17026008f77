"""Into the bin: a note, a task, an event of the attack, or the incident with all of it."""

from http import HTTPStatus

from flask import Response, redirect
from werkzeug.wrappers import Response as AnyResponse

from cirt.inputs.bin import DeleteIncidentInput
from cirt.kernel.errors import FieldsInvalid
from cirt.register import queries
from cirt.register.bin.commands import DeletePart
from cirt.register.bin.models import Binned
from cirt.register.bin.service import LeadsOthers, delete_incident, delete_part
from cirt.register.errors import IncidentChanged
from cirt.web import i18n
from cirt.web.errors import status_of
from cirt.web.forms import Form, refused, sent
from cirt.web.frame import render
from cirt.web.pages.incidents.bp import bp
from cirt.web.pages.incidents.show import frame_of
from cirt.web.paths import path_of
from cirt.web.session import open_work


@bp.post("/incidents/<reference>/notes/<int(max=9223372036854775807):note_id>/delete")
def delete_note(reference: str, note_id: int) -> AnyResponse:
    return _deleted("incidents.incident", DeletePart(reference, Binned.NOTE, note_id))


@bp.post("/incidents/<reference>/tasks/<int(max=9223372036854775807):task_id>/delete")
def delete_task(reference: str, task_id: int) -> AnyResponse:
    return _deleted("incidents.tasks", DeletePart(reference, Binned.TASK, task_id))


@bp.post("/incidents/<reference>/attack/<int(max=9223372036854775807):event_id>/delete")
def delete_attack(reference: str, event_id: int) -> AnyResponse:
    return _deleted("incidents.incident", DeletePart(reference, Binned.ATTACK, event_id))


@bp.get("/incidents/<reference>/delete")
def ask_delete(reference: str) -> Response:
    return _page(reference, Form())


@bp.post("/incidents/<reference>/delete")
def delete(reference: str) -> AnyResponse:
    try:
        with open_work() as work:
            cmd = DeleteIncidentInput().read(sent(), reference=reference)
            act = delete_incident(work, cmd)
    except (IncidentChanged, LeadsOthers) as error:
        form = Form(refused(error).values)
        return _page(reference, form, status_of(error), i18n.say_error(error))
    except FieldsInvalid as error:
        return _page(reference, refused(error), status_of(error))
    return redirect(path_of("incidents.incidents", undo=act.id), 303)


def _deleted(then: str, cmd: DeletePart) -> AnyResponse:
    with open_work() as work:
        act = delete_part(work, cmd)
    return redirect(path_of(then, reference=cmd.incident, undo=act.id), 303)


def _page(reference: str, form: Form, status: int = HTTPStatus.OK, conflict: str = "") -> Response:
    with open_work(write=False) as work:
        work.require("incident:delete")
        view = queries.incident_view(work, reference)
    return render(
        "bin/delete_incident.html",
        status,
        form=form,
        **frame_of(view, ""),
        conflict=conflict,
    )
