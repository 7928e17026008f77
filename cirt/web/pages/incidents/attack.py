"""Events of the attack: what it did and when, as far as it is known."""

from http import HTTPStatus

from flask import Response, redirect
from werkzeug.wrappers import Response as AnyResponse

from cirt.inputs.timeline import AddAttackInput, EditAttackInput
from cirt.kernel.errors import CirtError, FieldsInvalid
from cirt.register.sight import get_incident
from cirt.register.timeline.attack import (
    AttackChanged,
    add_attack,
    edit_attack,
    get_attack,
    tellings_of,
)
from cirt.register.timeline.times import NotYet, TimeUnclear, ZoneUnknown, as_told
from cirt.web import i18n
from cirt.web.errors import status_of
from cirt.web.forms import Form, refused, sent
from cirt.web.frame import render
from cirt.web.pages.incidents.bp import bp
from cirt.web.paths import path_of
from cirt.web.session import open_work

_UNCLEAR = (FieldsInvalid, TimeUnclear, ZoneUnknown, NotYet)


@bp.get("/incidents/<reference>/attack/new")
def new_attack(reference: str) -> Response:
    return _new_page(reference, Form())


@bp.post("/incidents/<reference>/attack/new")
def add_attack_event(reference: str) -> AnyResponse:
    try:
        with open_work() as work:
            event = add_attack(work, AddAttackInput().read(sent(), incident=reference))
    except _UNCLEAR as error:
        return _new_page(reference, _form(error), status_of(error))
    return redirect(_timeline(reference, event.id), 303)


@bp.get("/incidents/<reference>/attack/<int(max=9223372036854775807):event_id>")
def attack(reference: str, event_id: int) -> Response:
    return _page(reference, event_id, Form())


@bp.post("/incidents/<reference>/attack/<int(max=9223372036854775807):event_id>")
def save_attack(reference: str, event_id: int) -> AnyResponse:
    try:
        with open_work() as work:
            cmd = EditAttackInput().read(sent(), incident=reference, event_id=event_id)
            edit_attack(work, cmd)
    except AttackChanged as error:
        form = Form(refused(error).values)
        return _page(reference, event_id, form, status_of(error), i18n.say_error(error))
    except _UNCLEAR as error:
        return _page(reference, event_id, _form(error), status_of(error))
    return redirect(_timeline(reference, event_id), 303)


def _timeline(reference: str, event_id: int) -> str:
    place = path_of("incidents.incident", reference=reference, show="attack")
    return f"{place}#attack-{event_id}"


def _form(error: CirtError) -> Form:
    return refused(error, at="zone" if isinstance(error, ZoneUnknown) else "when")


def _new_page(reference: str, form: Form, status: int = HTTPStatus.OK) -> Response:
    with open_work(write=False) as work:
        work.require("incident:write")
        incident = get_incident(work, reference)
    return render("timeline/attack_new.html", status, form=form, incident=incident)


def _page(
    reference: str, event_id: int, form: Form, status: int = HTTPStatus.OK, conflict: str = ""
) -> Response:
    with open_work(write=False) as work:
        work.require("incident:write")
        incident = get_incident(work, reference)
        event = get_attack(work, incident, event_id)
        history = tellings_of(work, event)
    return render(
        "timeline/attack.html",
        status,
        form=form,
        incident=incident,
        event=event,
        history=history,
        told=as_told,
        conflict=conflict,
    )
