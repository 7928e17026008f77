"""Signing in and out."""

from http import HTTPStatus

from flask import Blueprint, Response, g, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from cirt.kernel.errors import TooMany
from cirt.kernel.work import PUBLIC
from cirt.parties import recognising, sessions
from cirt.parties.errors import SignInRefused
from cirt.web.errors import status_of
from cirt.web.forms import open_fields, refused, wants
from cirt.web.frame import render, start_path
from cirt.web.paths import path_of
from cirt.web.session import (
    Visit,
    cookie_name,
    open_work,
    own_path,
    set_cookie,
    this_program,
    visit,
)

bp = Blueprint("sign_in", __name__)


@bp.get("/sign-in")
def ask() -> AnyResponse:
    return_to = own_path(request.args.get("return_to"), "")
    if visit().is_signed_in:
        return redirect(return_to or start_path(), 303)
    return render("sign_in.html", kept="", return_to=return_to)


@bp.post("/sign-in")
def enter() -> AnyResponse:
    program, email = this_program(), wants("email")
    source = request.remote_addr or ""
    try:
        with program.work(PUBLIC, write=False) as work:
            account_id = recognising.recognise(
                work, email, request.form.get("password", ""), source
            )
        with program.work(PUBLIC) as work:
            secret, account = sessions.sign_in(work, account_id)
            found = sessions.current(work, secret)
    except SignInRefused as error:
        with program.work(PUBLIC) as work:
            recognising.note_failure(work, email, source)
        return _refused(error)
    except TooMany as error:
        return _refused(error)
    assert found is not None  # noqa: S101 - it was made above
    g.visit = Visit(found.actor, visit().now, visit().team, found.id, found.one_time)
    response = _first_page(account.id)
    set_cookie(response, secret)
    return response


@bp.post("/sign-out")
def leave() -> AnyResponse:
    with open_work() as work:
        sessions.sign_out(work, request.cookies.get(cookie_name(), ""))
    response = redirect(path_of("public.home"), 303)
    response.delete_cookie(cookie_name())
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


def _refused(error: SignInRefused | TooMany) -> Response:
    status = (
        HTTPStatus.UNPROCESSABLE_ENTITY if isinstance(error, SignInRefused) else status_of(error)
    )
    return render(
        "sign_in.html",
        status,
        form=refused(error, at="password"),
        kept=request.form.get("kept", ""),
        return_to=own_path(request.form.get("return_to"), ""),
    )


def _first_page(account_id: int) -> AnyResponse:
    """The form that was open when the session ended, or the page that was asked for."""
    if not visit().one_time:
        kept = open_fields(
            this_program().keys, request.form.get("kept", ""), account_id, visit().now
        )
        if kept is not None:
            return render("errors/resume.html", action=kept[0], fields=kept[1])
    return redirect(own_path(request.form.get("return_to"), start_path()), 303)
