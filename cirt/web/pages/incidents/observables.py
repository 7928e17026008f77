"""Observables of an incident: those that were found checked, and made into indicators."""

from http import HTTPStatus

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from cirt.inputs.checking import CheckOfferedInput
from cirt.inputs.register import PromoteInput
from cirt.kernel.errors import CirtError, FieldsInvalid, Invalid
from cirt.kernel.text import mark
from cirt.objects.persons import concern_persons
from cirt.register import queries, service
from cirt.register.checking.queries import offered_of
from cirt.register.checking.service import check_offered
from cirt.register.errors import NothingChosen
from cirt.register.facts.carrying import counted_of
from cirt.register.indicators import pattern_of
from cirt.register.labels import INDICATOR_TYPES
from cirt.register.models import ObservableState
from cirt.web import i18n
from cirt.web.errors import status_of
from cirt.web.forms import Form, refused, sent
from cirt.web.frame import render
from cirt.web.pages.incidents.bp import bp
from cirt.web.pages.incidents.pasting import kinds_shown, rulings_sent
from cirt.web.pages.incidents.show import frame_of
from cirt.web.paths import path_of
from cirt.web.session import open_work

_VALID_FOR = (7, 30, 90, 365)
_SURE = (
    ("", mark("Not said")),
    ("90", mark("Almost certain (90 of 100)")),
    ("70", mark("Likely (70 of 100)")),
    ("40", mark("Possible (40 of 100)")),
)


@bp.get("/incidents/<reference>/observables")
def observables(reference: str) -> Response:
    return _page(reference, Form())


@bp.post("/incidents/<reference>/observables/decisions")
def decide(reference: str) -> AnyResponse:
    """Each row says something, or leaves it to its kind, and that to what is said of all."""
    given = {"upto": request.form.get("upto", "0"), "rulings": rulings_sent()}
    try:
        with open_work() as work:
            check_offered(work, CheckOfferedInput().read(given, incident=reference))
    except (FieldsInvalid, NothingChosen) as error:
        form = refused(error, at="all", names={"rulings": "all", "upto": "all"})
        return _page(reference, form, status_of(error))
    return redirect(path_of("incidents.observables", reference=reference) + "#confirmed", 303)


@bp.post("/incidents/<reference>/indicators")
def promote(reference: str) -> AnyResponse:
    try:
        with open_work() as work:
            cmd = PromoteInput().read(sent("observable_ids"), incident=reference)
            service.promote(work, cmd)
    except Invalid as error:
        at = "reason" if error.code == "lower-marking-needs-reason" else "observable_ids"
        return _page(reference, refused(error, at=at), status_of(error))
    except CirtError as error:
        if status_of(error) != HTTPStatus.CONFLICT:
            raise
        return _page(reference, refused(error, at="observable_ids"), HTTPStatus.CONFLICT)
    return redirect(path_of("incidents.sharing", reference=reference), 303)


def _page(reference: str, form: Form, status: int = HTTPStatus.OK) -> Response:
    with open_work(write=False) as work:
        view = queries.incident_view(work, reference)
        pages = {
            state: queries.observables_of(work, view.family, state, request.args.get(state.value))
            for state in ObservableState
        }
        waiting = offered_of(work, view.family)
    return render(
        "incidents/observables.html",
        status,
        form=form,
        **frame_of(view, "observables"),
        offered=pages[ObservableState.OFFERED],
        waiting=waiting,
        of_kinds=kinds_shown(waiting.kinds),
        confirmed=pages[ObservableState.CONFIRMED],
        dismissed=pages[ObservableState.DISMISSED],
        concerns_persons=concern_persons(
            row.observable
            for row in pages[ObservableState.CONFIRMED].rows
            if pattern_of(row.observable) is not None
        ),
        can_indicate=lambda row: pattern_of(row.observable) is not None,
        kinds=[(code, i18n.translate(words)) for code, words in INDICATOR_TYPES.items()],
        sure=[(value, i18n.translate(words)) for value, words in _SURE],
        days=_VALID_FOR,
        pap=counted_of(view.incident).pap.label,
    )
