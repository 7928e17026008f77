"""A text pasted for its observables: what was found stands beside it, and is saved once somebody looked it over."""

from collections.abc import Mapping
from http import HTTPStatus

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from cirt.inputs.checking import SavePasteInput
from cirt.inputs.register import AddObservablesInput
from cirt.kernel.errors import FieldsInvalid
from cirt.objects.observables.kinds import Kind, Observable
from cirt.register.checking.queries import LISTED, look_over
from cirt.register.checking.service import save_paste
from cirt.register.errors import NothingFound, TextTooLong
from cirt.register.sight import get_incident
from cirt.web import i18n
from cirt.web.errors import status_of
from cirt.web.forms import Form, refused, typed_values, wants
from cirt.web.frame import render
from cirt.web.pages.incidents.bp import bp
from cirt.web.paths import path_of
from cirt.web.prose import numbered
from cirt.web.session import open_work

_SHOWN = 20_000  # characters of the text on the page


@bp.get("/incidents/<reference>/observables/new")
def paste(reference: str) -> Response:
    return _paste_page(reference, Form())


@bp.post("/incidents/<reference>/observables/new")
def find(reference: str) -> AnyResponse:
    """What the text holds, beside it; nothing is kept yet."""
    return _check_page(reference, Form())


@bp.post("/incidents/<reference>/observables/check")
def check(reference: str) -> AnyResponse:
    if wants("back"):
        return _paste_page(reference, Form(typed_values()))
    given = {"text": request.form.get("text", ""), "rulings": rulings_sent()}
    try:
        with open_work() as work:
            save_paste(work, SavePasteInput().read(given, incident=reference))
    except FieldsInvalid as error:
        if "rulings" not in error.errors:
            return _paste_page(reference, refused(error), status_of(error))
        return _check_page(reference, refused(error, names={"rulings": "all"}), status_of(error))
    except (NothingFound, TextTooLong) as error:
        return _paste_page(reference, refused(error, at="text"), status_of(error))
    return redirect(path_of("incidents.observables", reference=reference), 303)


def rulings_sent() -> dict[str, str]:
    """What the form says of all, of kinds and of rows."""
    return {
        name: said
        for name, said in request.form.items()
        if name == "all" or name.startswith(("kind-", "do-"))
    }


def kinds_shown(kinds: Mapping[Kind, int]) -> list[tuple[str, str, int]]:
    """Code, words and count of each."""
    return [
        (kind.value, i18n.translate(Observable(kind, "").label), count)
        for kind, count in kinds.items()
    ]


def _check_page(reference: str, form: Form, status: int = HTTPStatus.OK) -> Response:
    try:
        cmd = AddObservablesInput().read({"text": request.form.get("text", "")}, incident=reference)
        with open_work(write=False) as work:
            incident = get_incident(work, reference)
            found = look_over(work, reference, cmd.text)
    except (FieldsInvalid, NothingFound, TextTooLong) as error:
        return _paste_page(reference, refused(error, at="text"), status_of(error))
    beginning = _beginning(cmd.text)
    return render(
        "incidents/check.html",
        status,
        form=form,
        incident=incident,
        found=found,
        of_kinds=kinds_shown(found.kinds),
        listed=LISTED,
        text=cmd.text,
        shown=numbered(beginning, found.found),
        is_cut=len(cmd.text) > _SHOWN,
    )


def _beginning(text: str) -> str:
    """Whole lines, where there are some: half an address would not be made safe."""
    if len(text) <= _SHOWN:
        return text.rstrip("\n")
    whole, _, rest = text[:_SHOWN].rpartition("\n")
    return whole or rest


def _paste_page(reference: str, form: Form, status: int = HTTPStatus.OK) -> Response:
    with open_work(write=False) as work:
        work.require("incident:write")
        incident = get_incident(work, reference)
    return render("incidents/paste.html", status, form=form, incident=incident)
