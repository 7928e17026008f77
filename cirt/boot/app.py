"""The Flask application: pages and TAXII side by side, one log line per request."""

import json
import logging
import re
import secrets
import time
from http import HTTPStatus
from typing import Any

import sqlalchemy as sa
from flask import Flask, Response, current_app, g, request
from flask_compress import Compress
from werkzeug.exceptions import HTTPException

from cirt import taxii, web
from cirt.boot.metrics import metrics
from cirt.kernel import schema
from cirt.kernel.program import Program
from cirt.kernel.work import SYSTEM
from cirt.parties.peers import is_founded
from cirt.register.urgency.targets import targets_of

log = logging.getLogger("cirt.request")
_compress = Compress()

# Bodies above this are refused by the server before the application sees them. It is far above every limit
# of the application, which answers in its own words and keeps what was typed.
MAX_BODY_BYTES = 192 * 1024 * 1024

ENCODINGS = ("zstd", "gzip", "br")
_WEIGHT = re.compile(r"q\s*=\s*([01](?:\.\d{0,3})?)")

_NOT_SET_UP = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Not set up yet</title>
<h1>Nothing is set up here yet</h1>
<p>The program runs. On its host, say whose it is and who administers it:</p>
<pre>cirt init --name "CIRT Example" --country EX --admin you@example.org</pre>
<p>Then open this page again.</p></html>
"""


def create_app(program: Program) -> Flask:
    """The application of one installation.

    Raises:
        SettingsWrong: a setting names what only the register knows, and there is no such thing.
    """
    targets_of(program.settings)
    app = Flask("cirt", static_folder=None, template_folder=None)
    app.extensions["cirt"] = program
    app.config.update(
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
        MAX_FORM_MEMORY_SIZE=8 * 1024 * 1024,
        COMPRESS_ALGORITHM=list(ENCODINGS),
        COMPRESS_ZSTD_LEVEL=3,
        COMPRESS_BR_LEVEL=1,  # on pages of objects a third of level 4's work, and no larger
        COMPRESS_LEVEL=1,  # gzip; level 6 takes twice as long for a sixth less
        COMPRESS_STREAMS=False,
        COMPRESS_MIMETYPES=[
            "text/html",
            "text/css",
            "text/javascript",
            "image/svg+xml",
            "application/json",
            "application/taxii+json;version=2.1",
            "application/taxii+json",
        ],
    )
    app.url_map.strict_slashes = False
    _compress.init_app(app)
    app.before_request(_begin)
    app.after_request(_end)
    app.register_error_handler(Exception, _on_fault)
    app.add_url_rule("/health/live", "health_live", _live)
    app.add_url_rule("/health/ready", "health_ready", _ready)
    app.add_url_rule("/metrics", "metrics", metrics)
    app.register_blueprint(taxii.make_blueprint(program))
    app.register_blueprint(web.make_blueprint(program))
    return app


def _begin() -> Response | None:
    g.started = time.perf_counter()
    g.request_id = secrets.token_hex(6)
    accepted = request.headers.get("Accept-Encoding", "")
    request.environ["HTTP_ACCEPT_ENCODING"] = choose_encoding(accepted)
    try:
        is_set_up = request.path.startswith("/health/") or _is_set_up()
    except sa.exc.SQLAlchemyError as error:
        if not taxii.is_ours(request.path):
            raise
        return taxii.answer_error(error)
    if request.method == "OPTIONS" and not taxii.is_ours(request.path):
        return _options()
    return None if is_set_up else _not_set_up()


def _options() -> Response:
    """What an address takes is in the documents; where none is known, any would be a page of ours."""
    adapter = current_app.create_url_adapter(request)
    allowed = {*(adapter.allowed_methods() if adapter else ()), "OPTIONS"}
    return Response(status=HTTPStatus.NO_CONTENT, headers={"Allow": ", ".join(sorted(allowed))})


def _on_fault(error: Exception) -> Response | HTTPException:
    """Where no room has the request: the trace to the log, the request's id to the caller."""
    if taxii.is_ours(request.path):
        return taxii.answer_error(error)
    if isinstance(error, HTTPException):
        return error
    log.error("failed", exc_info=error, extra={"request": g.get("request_id")})
    said = f"The fault is ours. Try again in a minute.\nRequest {g.get('request_id')}\n"
    return Response(said, HTTPStatus.INTERNAL_SERVER_ERROR, mimetype="text/plain")


def choose_encoding(accepted: str) -> str:
    """The one of ENCODINGS that the header likes best, or nothing (RFC 9110, section 12.5.3).

    Nothing as well where even that is refused: an answer that can be read beats an error.
    """
    weights: dict[str, float] = {}
    for part in accepted.lower().split(","):
        name, _, rest = part.partition(";")
        weights[name.strip()] = _weight(rest)
    others = weights.get("*", 0.0)
    best = max(ENCODINGS, key=lambda name: weights.get(name, others))  # the first of equals
    liked = weights.get(best, others)
    return best if liked > 0 and liked >= weights.get("identity", 0.0) else ""


def _weight(rest: str) -> float:
    value = rest.strip()
    if not value:
        return 1.0
    number = _WEIGHT.fullmatch(value)
    return float(number[1]) if number else 0.0


def _is_set_up() -> bool:
    """Asked until the answer is yes, which it then stays."""
    if "cirt.founded" not in current_app.extensions:
        program: Program = current_app.extensions["cirt"]
        with program.work(SYSTEM, write=False) as work:
            if not is_founded(work.session):
                return False
        current_app.extensions["cirt.founded"] = True
    return True


def _not_set_up() -> Response:
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Cache-Control": "no-store",
        "Content-Security-Policy": "default-src 'none'",
        "Retry-After": "60",
    }
    body = _NOT_SET_UP
    if taxii.is_ours(request.path):
        headers["Content-Type"] = "application/taxii+json;version=2.1"
        body = json.dumps(
            {
                "title": "This server is not set up yet.",
                "error_id": g.request_id,
                "error_code": "not-set-up",
                "http_status": "503",
            }
        )
    return Response(body, HTTPStatus.SERVICE_UNAVAILABLE, headers)


def _end(response: Response) -> Response:
    response.headers["X-Request-Id"] = g.get("request_id", "")
    if not request.path.startswith("/health/"):
        fields: dict[str, Any] = {
            "request": g.get("request_id"),
            "method": request.method,
            "route": request.url_rule.rule if request.url_rule else None,
            "status": response.status_code,
            "ms": round((time.perf_counter() - g.get("started", time.perf_counter())) * 1000, 1),
            "who": g.get("who"),
        }
        log.info("request", extra=fields)
    return response


def _live() -> Response:
    return Response("ok\n", mimetype="text/plain")


def _ready() -> Response:
    """200 when the database answers and its schema is ours."""
    program: Program = current_app.extensions["cirt"]
    try:
        with program.work(SYSTEM, write=False) as work:
            work.session.execute(sa.text("SELECT 1"))
        ready = schema.current_revision(program.engine) == schema.newest_revision()
    except sa.exc.SQLAlchemyError:
        log.exception("not ready")
        ready = False
    said, status = ("ok\n", 200) if ready else ("not ready\n", 503)
    return Response(said, status=status, mimetype="text/plain")
