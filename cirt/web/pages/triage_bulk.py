"""Several reports at once: ticked, looked over on a page of their own, done, undone."""

from http import HTTPStatus

from flask import Response, redirect
from werkzeug.wrappers import Response as AnyResponse

from cirt.inputs.triage import ConfirmBulkInput, TickReportsInput
from cirt.kernel.errors import CirtError, FieldsInvalid
from cirt.kernel.text import mark
from cirt.register.bulk.commands import UndoBulk
from cirt.register.bulk.errors import LeadingNotTicked, NothingCanBeDone, NothingTicked
from cirt.register.bulk.models import BulkDo
from cirt.register.bulk.queries import bulk_view
from cirt.register.bulk.service import confirm_bulk, tick_reports, undo_bulk
from cirt.register.errors import (
    BelowReportNeedsReason,
    IncidentClosed,
    NoSuchIncident,
    RejectionNeedsReason,
)
from cirt.register.merging.errors import IsMerged, MergeNeedsReason
from cirt.register.sight import get_incident
from cirt.web import confirming
from cirt.web.errors import status_of
from cirt.web.forms import Form, refused, sent, wants
from cirt.web.frame import render
from cirt.web.pages.triage import bp
from cirt.web.paths import path_of
from cirt.web.session import open_work

_TITLES = {
    BulkDo.CLAIM: mark("Claim reports"),
    BulkDo.ADD: mark("Add reports to an incident"),
    BulkDo.MERGE: mark("Merge reports into one"),
    BulkDo.REJECT: mark("Reject reports"),
    BulkDo.SPAM: mark("Mark reports as spam"),
}
_WHAT_HAPPENS = {
    BulkDo.CLAIM: mark("They are yours to decide; others see your name on them."),
    BulkDo.ADD: mark(
        "What they name is offered on the incident; their reporters read that we work on it."
    ),
    BulkDo.MERGE: mark(
        "They leave the queue and share the fate of the one that leads. Each keeps its reference."
    ),
    BulkDo.REJECT: mark("They leave the queue; their reporters read that we do not pursue them."),
    BulkDo.SPAM: mark(
        "They leave the queue; what comes later and is like them is marked as likely spam."
    ),
}
_BUTTONS = {
    BulkDo.CLAIM: mark("Claim them"),
    BulkDo.ADD: mark("Add them to the incident"),
    BulkDo.MERGE: mark("Merge them"),
    BulkDo.REJECT: mark("Reject them"),
    BulkDo.SPAM: mark("Mark them as spam"),
}
_AT = {
    LeadingNotTicked: "target",
    NoSuchIncident: "target",
    IncidentClosed: "target",
    IsMerged: "target",
    NothingCanBeDone: "",
    RejectionNeedsReason: "reason",
    MergeNeedsReason: "reason",
    BelowReportNeedsReason: "reason",
}


@bp.post("/triage/bulk")
def tick() -> AnyResponse:
    given = sent("r")
    chosen = {"do": given.get("do", ""), "references": given.get("r", [])}
    try:
        with open_work() as work:
            act = tick_reports(work, TickReportsInput().read(chosen))
    except FieldsInvalid as error:
        if "do" in error.errors:
            raise
        raise NothingTicked from error
    return redirect(path_of("triage.bulk", act_id=act.id), 303)


@bp.get("/triage/bulk/<int(max=9223372036854775807):act_id>")
def bulk(act_id: int) -> Response:
    return _page(act_id, Form())


@bp.post("/triage/bulk/<int(max=9223372036854775807):act_id>")
def confirm(act_id: int) -> AnyResponse:
    if (form := confirming.went_back()) is not None:
        return _page(act_id, form)
    try:
        with open_work() as work:
            cmd = ConfirmBulkInput().read(sent(without=confirming.ASKED), act_id=act_id)
            act = confirm_bulk(work, cmd)
            if act.do is BulkDo.ADD:
                confirming.check_sure(cmd.target)
    except confirming.NotSure:
        return _ask(act_id)
    except FieldsInvalid as error:
        return _page(act_id, refused(error), status_of(error))
    except tuple(_AT) as error:
        return _page(act_id, _shown(error), HTTPStatus.UNPROCESSABLE_ENTITY)
    return redirect(path_of("triage.bulk", act_id=act_id), 303)


@bp.post("/triage/bulk/<int(max=9223372036854775807):act_id>/undo")
def undo_all(act_id: int) -> AnyResponse:
    with open_work() as work:
        undo_bulk(work, UndoBulk(act_id))
    return redirect(path_of("triage.bulk", act_id=act_id), 303)


def _ask(act_id: int) -> Response:
    with open_work(write=False) as work:
        reports = bulk_view(work, act_id).possible
        incident = get_incident(work, wants("target"))
    question = confirming.of_adding(reports, incident, can_undo=True)
    return confirming.ask(question, path_of("triage.confirm", act_id=act_id))


def _shown(error: CirtError) -> Form:
    return refused(error, at=next(at for kind, at in _AT.items() if isinstance(error, kind)))


def _page(act_id: int, form: Form, status: int = HTTPStatus.OK) -> Response:
    with open_work(write=False) as work:
        view = bulk_view(work, act_id)
    do = view.act.do
    return render(
        "triage/bulk.html",
        status,
        form=form,
        bulk=view,
        title=_TITLES[do],
        happens=_WHAT_HAPPENS[do],
        button=_BUTTONS[do],
    )
