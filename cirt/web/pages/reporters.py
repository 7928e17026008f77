"""The desk's side of the dialogue with reporters: what was said, a box to write, and what waits to be read."""

from http import HTTPStatus
from typing import Any

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from cirt.inputs.intake import AskReporterInput, MarkReadInput, NoteAnswerInput
from cirt.kernel.errors import Conflict, FieldsInvalid, Invalid
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.register import queries, service
from cirt.register.dialogue.errors import MessageTooLong, ReporterNotChosen
from cirt.register.dialogue.queries import dialogue_of, whole_message
from cirt.register.dialogue.waiting import waiting_answers
from cirt.register.sight import get_report
from cirt.web import talk
from cirt.web.errors import status_of
from cirt.web.forms import Form, refused, sent, wants
from cirt.web.frame import render
from cirt.web.pages.incidents.bp import bp as incidents_bp
from cirt.web.pages.incidents.show import frame_of
from cirt.web.pages.triage import bp as triage_bp
from cirt.web.paths import path_of, ways_on
from cirt.web.session import open_work

_NAMES = {"text": "message", "reference": "to"}
_SAID = "said"  # written down, not sent


@triage_bp.get("/triage/answers")
def answers() -> Response:
    """All answers that nobody has taken note of, the longest wait first."""
    with open_work(write=False) as work:
        page = waiting_answers(work, cursor=request.args.get("page"))
    return render(
        "dialogue/answers.html",
        page=page,
        **ways_on(page, "triage.answers"),
    )


@triage_bp.get("/triage/messages/<int(max=9223372036854775807):message_id>")
def message(message_id: int) -> Response:
    with open_work(write=False) as work:
        row = whole_message(work, message_id)
    return render("dialogue/message.html", row=row, words=talk.WORDS)


@triage_bp.get("/intake/<reference>/messages")
def report_dialogue(reference: str) -> Response:
    return _report_page(reference, Form())


@triage_bp.post("/intake/<reference>/messages")
def write_to_reporter(reference: str) -> AnyResponse:
    try:
        with open_work() as work:
            _write(work, reference)
    except (FieldsInvalid, MessageTooLong, Conflict) as error:
        return _report_page(reference, refused(error, at="message", names=_NAMES), status_of(error))
    return redirect(path_of("triage.report_dialogue", reference=reference), 303)


@triage_bp.post("/intake/<reference>/messages/read")
def read_report_answers(reference: str) -> AnyResponse:
    with open_work() as work:
        service.mark_read(work, MarkReadInput().read(sent(), reference=reference))
    return redirect(path_of("triage.report_dialogue", reference=reference), 303)


@incidents_bp.get("/incidents/<reference>/dialogue")
def incident_dialogue(reference: str) -> Response:
    return _incident_page(reference, Form())


@incidents_bp.post("/incidents/<reference>/dialogue")
def write_in_incident(reference: str) -> AnyResponse:
    """To the reporter of the chosen report; where the incident has but one, nobody needs to choose."""
    try:
        with open_work() as work:
            _write(work, wants("to") or reference)
    except (FieldsInvalid, Invalid, MessageTooLong, Conflict) as error:
        at = "to" if isinstance(error, ReporterNotChosen) else "message"
        return _incident_page(reference, refused(error, at=at, names=_NAMES), status_of(error))
    return redirect(path_of("incidents.incident_dialogue", reference=reference), 303)


@incidents_bp.post("/incidents/<reference>/dialogue/read")
def read_incident_answers(reference: str) -> AnyResponse:
    with open_work() as work:
        service.mark_read(work, MarkReadInput().read(sent(), reference=reference))
    return redirect(path_of("incidents.incident_dialogue", reference=reference), 303)


def _write(work: Work, reference: str) -> None:
    """Send or write down, as the form says.

    Raises:
        CirtError: as the services say.
    """
    what = wants("what")
    given: dict[str, Any] = {"reference": reference, "text": request.form.get("message", "")}
    if what == _SAID:
        service.note_answer(work, NoteAnswerInput().read(given))
        return
    given |= {"subject": request.form.get("subject", ""), "is_letter": what == "letter"}
    service.ask_reporter(work, AskReporterInput().read(given))


def _report_page(reference: str, form: Form, status: int = HTTPStatus.OK) -> Response:
    with open_work(write=False) as work:
        report = get_report(work, reference)
        page = dialogue_of(work, reference, cursor=request.args.get("page"))
        post = talk.by_mail(work, [reference])
    return render(
        "dialogue/report.html",
        status,
        form=form,
        report=report,
        **talk.shown(page, "triage.report_dialogue", reference),
        box=talk.box_of(report),
        **post,
    )


def _incident_page(reference: str, form: Form, status: int = HTTPStatus.OK) -> Response:
    with open_work(write=False) as work:
        view = queries.incident_view(work, reference)
        page = dialogue_of(work, reference, cursor=request.args.get("page"))
        post = talk.by_mail(work, [one.reference for one in view.reports])
    return render(
        "dialogue/incident.html",
        status,
        form=form,
        **frame_of(view, "dialogue"),
        **talk.shown(page, "incidents.incident_dialogue", reference),
        box=talk.Box(
            path_of("incidents.write_in_incident", reference=reference),
            [(one.reference, one.title) for one in view.reports],
            is_red=view.incident.tlp is Tlp.RED,
        ),
        **post,
    )
