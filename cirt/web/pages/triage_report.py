"""One report in full, who claims it, and the decision on it."""

from http import HTTPStatus
from typing import Any

from flask import Response, g, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from cirt.inputs.register import (
    AcceptReportInput,
    AddReportInput,
    ClaimReportInput,
    RejectReportInput,
    ReleaseClaimInput,
    UndoDecisionInput,
)
from cirt.inputs.triage import (
    ForwardReportInput,
    LinkReportInput,
    MarkSpamInput,
    MergeInput,
    NameSectorInput,
)
from cirt.kernel.errors import CirtError, FieldsInvalid, Invalid, NotFound
from cirt.kernel.text import mark
from cirt.kernel.work import Work
from cirt.register import service
from cirt.register.dialogue.queries import dialogue_of
from cirt.register.errors import (
    BelowReportNeedsReason,
    IncidentClosed,
    NoSuchIncident,
    NoSuchReport,
)
from cirt.register.forwarding.errors import ForwardForbidden, RecipientUnknown
from cirt.register.forwarding.service import forward_report
from cirt.register.labels import AFFECTED
from cirt.register.linking.errors import LinkToItself, LinkUnknown
from cirt.register.linking.service import link_report
from cirt.register.mail.claims import Claim
from cirt.register.merging.errors import LeadingMerged, MergeWithItself, RedApart
from cirt.register.merging.service import merge_report
from cirt.register.models import Incident
from cirt.register.queue.filters import QueueView
from cirt.register.queue.reading import report_view
from cirt.register.sight import get_incident, get_report
from cirt.register.triage.sector import name_sector
from cirt.sharing import gate
from cirt.web import confirming, talk
from cirt.web.errors import status_of
from cirt.web.forms import Form, refused, sent, wants
from cirt.web.frame import render
from cirt.web.pages.triage import back_to, bp, list_path, pane_of
from cirt.web.paths import path_of
from cirt.web.rsit_field import CLASSIFIED, sent_with_class
from cirt.web.saving import to_save
from cirt.web.sectors import sector_choices
from cirt.web.session import open_work

_LATEST = 3  # messages on the report's page
_ACCEPT = frozenset({"version", "title", "classification", "severity", "tlp", "reason", "mine"})
FIELDS = {
    "accept": _ACCEPT,
    "add": frozenset({"version", "incident", "reason"}),
    "forward": frozenset({"version", "to", "reason", "words"}),
    "reject": frozenset({"version", "reason"}),
    "spam": frozenset({"version", "reason"}),
    "link": frozenset({"link_to", "reason"}),
    "merge": frozenset({"version", "leading", "reason"}),
}


class DecisionMissing(Invalid):
    code = "decision-missing"
    message = mark("Choose what becomes of the report.")


class NoSuchOther(Invalid):
    """Absent or hidden, the same words."""

    code = "no-such-other"
    message = mark("There is nothing with this reference that you may see. Check it.")


class NoSuchLeading(NoSuchOther):
    code = "no-such-leading"


_AT: dict[
    type[CirtError], str
] = {  # where a refusal that concerns no single field of the command is shown
    BelowReportNeedsReason: "reason",
    NoSuchIncident: "incident",
    IncidentClosed: "incident",
    ForwardForbidden: "to",
    RecipientUnknown: "to",
    NoSuchLeading: "leading",
    NoSuchOther: "link_to",
    LinkUnknown: "link_to",
    LinkToItself: "link_to",
    MergeWithItself: "leading",
    LeadingMerged: "leading",
    RedApart: "leading",
}


@bp.get("/intake/<reference>")
def intake(reference: str) -> Response:
    return intake_page(reference, Form())


@bp.get("/intake/<reference>/files/<int(max=9223372036854775807):attachment_id>")
def attachment(reference: str, attachment_id: int) -> Response:
    """A file for saving, never for showing: what it is only its sender claims."""
    with open_work() as work:
        view = report_view(work, reference)
        if attachment_id not in {file.id for file in view.files}:
            raise NotFound
        file = gate.show_file(work, attachment_id)
    return to_save(file.body, file.name)


@bp.post("/triage/<reference>/claim")
def claim(reference: str) -> AnyResponse:
    with open_work() as work:
        cmd = ClaimReportInput().read(sent(without=["list"]), reference=reference)
        service.claim_report(work, cmd)
    return back_to(reference, wants("list"))


@bp.post("/triage/<reference>/put-back")
def put_back(reference: str) -> AnyResponse:
    with open_work() as work:
        service.release_claim(work, ReleaseClaimInput().read(sent(), reference=reference))
    return back_to(reference, "")


@bp.post("/triage/<reference>/undo")
def undo(reference: str) -> AnyResponse:
    with open_work() as work:
        service.undo_decision(work, UndoDecisionInput().read(sent(), reference=reference))
    return back_to(reference, "")


