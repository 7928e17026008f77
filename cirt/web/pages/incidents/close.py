"""Closing an incident: what still stands open is named, and asked about."""

from http import HTTPStatus

from flask import Response, redirect
from werkzeug.wrappers import Response as AnyResponse

from cirt.inputs.register import CloseIncidentInput
from cirt.kernel.errors import FieldsInvalid
from cirt.register import service, workflow
from cirt.register.closing.errors import StillOpen
from cirt.register.closing.service import open_ends_of
from cirt.register.errors import FactsMissing, IncidentChanged, ReasonMissing, TransitionRefused
from cirt.register.incidents import facts_of
from cirt.register.labels import CLOSE_REASONS
from cirt.register.models import IncidentState
from cirt.register.sight import get_incident
from cirt.web import i18n
from cirt.web.errors import status_of
from cirt.web.forms import Form, refused, sent
from cirt.web.frame import render
from cirt.web.pages.incidents.bp import bp
from cirt.web.paths import path_of
from cirt.web.session import open_work

# Where each of them is finished: the page of the incident, and the words of the link.
WAYS = {
    "observables": "incidents.observables",
    "releases": "incidents.sharing",
    "score": "incidents.severity",
    "tasks": "incidents.tasks",
}


@bp.get("/incidents/<reference>/close")
def close(reference: str) -> Response:
    return _page(reference, Form())


@bp.post("/incidents/<reference>/close")
def save_close(reference: str) -> AnyResponse:
    try:
        with open_work() as work:
            cmd = CloseIncidentInput().read(sent("seen"), reference=reference)
            service.change_state(work, cmd)
    except IncidentChanged as error:
        form = Form(refused(error).values)
        return _page(reference, form, status_of(error), i18n.say_error(error))
    except StillOpen as error:
        return _page(reference, refused(error, at="anyway"), status_of(error))
    except (FieldsInvalid, ReasonMissing, FactsMissing, TransitionRefused) as error:
        return _page(reference, refused(error, at="close_reason"), status_of(error))
    return redirect(path_of("incidents.incident", reference=reference), 303)


def _page(reference: str, form: Form, status: int = HTTPStatus.OK, conflict: str = "") -> Response:
    with open_work(write=False) as work:
        work.require("incident:write")
        incident = get_incident(work, reference)
        ends = open_ends_of(work, incident)
    facts = facts_of(incident)
    ways = workflow.INCIDENT_NEXT[incident.state]
    reasons = workflow.close_reasons(incident.state)
    return render(
        "incidents/close.html",
        status,
        form=form,
        incident=incident,
        conflict=conflict,
        can_close=IncidentState.CLOSED in ways,
        missing=workflow.missing_facts(facts, IncidentState.CLOSED),
        ends=[(end, WAYS.get(end.code)) for end in ends],
        reasons=[(each.value, i18n.translate(CLOSE_REASONS[each])) for each in reasons],
    )
