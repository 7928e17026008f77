"""Triage: the queue with its reading pane, one report in full, and the decision on it."""

from http import HTTPStatus
from typing import Any

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
from cirt.kernel.errors import FieldsInvalid, Invalid, NotFound
from cirt.kernel.text import mark
from cirt.kernel.work import Work
from cirt.register import rsit, service
from cirt.register.dialogue.queries import dialogue_of
from cirt.register.dialogue.waiting import answers_by_report, answers_waiting
from cirt.register.errors import BelowReportNeedsReason, IncidentClosed, NoSuchIncident
from cirt.register.labels import AFFECTED, LANES, REPORT_SOURCES
from cirt.register.models import ReportSource
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
from cirt.sharing import gate
from cirt.web import prose, talk
from cirt.web.errors import status_of
from cirt.web.forms import Form, member, refused, sent, wants
from cirt.web.frame import render
from cirt.web.paths import path_of
from cirt.web.rsit_field import CLASSIFIED, sent_with_class
from cirt.web.session import open_work

bp = Blueprint("triage", __name__)

_SHORT = 1200  # characters of a report in the pane
_LATEST = 3  # messages on the report's page
_ACCEPT = frozenset({"version", "title", "classification", "severity", "tlp", "reason", "mine"})
_FIELDS = {
    "accept": _ACCEPT,
    "add": frozenset({"version", "incident", "reason"}),
    "reject": frozenset({"version", "reason"}),
}


class DecisionMissing(Invalid):
    code = "decision-missing"
    message = mark("Choose what becomes of the report.")


@bp.get("/triage")
def queue() -> Response:
    view = member(QueueView, request.args.get("view", "")) or QueueView.WAITING
    source = member(ReportSource, request.args.get("source", ""))
    wanted = QueueFilter(view, source, request.args.get("words", ""))
    cursor, selected = request.args.get("page", ""), request.args.get("selected", "")
    with open_work(write=False) as work:
        page = queue_page(work, wanted, cursor=cursor)
        counts = queue_counts(work)
        shown = report_view(work, selected) if selected else None
        references = [row.reference for row in page.rows] + ([selected] if selected else [])
        answers, waiting = answers_by_report(work, references), answers_waiting(work)
    filters = {"view": view, "words": wanted.words or None, "source": source}
    return render(
        "triage/queue.html",
        page=page,
        counts=counts,
        cursor=cursor,
        selected=selected,
        newer=path_of("triage.queue", **filters, page=page.before) if page.before else "",
        older=path_of("triage.queue", **filters, page=page.after) if page.after else "",
        words=wanted.words,
        source=source or "",
        answers=answers,
        answers_waiting=waiting,
        **_pane(shown, view),
    )


@bp.get("/intake/<reference>")
def intake(reference: str) -> Response:
    return _intake_page(reference, Form())


@bp.get("/intake/<reference>/files/<int(max=9223372036854775807):attachment_id>")
def attachment(reference: str, attachment_id: int) -> Response:
    """A file for saving, never for showing: what it is only its sender claims."""
    with open_work() as work:
        view = report_view(work, reference)
        if attachment_id not in {file.id for file in view.files}:
            raise NotFound
        file = gate.show_file(work, attachment_id)
    response = Response(file.body, mimetype="application/octet-stream")
    response.headers.set("Content-Disposition", "attachment", filename=file.name)
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


@bp.post("/triage/<reference>/claim")
def claim(reference: str) -> AnyResponse:
    with open_work() as work:
        cmd = ClaimReportInput().read(sent(without=["view"]), reference=reference)
        service.claim_report(work, cmd)
    return _back_to(reference, wants("view"))


@bp.post("/triage/<reference>/put-back")
def put_back(reference: str) -> AnyResponse:
    with open_work() as work:
        service.release_claim(work, ReleaseClaimInput().read(sent(), reference=reference))
    return _back_to(reference, "")


@bp.post("/triage/<reference>/undo")
def undo(reference: str) -> AnyResponse:
    with open_work() as work:
        service.undo_decision(work, UndoDecisionInput().read(sent(), reference=reference))
    return _back_to(reference, "")


@bp.post("/triage/<reference>/decision")
def decide(reference: str) -> AnyResponse:
    try:
        with open_work() as work:
            incident = _decide(work, reference, wants("decision"))
    except (FieldsInvalid, DecisionMissing) as error:
        form = refused(error, at="decision", names=CLASSIFIED)
        return _intake_page(reference, form, status_of(error))
    except BelowReportNeedsReason as error:
        return _intake_page(reference, refused(error, at="reason"), status_of(error))
    except (NoSuchIncident, IncidentClosed) as error:
        form = refused(error, at="incident")
        return _intake_page(reference, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    if incident:
        return redirect(path_of("incidents.incident", reference=incident), 303)
    return redirect(path_of("triage.queue", view=wants("view") or QueueView.WAITING), 303)


def _decide(work: Work, reference: str, decision: str) -> str:
    """The reference of the incident that the report went to; empty where it was rejected.

    Only the fields of the chosen decision count: without script the others are on the page as well.
    """
    if decision not in _FIELDS:
        raise DecisionMissing
    others = [name for name in request.form if name not in _FIELDS[decision]]
    if decision == "accept":
        given = sent_with_class(without=others)
        cmd = AcceptReportInput().read(given, reference=reference)
        return service.accept_report(work, cmd).reference
    if decision == "add":
        add = AddReportInput().read(sent(without=others), reference=reference)
        return service.add_report_to_incident(work, add).reference
    service.reject_report(work, RejectReportInput().read(sent(without=others), reference=reference))
    return ""


def _intake_page(reference: str, form: Form, status: int = HTTPStatus.OK) -> Response:
    with open_work(write=False) as work:
        shown = report_view(work, reference)
        answers = answers_by_report(work, [reference])
        latest = dialogue_of(work, reference, limit=_LATEST)
        post = talk.by_mail(work, [reference])
    return render(
        "triage/intake.html",
        status,
        form=form,
        answers=answers,
        **talk.shown(latest, "triage.report_dialogue", reference),
        box=talk.box_of(shown.report),
        **post,
        lanes=LANES,
        affected=AFFECTED,
        **_pane(shown, QueueView.WAITING),
    )


def _pane(shown: ReportView | None, view: str) -> dict[str, Any]:
    """What the reading pane needs."""
    text = shown.report.text if shown else ""
    return {
        "shown": shown,
        "view": view,
        "short": text[:_SHORT],
        "title": prose.defanged(shown.report.title) if shown else "",
        "suggested": shown.hits.incidents if shown else (),
        "classes": rsit.CLASSES,
        "sources": REPORT_SOURCES,
        **talk.mail_of(shown.report.headers if shown else {}),
    }


def _back_to(reference: str, view: str) -> AnyResponse:
    chosen = member(QueueView, view) or QueueView.WAITING
    return redirect(path_of("triage.queue", view=chosen, selected=reference) + "#rep", 303)
