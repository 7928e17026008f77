"""Triage: the queue with its reading pane, one report in full, and the decision on it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from cirt.inputs.register import (
    AcceptReportInput,
    AddReportInput,
    ClaimReportInput,
    RejectReportInput,
    ReleaseClaimInput,
    UndoDecisionInput,
)
from cirt.inputs.triage import ForwardReportInput, LinkReportInput, MarkSpamInput, MergeInput
from cirt.kernel.errors import CirtError, FieldsInvalid, Invalid, NotFound
from cirt.kernel.text import mark
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.register import rsit, service, workflow
from cirt.register.dialogue.queries import dialogue_of
from cirt.register.dialogue.waiting import answers_by_report, answers_waiting
from cirt.register.errors import (
    BelowReportNeedsReason,
    IncidentClosed,
    NoSuchIncident,
    NoSuchReport,
)
from cirt.register.forwarding.errors import ForwardForbidden, RecipientUnknown
from cirt.register.forwarding.service import forward_report, forwardings_of, recipients
from cirt.register.labels import AFFECTED, LANES, REPORT_SOURCES
from cirt.register.linking.errors import LinkToItself, LinkUnknown
from cirt.register.linking.service import link_report
from cirt.register.merging.errors import LeadingMerged, MergeWithItself, RedApart
from cirt.register.merging.service import merge_report
from cirt.register.models import Incident, ReportSource
from cirt.register.queue import (
    QueueFilter,
    QueueView,
    ReportView,
    queue_counts,
    report_view,
)
from cirt.register.queue import (
    queue as queue_page,
)
from cirt.register.sight import get_report
from cirt.register.targets import first_look
from cirt.register.views.service import views_of
from cirt.sharing import gate
from cirt.web import prose, talk
from cirt.web.errors import status_of
from cirt.web.forms import Form, member, refused, sent, wants
from cirt.web.frame import render
from cirt.web.paths import path_of
from cirt.web.rsit_field import CLASSIFIED, sent_with_class
from cirt.web.session import open_work, this_program

bp = Blueprint("triage", __name__)

_SHORT = 1200  # characters of a report in the pane
_LATEST = 3  # messages on the report's page
_DAYS = ("1", "7", "30")
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


@bp.get("/triage")
def queue() -> Response:
    given = asked()
    targets = first_look(this_program().settings)
    cursor, selected = request.args.get("page", ""), request.args.get("selected", "")
    with open_work(write=False) as work:
        page = queue_page(work, _filter(given, targets, work.now), cursor=cursor)
        counts = queue_counts(work)
        views = views_of(work)
        shown = report_view(work, selected) if selected else None
        references = [row.reference for row in page.rows] + ([selected] if selected else [])
        answers, waiting = answers_by_report(work, references), answers_waiting(work)
        pane = _pane(work, shown, given.get("view", QueueView.WAITING))
    return render(
        "triage/queue.html",
        page=page,
        counts=counts,
        cursor=cursor,
        selected=selected,
        views=views,
        query=urlencode(given),
        given=given,
        narrowed={name: value for name, value in given.items() if name != "view"},
        targets=targets,
        newer=path_of("triage.queue", **given, page=page.before) if page.before else "",
        older=path_of("triage.queue", **given, page=page.after) if page.after else "",
        answers=answers,
        answers_waiting=waiting,
        **pane,
    )


def asked() -> dict[str, str]:
    """What of the address narrows the queue and can be read; an old bookmark still shows a list."""
    given = request.args
    found = {
        "view": member(QueueView, given.get("view", "")),
        "source": member(ReportSource, given.get("source", "")),
        "tlp": member(Tlp, given.get("tlp", "")),
        "days": given.get("days") if given.get("days") in _DAYS else None,
        "late": "1" if given.get("late") == "1" else None,
        "words": given.get("words", "").strip()[:200],
    }
    return {name: str(value) for name, value in found.items() if value}


def _filter(
    given: Mapping[str, str], targets: Mapping[ReportSource, timedelta], now: datetime
) -> QueueFilter:
    late = {source: now - target for source, target in targets.items()}
    return QueueFilter(
        view=member(QueueView, given.get("view", "")) or QueueView.WAITING,
        source=member(ReportSource, given.get("source", "")),
        words=given.get("words", ""),
        tlp=member(Tlp, given.get("tlp", "")),
        since=now - timedelta(days=int(given["days"])) if "days" in given else None,
        late_before=late if "late" in given else None,
    )


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
    response = Response(file.body, mimetype="application/octet-stream")
    name = file.name.replace("/", "_").replace("\\", "_")  # never a path on the reader's disk
    response.headers.set("Content-Disposition", "attachment", filename=name)
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


@bp.post("/triage/<reference>/claim")
def claim(reference: str) -> AnyResponse:
    with open_work() as work:
        cmd = ClaimReportInput().read(sent(without=["view"]), reference=reference)
        service.claim_report(work, cmd)
    return back_to(reference, wants("view"))


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


@bp.post("/triage/<reference>/decision")
def decide(reference: str) -> AnyResponse:
    try:
        with open_work() as work:
            led_to = _decide(work, reference, wants("decision"))
    except (FieldsInvalid, DecisionMissing) as error:
        form = refused(error, at="decision", names={**CLASSIFIED, "to": _to_field()})
        return intake_page(reference, form, status_of(error))
    except tuple(_AT) as error:
        at = next(place for kind, place in _AT.items() if isinstance(error, kind))
        return intake_page(reference, refused(error, at=at), HTTPStatus.UNPROCESSABLE_ENTITY)
    return redirect(led_to or path_of("triage.queue", view=wants("view") or QueueView.WAITING), 303)


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
        return incident_path(service.add_report_to_incident(work, add))
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
            merge_report(work, MergeInput().read(given, reference=reference))
            return
        given["to"] = given.pop("link_to", "")
        link_report(work, LinkReportInput().read(given, reference=reference))
    except (NoSuchIncident, NoSuchReport) as error:
        get_report(work, reference)  # it is this one that is not there
        raise (NoSuchOther if decision == "link" else NoSuchLeading) from error


def incident_path(incident: Incident) -> str:
    return path_of("incidents.incident", reference=incident.reference)


def intake_page(reference: str, form: Form, status: int = HTTPStatus.OK) -> Response:
    with open_work(write=False) as work:
        pane = _pane(work, report_view(work, reference), QueueView.WAITING)
        answers = answers_by_report(work, [reference])
        latest = dialogue_of(work, reference, limit=_LATEST)
        post = talk.by_mail(work, [reference])
    return render(
        "triage/intake.html",
        status,
        form=form,
        answers=answers,
        **talk.shown(latest, "triage.report_dialogue", reference),
        box=talk.box_of(pane["shown"].report),
        **post,
        lanes=LANES,
        affected=AFFECTED,
        **pane,
    )


def _pane(work: Work, shown: ReportView | None, view: str) -> dict[str, Any]:
    """What the reading pane needs."""
    text = shown.report.text if shown else ""
    is_open = shown is not None and shown.report.state in workflow.WAITING
    return {
        "shown": shown,
        "view": view,
        "short": text[:_SHORT],
        "title": prose.defanged(shown.report.title) if shown else "",
        "suggested": shown.hits.incidents if shown else (),
        "classes": rsit.CLASSES,
        "sources": REPORT_SOURCES,
        "recipients": recipients(work) if is_open else [],
        "forwardings": forwardings_of(work, shown.report) if shown else [],
        **talk.mail_of(shown.report.headers if shown else {}),
    }


def back_to(reference: str, view: str) -> AnyResponse:
    chosen = member(QueueView, view) or QueueView.WAITING
    return redirect(path_of("triage.queue", view=chosen, selected=reference) + "#rep", 303)
