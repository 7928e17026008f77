"""Errors as pages: which status, which words, and what was typed given back."""

import logging
import re
import secrets
from http import HTTPStatus

from flask import Response, g, redirect, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException, MethodNotAllowed, RequestEntityTooLarge
from werkzeug.exceptions import NotFound as NoRoute
from werkzeug.wrappers import Response as AnyResponse

from cirt.kernel.errors import (
    CirtError,
    Conflict,
    Invalid,
    NotAllowed,
    NotFound,
    NotSignedIn,
    TooLarge,
    TooMany,
    Unavailable,
)
from cirt.kernel.text import mark
from cirt.parties import sessions
from cirt.parties.roles import ROLE_NAMES, Role, roles_with
from cirt.register.bin.models import KEPT
from cirt.register.bin.queries import bin_row
from cirt.register.errors import IncidentInBin
from cirt.web import i18n, once
from cirt.web.forms import seal_fields, typed_fields
from cirt.web.frame import render, secure
from cirt.web.paths import path_of
from cirt.web.session import form_session, greet, open_work, this_program, visit
from cirt.web.words import reference_path

log = logging.getLogger("cirt.web")

_NAMED = re.compile(r"(?:REP|INC|REL)-[0-9]{4}-[0-9]{4,}")

STATUS: tuple[tuple[type[CirtError], HTTPStatus], ...] = (
    (Invalid, HTTPStatus.UNPROCESSABLE_ENTITY),
    (NotSignedIn, HTTPStatus.UNAUTHORIZED),
    (NotAllowed, HTTPStatus.FORBIDDEN),
    (NotFound, HTTPStatus.NOT_FOUND),
    (Conflict, HTTPStatus.CONFLICT),
    (TooLarge, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (TooMany, HTTPStatus.TOO_MANY_REQUESTS),
    (Unavailable, HTTPStatus.SERVICE_UNAVAILABLE),
)
_TITLES = {
    HTTPStatus.UNPROCESSABLE_ENTITY: mark("Not done yet"),
    HTTPStatus.CONFLICT: mark("Not saved: somebody else was first"),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: mark("That is too large"),
    HTTPStatus.TOO_MANY_REQUESTS: mark("Wait a little"),
    HTTPStatus.SERVICE_UNAVAILABLE: mark("A part that we need does not answer"),
}


def status_of(error: CirtError) -> HTTPStatus:
    for kind, status in STATUS:
        if isinstance(error, kind):
            return status
    return HTTPStatus.INTERNAL_SERVER_ERROR


def on_cirt_error(error: CirtError) -> AnyResponse:
    """Any error of ours that a view did not show at its form."""
    if isinstance(error, NotSignedIn):
        return _ask_to_sign_in()
    if isinstance(error, NotAllowed):
        return _not_allowed(error)
    if isinstance(error, IncidentInBin):
        return _in_bin(error)
    if isinstance(error, NotFound):
        return _not_there()
    status = status_of(error)
    title, why = i18n.translate(_TITLES[status]), i18n.say_error(error)
    if isinstance(error, Conflict):
        return _overtaken(title, why, _place_of(error))
    return _again(status, title, why)


def on_http_error(error: HTTPException) -> AnyResponse | HTTPException:
    """What Flask itself refuses, in our words."""
    if isinstance(error, RequestEntityTooLarge):
        return render("errors/too_large.html", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return error


def on_already_sent(error: once.AlreadySent) -> AnyResponse:
    return once.answer(this_program(), error)


def on_no_route(error: NoRoute | MethodNotAllowed) -> Response:
    """Where no rule takes the address with this method; nothing of ours has begun then."""
    if "visit" not in g:
        greet()
    response = secure(not_found())
    if isinstance(error, MethodNotAllowed):
        response.status_code = HTTPStatus.METHOD_NOT_ALLOWED
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
    return response


def on_database_away(error: SQLAlchemyError) -> Response:
    """It is locked, full of work or gone, which may pass."""
    log.error("web.database-away", exc_info=error, extra={"path": request.path})
    status = HTTPStatus.SERVICE_UNAVAILABLE
    why = mark("The database does not answer in time. What you typed is kept: send it again.")
    try:
        if "visit" in g:
            return _again(status, i18n.translate(_TITLES[status]), i18n.translate(why))
    except SQLAlchemyError as again:  # the frame of the page asks the database too
        log.warning("web.page-without-frame", exc_info=again)
    return Response(
        "The database does not answer. Try again in a minute.", status, mimetype="text/plain"
    )


def on_fault(error: Exception) -> AnyResponse:
    """Our own fault: the trace goes to the log under a short code, and the code to the page."""
    if "visit" not in g:  # the database did not even tell who asks
        log.error("web.fault", exc_info=error, extra={"path": request.path})
        return Response("The fault is ours. Try again in a minute.", 500, mimetype="text/plain")
    code = f"E-{secrets.token_hex(2)}-{visit().now:%H%M}".upper()
    log.error("web.fault", exc_info=error, extra={"code": code, "path": request.path})
    kept = mark(
        "The fault is ours. What you typed is kept below. Try again in a minute; if it happens again, "
        "give the administrator this code: {code}"
    )
    nothing = mark(
        "The fault is ours. Try again in a minute; if it happens again, give the administrator this code: {code}"
    )
    say = i18n.say(kept if request.method == "POST" else nothing, code=code)
    title = i18n.translate(mark("We could not do that"))
    return _again(HTTPStatus.INTERNAL_SERVER_ERROR, title, say)


def nowhere(address: str) -> Response:
    """Any address that no page has."""
    return not_found()


def not_found() -> Response:
    """The same page for what is missing and for what is hidden, so that it betrays nothing."""
    return render("errors/not_found.html", HTTPStatus.NOT_FOUND, fields=[])


def _not_there() -> Response:
    """What somebody typed for it is theirs and comes back: it may have been there when they began."""
    return render("errors/not_found.html", HTTPStatus.NOT_FOUND, **_typed())


def _typed() -> dict[str, object]:
    """Words that were typed, for those who have signed in; not a button that was pressed, nor a number."""
    fields = typed_fields() if request.method == "POST" and visit().is_signed_in else []
    if not any(" " in value or "\n" in value for _, value in fields):
        fields = []
    return {"fields": fields, "action": request.full_path}


def _in_bin(error: IncidentInBin) -> Response:
    """It resolves for whoever may see it, and says where it is."""
    with open_work(write=False) as work:
        row = bin_row(work, int(error.values["act"]))
    if row is None:
        return not_found()
    fields = typed_fields() if request.method == "POST" else []
    values = {"row": row, "kept": KEPT, "fields": fields, "action": request.full_path}
    return render("bin/incident.html", HTTPStatus.GONE, **values)


def _again(status: HTTPStatus, title: str, why: str) -> Response:
    fields = typed_fields() if request.method == "POST" else []
    return render(
        "errors/again.html", status, title=title, why=why, fields=fields, action=request.full_path
    )


def _place_of(error: CirtError) -> str:
    """The page of what the error names, else the one with the form."""
    named = str(error.values.get("reference", ""))
    return reference_path(named) if _NAMED.fullmatch(named) else once.came_from()


def _overtaken(title: str, why: str, place: str) -> Response:
    """Sent again as it is, the form would only be refused again: the way on is the page as it stands now."""
    own = g.get("own_fields")
    typed = [
        value for name, value in typed_fields() if " " in value and (own is None or name in own)
    ]
    return render(
        "errors/overtaken.html",
        HTTPStatus.CONFLICT,
        title=title,
        why=why,
        typed=typed,
        place=place,
    )


def _not_allowed(error: NotAllowed) -> Response:
    needed = roles_with(str(error.values.get("needed", "")))
    return render(
        "errors/not_allowed.html",
        HTTPStatus.FORBIDDEN,
        needed=[ROLE_NAMES[role] for role in needed],
        yours=[ROLE_NAMES[Role(role)] for role in sorted(visit().actor.roles)],
        **_typed(),
    )


def _ask_to_sign_in() -> AnyResponse:
    """To the sign-in page; a form that was sent after the session ended travels with it."""
    if request.method != "POST":
        return redirect(path_of("sign_in.ask", return_to=request.full_path.rstrip("?")), 303)
    kept = _kept_for_former()
    if kept is None:
        return redirect(path_of("sign_in.ask"), 303)
    return render("sign_in.html", HTTPStatus.UNAUTHORIZED, kept=kept, return_to="")


def _kept_for_former() -> str | None:
    session_id = form_session()
    if session_id is None or not typed_fields():
        return None
    with open_work(write=False) as work:
        account_id = sessions.former_account(work.session, session_id)
    if account_id is None:
        return None
    return seal_fields(this_program().keys, account_id, request.full_path.rstrip("?"), visit().now)
