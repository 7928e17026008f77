"""Severity: the impact questions, the arithmetic line by line, and every score there was."""

from http import HTTPStatus

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from cirt.inputs.facts import ScoreSeverityInput
from cirt.kernel.errors import FieldsInvalid
from cirt.register import service
from cirt.register.errors import IncidentChanged
from cirt.register.facts.errors import SeverityNeedsReason
from cirt.register.labels import SEVERITIES
from cirt.register.severity.errors import AnswersMissing
from cirt.register.severity.labels import ANSWERS, LEVELS, QUESTIONS
from cirt.register.severity.models import IncidentScore
from cirt.register.severity.queries import scores_of
from cirt.register.severity.rules import Line, Worked
from cirt.register.severity.service import worked_out
from cirt.register.severity.table import Category, table
from cirt.register.sight import get_incident
from cirt.web import i18n
from cirt.web.errors import status_of
from cirt.web.forms import Form, refused, sent
from cirt.web.frame import render
from cirt.web.pages.incidents.bp import bp
from cirt.web.paths import path_of
from cirt.web.session import open_work


@bp.get("/incidents/<reference>/severity")
def severity(reference: str) -> Response:
    return _page(reference, Form())


@bp.post("/incidents/<reference>/severity")
def save_score(reference: str) -> AnyResponse:
    """``act`` says whether the score is only to be worked out or kept as well."""
    try:
        cmd = ScoreSeverityInput().read(sent(without=["act"]), reference=reference)
        if request.form.get("act") == "work-out":
            values = Form(dict(request.form.items()))
            return _page(reference, values, worked=worked_out(cmd))
        with open_work() as work:
            service.score_severity(work, cmd)
    except IncidentChanged as error:
        form = Form(refused(error).values)
        return _page(reference, form, status_of(error), i18n.say_error(error))
    except (FieldsInvalid, AnswersMissing, SeverityNeedsReason) as error:
        return _page(reference, refused(error, at="reason"), status_of(error))
    return redirect(path_of("incidents.severity", reference=reference) + "#h-now", 303)


def _page(
    reference: str,
    form: Form,
    status: int = HTTPStatus.OK,
    conflict: str = "",
    worked: Worked | None = None,
) -> Response:
    with open_work(write=False) as work:
        incident = get_incident(work, reference)
        scores = scores_of(work, incident.id)
    newest = scores[0] if scores else None
    answered = {line["category"]: line["option"] for line in newest.lines} if newest else {}
    return render(
        "incidents/severity.html",
        status,
        form=form,
        incident=incident,
        conflict=conflict,
        worked=worked,
        questions=[(c.code, i18n.translate(QUESTIONS[c.code]), _options(c)) for c in _questions()],
        answered=answered,
        scores=scores,
        lines_of=_lines,
        levels={code: i18n.translate(words) for code, words in LEVELS.items()},
        severities=[(each.value, i18n.translate(words)) for each, words in SEVERITIES.items()],
        bands=table().levels,
    )


def _questions() -> tuple[Category, ...]:
    return table().categories


def _options(category: Category) -> list[tuple[str, str]]:
    words = ANSWERS[category.code]
    return [(code, i18n.translate(words[code])) for code in category.options]


def _lines(score: IncidentScore | Worked) -> list[tuple[str, str, Line]]:
    """Question, answer and figures, for a score of any day."""
    lines = [line if isinstance(line, Line) else Line(**line) for line in score.lines]
    return [
        (
            i18n.translate(QUESTIONS.get(line.category, line.category)),
            i18n.translate(ANSWERS.get(line.category, {}).get(line.option, line.option)),
            line,
        )
        for line in lines
    ]
