"""Whose an observable is in one incident."""

from http import HTTPStatus

from flask import Response, redirect
from werkzeug.wrappers import Response as AnyResponse

from cirt.inputs.facts import PlaceObservableInput
from cirt.kernel.errors import FieldsInvalid, NotFound
from cirt.objects.observables.kinds import Observable
from cirt.register import service
from cirt.register.errors import ObservablesUnknown
from cirt.register.labels import SIDES
from cirt.register.placing import get_observable
from cirt.register.sight import get_incident
from cirt.web import i18n
from cirt.web.errors import status_of
from cirt.web.forms import Form, refused, sent
from cirt.web.frame import render
from cirt.web.pages.incidents.bp import bp
from cirt.web.paths import path_of
from cirt.web.session import open_work

_OBSERVABLE = "/incidents/<reference>/observables/<int(max=9223372036854775807):observable_id>"


@bp.get(_OBSERVABLE)
def context(reference: str, observable_id: int) -> Response:
    return _page(reference, observable_id, Form())


@bp.post(_OBSERVABLE)
def save_context(reference: str, observable_id: int) -> AnyResponse:
    try:
        with open_work() as work:
            known = {"incident": reference, "observable_id": observable_id}
            service.place_observable(work, PlaceObservableInput().read(sent(), **known))
    except FieldsInvalid as error:
        return _page(reference, observable_id, refused(error), status_of(error))
    except ObservablesUnknown:
        raise NotFound from None
    return redirect(path_of("incidents.observables", reference=reference) + "#confirmed", 303)


def _page(reference: str, observable_id: int, form: Form, status: int = HTTPStatus.OK) -> Response:
    with open_work(write=False) as work:
        work.require("incident:write")
        incident = get_incident(work, reference)
        try:
            row = get_observable(work, incident.id, observable_id)
        except ObservablesUnknown:
            raise NotFound from None
    return render(
        "incidents/context.html",
        status,
        form=form,
        incident=incident,
        row=row,
        observable=Observable(row.kind, row.value),
        sides=[(each.value, i18n.translate(words)) for each, words in SIDES.items()],
    )
