"""The warning list: what is too common to be matched on, adding to it, taking off."""

from http import HTTPStatus

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from cirt.inputs.warning import UnwarnInput, WarnInput
from cirt.kernel.errors import FieldsInvalid
from cirt.register.warned.queries import warning_page
from cirt.register.warned.service import unwarn, warn
from cirt.sharing.withheld.errors import NothingTicked, NoValues, TooManyValues, ValuesUnread
from cirt.web.errors import status_of
from cirt.web.forms import Form, refused, sent
from cirt.web.frame import render
from cirt.web.listing import begins_before
from cirt.web.paths import path_of
from cirt.web.session import open_work

bp = Blueprint("warning", __name__)


@bp.get("/warning-list")
def values() -> Response:
    return _list_page(Form())


@bp.get("/warning-list/new")
def new() -> Response:
    return _new_page(Form())


@bp.post("/warning-list/new")
def add() -> AnyResponse:
    try:
        with open_work() as work:
            warn(work, WarnInput().read(sent()))
    except (FieldsInvalid, NoValues, ValuesUnread, TooManyValues) as error:
        return _new_page(refused(error, at="text"), status_of(error))
    return redirect(path_of("warning.values", done="added"), 303)


@bp.post("/warning-list/end")
def end() -> AnyResponse:
    try:
        with open_work() as work:
            unwarn(work, UnwarnInput().read(sent("ids")))
    except (FieldsInvalid, NothingTicked) as error:
        return _list_page(refused(error, at="ids"), status_of(error))
    return redirect(path_of("warning.values", done="ended"), 303)


def _list_page(form: Form, status: int = HTTPStatus.OK) -> Response:
    words = request.args.get("words", "").strip()[:500]
    with open_work(write=False) as work:
        page = warning_page(work, words=words, before=begins_before(request.args))
    older = path_of("warning.values", words=words or None, before=page.older) if page.older else ""
    return render(
        "warning/list.html",
        status,
        form=form,
        page=page,
        words=words,
        older=older,
        done=request.args.get("done", ""),
    )


def _new_page(form: Form, status: int = HTTPStatus.OK) -> Response:
    with open_work(write=False) as work:
        work.require("warning:write")
    return render("warning/new.html", status, form=form)