@bp.post("/triage/<reference>/sector")
def set_sector(reference: str) -> AnyResponse:
    try:
        with open_work() as work:
            name_sector(work, NameSectorInput().read(sent(), reference=reference))
    except FieldsInvalid as error:
        return intake_page(reference, refused(error), status_of(error))
    return redirect(path_of("triage.intake", reference=reference), 303)


@bp.post("/triage/<reference>/decision")
def decide(reference: str) -> AnyResponse:
    g.own_fields = FIELDS.get(wants("decision"))  # the others were only on the page as well
    if (form := confirming.went_back()) is not None:
        return intake_page(reference, form)
    try:
        with open_work() as work:
            led_to = _decide(work, reference, wants("decision"))
    except confirming.NotSure:
        return _ask(reference, wants("decision"))
    except (FieldsInvalid, DecisionMissing) as error:
        form = refused(error, at="decision", names={**CLASSIFIED, "to": _to_field()})
        return intake_page(reference, form, status_of(error))
    except tuple(_AT) as error:
        at = next(place for kind, place in _AT.items() if isinstance(error, kind))
        return intake_page(reference, refused(error, at=at), HTTPStatus.UNPROCESSABLE_ENTITY)
    return redirect(led_to or list_path(wants("list"), decided=reference), 303)


def _to_field() -> str:
    return "link_to" if wants("decision") == "link" else "to"


def _decide(work: Work, reference: str, decision: str) -> str:
    """Where it leads: to the incident, or to the report itself; empty for the queue.

    Only the fields of the chosen decision count: without script the others are on the page as well.
    """
    if decision not in FIELDS:
        raise DecisionMissing
    others = [name for name in request.form if name not in FIELDS[decision]]
    if decision == "accept":
        cmd = AcceptReportInput().read(sent_with_class(without=others), reference=reference)
        return incident_path(service.accept_report(work, cmd))
    given = sent(without=others)
    if decision == "add":
        add = AddReportInput().read(given, reference=reference)
        incident = service.add_report_to_incident(work, add)
        confirming.check_sure(incident.reference)
        return incident_path(incident)
    if decision in ("link", "merge"):
        _join(work, reference, decision, given)
        return path_of("triage.intake", reference=reference)
    if decision == "forward":
        forward_report(work, ForwardReportInput().read(given, reference=reference))
    elif decision == "spam":
        service.mark_spam(work, MarkSpamInput().read(given, reference=reference))
    else:
        service.reject_report(work, RejectReportInput().read(given, reference=reference))
    return ""


def _join(work: Work, reference: str, decision: str, given: dict[str, Any]) -> None:
    try:
        if decision == "merge":
            leading = merge_report(work, MergeInput().read(given, reference=reference))
            confirming.check_sure(leading.reference)
            return
        given["to"] = given.pop("link_to", "")
        link_report(work, LinkReportInput().read(given, reference=reference))
    except (NoSuchIncident, NoSuchReport) as error:
        get_report(work, reference)  # it is this one that is not there
        raise (NoSuchOther if decision == "link" else NoSuchLeading) from error


def _ask(reference: str, decision: str) -> Response:
    with open_work(write=False) as work:
        report = get_report(work, reference)
        if decision == "merge":
            leading = get_report(work, wants("leading").upper())
            question = confirming.of_report_merge(report, leading)
        else:
            incident = get_incident(work, wants("incident").upper())
            question = confirming.of_adding([report], incident, can_undo=True)
    return confirming.ask(question, path_of("triage.decide", reference=reference))


def incident_path(incident: Incident) -> str:
    return path_of("incidents.incident", reference=incident.reference)


def intake_page(reference: str, form: Form, status: int = HTTPStatus.OK) -> Response:
    with open_work(write=False) as work:
        pane = pane_of(work, report_view(work, reference), QueueView.WAITING)
        latest = dialogue_of(work, reference, limit=_LATEST)
        post = talk.by_mail(work, [reference])
    return render(
        "triage/intake.html",
        status,
        form=form if form.values or form.errors else _offered(pane["mail_claims"]),
        **talk.shown(latest, "triage.report_dialogue", reference),
        box=talk.box_of(pane["shown"].report),
        **post,
        affected=AFFECTED,
        sectors=sector_choices(),
        **pane,
    )


def _offered(claims: list[Claim]) -> Form:
    """The decision filled in as a mail claims, where somebody asked for that; nothing is done yet."""
    wanted = request.args.get("join", "")
    if any(claim.incident and claim.incident.reference == wanted for claim in claims):
        return Form({"decision": "add", "incident": wanted})
    if any(claim.may_lead and claim.reference == wanted for claim in claims):
        return Form({"decision": "merge", "leading": wanted})
    return Form()
