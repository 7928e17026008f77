"""The do-not-share list: what is on it, adding with a look at what would vanish, taking off."""

from http import HTTPStatus

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from cirt.inputs.withheld import LetGoInput, WithholdInput
from cirt.kernel.errors import FieldsInvalid
from cirt.release.withholding import Preview, let_go, preview_withhold, withhold
from cirt.sharing.withheld.errors import (
    NothingTicked,
    NoValues,
    TooManyValues,
    UntilPast,
    ValuesUnread,
)
from cirt.sharing.withheld.queries import withheld_page
from cirt.web.errors import status_of
from cirt.web.forms import Form, refused, sent, wants
from cirt.web.frame import render
from cirt.web.listing import begins_before
from cirt.web.paths import path_of
from cirt.web.session import open_work

bp = Blueprint("withheld", __name__)

_REFUSED = (FieldsInvalid, NoValues, ValuesUnread, TooManyValues, UntilPast)


@bp.get("/withheld")
def values() -> Response:
    return _list_page(Form())


@bp.get("/withheld/new")
def new() -> Response:
    return _new_page(Form())


@bp.post("/withheld/new")
def add() -> AnyResponse:
    """Look first, or save."""
    try:
        cmd = WithholdInput().read(sent(without=["do"]))
        if wants("do") == "preview":
            with open_work(write=False) as work:
                found = preview_withhold(work, cmd)
            return _new_page(Form(request.form.to_dict()), preview=found)
        with open_work() as work:
            withhold(work, cmd)
    except _REFUSED as error:
        at = "until" if isinstance(error, UntilPast) else "text"
        return _new_page(refused(error, at=at), status_of(error))
    return redirect(path_of("withheld.values", done="added"), 303)


@bp.post("/withheld/end")
def end() -> AnyResponse:
    try:
        with open_work() as work:
            let_go(work, LetGoInput().read(sent("ids")))
    except (FieldsInvalid, NothingTicked) as error:
        return _list_page(refused(error, at="ids"), status_of(error))
    return redirect(path_of("withheld.values", done="ended"), 303)


def _list_page(form: Form, status: int = HTTPStatus.OK) -> Response:
    words = request.args.get("words", "").strip()[:500]
    with open_work(write=False) as work:
        page = withheld_page(work.session, words=words, before=begins_before(request.args))
    older = path_of("withheld.values", words=words or None, before=page.older) if page.older else ""
    return render(
        "withheld/list.html",
        status,
        form=form,
        page=page,
        words=words,
        older=older,
        done=request.args.get("done", ""),
    )


def _new_page(
    form: Form, status: int = HTTPStatus.OK, *, preview: Preview | None = None
) -> Response:
    with open_work(write=False) as work:
        work.require("withheld:write")
    return render("withheld/new.html", status, form=form, preview=preview)
