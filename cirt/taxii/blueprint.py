"""The TAXII server's routes, and what holds for every request under /taxii2/.

Everything there is answered in TAXII's own terms, also what no route takes: sign-in first, then the address,
the method and the Accept header.
"""

import logging
import secrets
from urllib.parse import urlsplit

import sqlalchemy as sa
from flask import Blueprint, Flask, Response, current_app, g, request
from werkzeug.datastructures import Authorization
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.exceptions import NotFound as NoRoute
from werkzeug.routing import Map, RequestRedirect, Rule

from cirt.kernel.errors import CirtError, NotFound
from cirt.kernel.program import Program
from cirt.taxii import answer, collections, discovery, objects, status
from cirt.taxii.errors import Busy, Failed, MethodWrong, Refused
from cirt.taxii.limits import ProvenAccounts
from cirt.taxii.media import TAXII, check_accept
from cirt.taxii.signin import read_basic
from cirt.taxii.visit import Desk, Visit

log = logging.getLogger("cirt.taxii")

_NAME = "taxii"
_EXTENSION = "cirt-taxii"
_COLLECTION = "/national/collections/<key>/"
_OBJECT = f"{_COLLECTION}objects/<object_id>/"
_ROUTES = (
    ("/", "GET", discovery.discovery),
    ("/national/", "GET", discovery.api_root),
    ("/national/status/<status_id>/", "GET", status.status),
    ("/national/collections/", "GET", collections.collections),
    (_COLLECTION, "GET", collections.collection),
    (f"{_COLLECTION}manifest/", "GET", objects.manifest),
    (f"{_COLLECTION}objects/", "GET", objects.objects),
    (f"{_COLLECTION}objects/", "POST", objects.add_objects),
    (_OBJECT, "GET", objects.one_object),
    (_OBJECT, "DELETE", objects.remove_object),
    (f"{_OBJECT}versions/", "GET", objects.versions),
)

# Whatever the application does: every path ends in a slash, else 308 (TAXII 2.1, section 1.6.2).
_MAP = Map(
    [
        Rule(f"/taxii2{path}", endpoint=view.__name__, methods=[method], strict_slashes=True)
        for path, method, view in _ROUTES
    ]
)


def make_blueprint(program: Program) -> Blueprint:
    """The server of one installation, to be registered on a Flask application."""
    blueprint = Blueprint(_NAME, __name__, url_prefix="/taxii2")
    for path, method, view in _ROUTES:
        blueprint.add_url_rule(path, view_func=view, methods=[method], strict_slashes=True)
    desk = Desk(program)
    blueprint.record_once(lambda state: state.app.extensions.__setitem__(_EXTENSION, desk))
    blueprint.before_app_request(_enter)
    blueprint.after_app_request(_leave)
    blueprint.teardown_app_request(_end_visit)
    blueprint.register_error_handler(Exception, answer_error)
    return blueprint


def proven_accounts(app: Flask) -> ProvenAccounts:
    """For the server before it: who has signed in lately with which header."""
    desk: Desk = app.extensions[_EXTENSION]
    return desk.proven


def is_ours(path: str) -> bool:
    return path == "/taxii2" or path.startswith("/taxii2/")


def _enter() -> Response | None:
    """Runs before every request of the application, for those that no route takes have no blueprint."""
    if not is_ours(request.path):
        return None
    g.setdefault("request_id", secrets.token_hex(6))
    try:
        return _admit()
    except Exception as error:  # noqa: BLE001 - the edge: turned into an answer, logged if unknown
        return answer_error(error)


def _admit() -> Response | None:
    """Match against our own routes: the application's may hold one that takes every address."""
    desk: Desk = current_app.extensions[_EXTENSION]
    try:
        endpoint, problem = _match()
    except RequestRedirect as redirect:
        return _redirect(redirect.new_url)
    allowed = _methods(problem)
    if allowed and request.method == "OPTIONS":  # says what is in the standard, and needs no secret
        return _options(allowed)
    given = read_basic(_authorization())
    key = str((request.view_args or {}).get("key", ""))
    g.taxii_visit = here = Visit(desk, given.username, key)
    credential = here.knock(polls="added_after" in request.args)
    here.sign_in(desk.doorkeeper.check(credential, given, request.remote_addr or ""))
    desk.proven.note(request.headers.get("Authorization", ""), here.peer_id)
    g.who = f"peer {here.peer_id}"
    if allowed:
        raise MethodWrong(allowed=allowed)
    if problem is not None:
        raise NotFound
    check_accept(request.headers.get("Accept"), also_stix=endpoint == "manifest")
    return None


def _match() -> tuple[str, HTTPException | None]:
    """Which of our endpoints, or why none; where the application has found it, as it mostly has, that holds."""
    if request.blueprint == _NAME and request.method != "OPTIONS":
        return str(request.endpoint).removeprefix(f"{_NAME}."), None
    try:
        endpoint, _ = _MAP.bind_to_environ(request.environ).match()
    except (NoRoute, MethodNotAllowed) as error:
        return "", error
    return endpoint, None


def _authorization() -> Authorization | None:
    try:
        return request.authorization
    except ValueError:  # not even ASCII
        return None


def _methods(problem: HTTPException | None) -> str:
    """What the address takes, where it does not take this one; empty otherwise."""
    if not isinstance(problem, MethodNotAllowed):
        return ""
    return ", ".join(sorted({*(problem.valid_methods or ()), "OPTIONS"}))


def _options(allowed: str) -> Response:
    said = answer.empty(204)
    said.headers["Allow"] = allowed
    return said


def _redirect(url: str) -> Response:
    """To the slashed path of this very host, by path alone: a Host header sends nobody elsewhere."""
    parts = urlsplit(url)
    there = answer.empty(308)
    there.headers["Location"] = parts.path + (f"?{parts.query}" if parts.query else "")
    there.autocorrect_location_header = False
    return there


def _leave(response: Response) -> Response:
    if is_ours(request.path):
        response.headers["X-Request-Id"] = g.get("request_id", "")
        response.headers["Content-Type"] = TAXII
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
    return response


def _end_visit(_error: BaseException | None) -> None:
    here: Visit | None = g.pop("taxii_visit", None)
    if here is not None:
        here.leave()


def answer_error(error: Exception) -> Response:
    """The error resource for whatever went wrong; what is not ours to explain is only logged."""
    request_id = g.get("request_id", "")
    if isinstance(error, CirtError):
        return answer.error(error, request_id)
    if isinstance(error, HTTPException) and error.code:
        return answer.error(Refused(reason=error.name), request_id, error.code)
    log.error("taxii.failed", exc_info=error, extra={"request": request_id})
    if isinstance(error, sa.exc.OperationalError | sa.exc.TimeoutError):
        return answer.error(Busy(wait_s=5), request_id)
    return answer.error(Failed(), request_id)
