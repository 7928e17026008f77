"""The TAXII server's routes, and what holds for every request under /taxii2/.

Everything there is answered in TAXII's own terms, also what no route takes: sign-in first, then the address,
the method and the Accept header.
"""

import logging
import secrets
from urllib.parse import urlsplit

import sqlalchemy as sa
from flask import Blueprint, Response, current_app, g, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.exceptions import NotFound as NoRoute
from werkzeug.routing import Map, RequestRedirect, Rule

from cirt.kernel.errors import CirtError, NotFound
from cirt.kernel.program import Program
from cirt.taxii import answer, collections, discovery, objects, status
from cirt.taxii.door import Asker
from cirt.taxii.errors import Busy, Failed, MethodWrong, Refused
from cirt.taxii.media import TAXII, check_accept
from cirt.taxii.signin import Doorkeeper

log = logging.getLogger("cirt.taxii")

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
    blueprint = Blueprint("taxii", __name__, url_prefix="/taxii2")
    for path, method, view in _ROUTES:
        blueprint.add_url_rule(path, view_func=view, methods=[method], strict_slashes=True)
    door = (program, Doorkeeper(program))
    blueprint.record_once(lambda state: state.app.extensions.__setitem__(_EXTENSION, door))
    blueprint.before_app_request(_enter)
    blueprint.after_app_request(_leave)
    blueprint.register_error_handler(Exception, _answer_error)
    return blueprint


def _enter() -> Response | None:
    """Runs before every request of the application, for those that no route takes have no blueprint."""
    if not _is_ours():
        return None
    g.setdefault("request_id", secrets.token_hex(6))
    try:
        return _admit()
    except Exception as error:  # noqa: BLE001 - the edge: turned into an answer, logged if unknown
        return _answer_error(error)


def _admit() -> Response | None:
    """Match against our own routes: the application's may hold one that takes every address."""
    program, doorkeeper = current_app.extensions[_EXTENSION]
    ours = _MAP.bind_to_environ(request.environ)
    try:
        endpoint, _ = ours.match()
        problem = None
    except RequestRedirect as redirect:
        return _redirect(redirect.new_url)
    except (NoRoute, MethodNotAllowed) as error:
        endpoint, problem = "", error
    given = request.authorization
    peer_id = doorkeeper.peer_id(given, request.remote_addr or "")
    g.taxii_asker = Asker(program, peer_id, str(given.username if given else ""))
    g.who = f"peer {peer_id}"
    if isinstance(problem, MethodNotAllowed):
        return _options_or_refusal({*(problem.valid_methods or ()), "OPTIONS"})
    if problem is not None:
        raise NotFound
    check_accept(request.headers.get("Accept"), also_stix=endpoint == "manifest")
    return None


def _options_or_refusal(methods: set[str]) -> Response:
    allowed = ", ".join(sorted(methods))
    if request.method != "OPTIONS":
        raise MethodWrong(allowed=allowed)
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
    if _is_ours():
        response.headers["X-Request-Id"] = g.get("request_id", "")
        response.headers["Content-Type"] = TAXII
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
    return response


def _answer_error(error: Exception) -> Response:
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


def _is_ours() -> bool:
    return request.path == "/taxii2" or request.path.startswith("/taxii2/")
