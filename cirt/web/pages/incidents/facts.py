"""Opening an incident, editing its facts, changing its state."""

from http import HTTPStatus

from flask import Response, redirect
from werkzeug.wrappers import Response as AnyResponse

from cirt.inputs.register import ChangeStateInput, EditFactsInput, OpenIncidentInput
from cirt.kernel.errors import FieldsInvalid
from cirt.register import rsit, service, workflow
from cirt.register.closing.errors import StillOpen
from cirt.register.errors import (
    FactsMissing,
    IncidentChanged,
    LoweringNeedsReason,
    ReasonMissing,
    TransitionRefused,
)
from cirt.register.facts.errors import PriorityNeedsReason, SeverityNeedsReason
from cirt.register.facts.queries import facets_of
from cirt.register.incidents import facts_of
from cirt.register.labels import INCIDENT_STATES
from cirt.register.models import IncidentState
from cirt.register.playbooks.service import apply_fitting
from cirt.register.queries import possible_owners
from cirt.register.sight import get_incident
from cirt.web import i18n, signs
from cirt.web.errors import status_of
from cirt.web.forms import Form, refused, sent
from cirt.web.frame import render
from cirt.web.pages.incidents.bp import bp
from cirt.web.pages.incidents.facts_form import LISTS, more_fields
from cirt.web.paths import path_of
from cirt.web.rsit_field import CLASSIFIED, sent_with_class
from cirt.web.session import open_work


@bp.get("/incidents/new")
def new() -> Response:
    return _new_page(Form())


@bp.post("/incidents/new")
def open_new() -> AnyResponse:
    try:
        with open_work() as work:
            given = sent_with_class(*LISTS)
            with_playbook = given.pop("playbook", "")
            incident = service.open_incident(work, OpenIncidentInput().read(given))
            if with_playbook:
                apply_fitting(work, incident)
    except (FieldsInvalid, PriorityNeedsReason) as error:
        form = refused(error, at="reason", names=CLASSIFIED)
        return _new_page(form, HTTPStatus.UNPROCESSABLE_ENTITY)
    return redirect(path_of("incidents.incident", reference=incident.reference), 303)


def _new_page(form: Form, status: int = HTTPStatus.OK) -> Response:
    more = more_fields(form, None, None)
    return render("incidents/new.html", status, form=form, classes=rsit.CLASSES, more=more)


@bp.get("/incidents/<reference>/edit")
def edit(reference: str) -> Response:
    return _edit_page(reference, Form())


@bp.post("/incidents/<reference>/edit")
def save_facts(reference: str) -> AnyResponse:
    try:
        with open_work() as work:
            cmd = EditFactsInput().read(sent_with_class(*LISTS), reference=reference)
            service.edit_facts(work, cmd)
    except IncidentChanged as error:
        form = Form(refused(error).values)
        return _edit_page(reference, form, status_of(error), i18n.say_error(error))
    except (
        FieldsInvalid,
        LoweringNeedsReason,
        PriorityNeedsReason,
        SeverityNeedsReason,
    ) as error:
        form = refused(error, at="reason", names=CLASSIFIED)
        return _edit_page(reference, form, status_of(error))
    return redirect(path_of("incidents.incident", reference=reference), 303)


def _edit_page(
    reference: str, form: Form, status: int = HTTPStatus.OK, conflict: str = ""
) -> Response:
    with open_work(write=False) as work:
        work.require("incident:write")
        incident = get_incident(work, reference)
        people = possible_owners(work)
        facets = facets_of(work, incident.id)
    return render(
        "incidents/edit.html",
        status,
        form=form,
        incident=incident,
        classes=rsit.CLASSES,
        owners=people,
        conflict=conflict,
        more=more_fields(form, incident, facets),
    )


@bp.get("/incidents/<reference>/state")
def change_state(reference: str) -> Response:
    return _state_page(reference, Form())


@bp.post("/incidents/<reference>/state")
def save_state(reference: str) -> AnyResponse:
    try:
        with open_work() as work:
            service.change_state(work, ChangeStateInput().read(sent(), reference=reference))
    except IncidentChanged as error:
        form = Form(refused(error).values)
        return _state_page(reference, form, status_of(error), i18n.say_error(error))
    except (FieldsInvalid, ReasonMissing, FactsMissing, StillOpen, TransitionRefused) as error:
        at = "reason" if isinstance(error, ReasonMissing) else "to"
        return _state_page(reference, refused(error, at=at), status_of(error))
    return redirect(path_of("incidents.incident", reference=reference), 303)


def _state_page(
    reference: str, form: Form, status: int = HTTPStatus.OK, conflict: str = ""
) -> Response:
    """Every move but the last: closing has a page of its own."""
    with open_work(write=False) as work:
        work.require("incident:write")
        incident = get_incident(work, reference)
    steps = workflow.steps(facts_of(incident))
    return render(
        "incidents/state.html",
        status,
        form=form,
        incident=incident,
        sign=signs.INCIDENT[incident.state],
        words=INCIDENT_STATES,
        steps=[step for step in steps if step.to is not IncidentState.CLOSED],
        can_close=any(step.to is IncidentState.CLOSED for step in steps),
        conflict=conflict,
    )
