"""A report that belongs to others: on more incidents, linked, merged, and each taken back."""

from http import HTTPStatus

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from cirt.inputs.register import AcceptReportInput, AddReportInput
from cirt.inputs.triage import UnlinkReportInput, UnmergeInput
from cirt.kernel.errors import FieldsInvalid
from cirt.kernel.work import Work
from cirt.register.errors import BelowReportNeedsReason, IncidentClosed, NoSuchIncident
from cirt.register.linking.errors import AlreadyOnIncident
from cirt.register.linking.service import unlink_report
from cirt.register.linking.splitting import accept_as_another, add_to_another
from cirt.register.merging.service import unmerge_report
from cirt.register.models import Incident
from cirt.register.sight import get_incident, get_report
from cirt.web import confirming
from cirt.web.errors import status_of
from cirt.web.forms import refused, sent, wants
from cirt.web.pages.triage import bp
from cirt.web.pages.triage_report import FIELDS, DecisionMissing, incident_path, intake_page
from cirt.web.paths import path_of
from cirt.web.rsit_field import CLASSIFIED, sent_with_class
from cirt.web.session import open_work

_AT = {
    BelowReportNeedsReason: "reason",
    NoSuchIncident: "incident",
    IncidentClosed: "incident",
    AlreadyOnIncident: "incident",
}


@bp.post("/triage/<reference>/split")
def split(reference: str) -> AnyResponse:
    """One report that tells of several incidents."""
    if (form := confirming.went_back()) is not None:
        return intake_page(reference, form)
    try:
        with open_work() as work:
            incident = _split(work, reference, wants("decision"))
    except confirming.NotSure:
        return _ask(reference)
    except (FieldsInvalid, DecisionMissing) as error:
        form = refused(error, at="decision", names=CLASSIFIED)
        return intake_page(reference, form, status_of(error))
    except tuple(_AT) as error:
        at = next(place for kind, place in _AT.items() if isinstance(error, kind))
        return intake_page(reference, refused(error, at=at), HTTPStatus.UNPROCESSABLE_ENTITY)
    return redirect(incident_path(incident), 303)


def _split(work: Work, reference: str, decision: str) -> Incident:
    if decision not in ("accept", "add"):
        raise DecisionMissing
    others = [name for name in request.form if name not in FIELDS[decision]]
    if decision == "accept":
        accept = AcceptReportInput().read(sent_with_class(without=others), reference=reference)
        return accept_as_another(work, accept)
    add = AddReportInput().read(sent(without=others), reference=reference)
    incident = add_to_another(work, add)
    confirming.check_sure(incident.reference)
    return incident


def _ask(reference: str) -> Response:
    with open_work(write=False) as work:
        report = get_report(work, reference)
        incident = get_incident(work, wants("incident").upper())
    question = confirming.of_adding([report], incident, can_undo=False)
    return confirming.ask(question, path_of("triage.split", reference=reference))


@bp.post("/triage/<reference>/unlink")
def unlink(reference: str) -> AnyResponse:
    with open_work() as work:
        unlink_report(work, UnlinkReportInput().read(sent(), reference=reference))
    return redirect(path_of("triage.intake", reference=reference), 303)


@bp.post("/triage/<reference>/unmerge")
def unmerge(reference: str) -> AnyResponse:
    with open_work() as work:
        unmerge_report(work, UnmergeInput().read(sent(), reference=reference))
    return redirect(path_of("triage.intake", reference=reference), 303)
