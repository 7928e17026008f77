"""Answers that the server gives before, or instead of, the application: under /taxii2/ error resources.

Each has its request id and its line in the log, as every answer has.
"""

import json
import logging
import secrets
from http import HTTPStatus
from typing import Any

from waitress.task import ErrorTask, WSGITask
from waitress.utilities import Error

from cirt.boot.requests import TooManyRequests
from cirt.taxii import LEAVING, Leaving

log = logging.getLogger("cirt.request")

TAXII_PREFIX = "/taxii2/"
REQUEST_ID = "X-Request-Id"
_PREPARED = "cirt.prepared"
_UNKNOWN = 64 * 1024
_MEDIA = "application/taxii+json;version=2.1"
_SAID = {
    HTTPStatus.BAD_REQUEST: (
        "Bad request",
        "bad-request",
        "The request does not follow the rules of HTTP.",
    ),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (
        "Too large",
        "too-large",
        "The body is larger than anything that is taken here. max_content_length says how much is.",
    ),
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: (
        "Headers too large",
        "headers-too-large",
        "The address and the headers are larger than 32 KiB together.",
    ),
    HTTPStatus.INTERNAL_SERVER_ERROR: (
        "Server error",
        "failed",
        "Something went wrong on our side. It is in our log under the error_id.",
    ),
}


def is_taxii(path: str) -> bool:
    """Leading slashes are one, as the server reads them."""
    return ("/" + path.lstrip("/") + "/").startswith(TAXII_PREFIX)


class RefusalTask(ErrorTask):
    """What waitress or our limits refuse; it shows nothing of what was sent."""

    def execute(self) -> None:
        request: Any = self.request
        channel: Any = self.channel
        asked = channel.requests[0]  # waitress makes a new one where the application broke down
        error: Error = request.error
        request_id = secrets.token_hex(6)
        body, kind = _worded(error, asked.path, request_id)
        self.status = f"{error.code} {error.reason}"
        self.response_headers = [
            ("Content-Type", kind),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            (REQUEST_ID, request_id),
        ]
        if isinstance(error, TooManyRequests):
            self.response_headers.append(("Retry-After", str(error.problem.wait_s)))
        if not asked.is_whole:
            channel.refuses_rest = True
            self.set_close_on_finish()
        self.content_length = len(body)
        # At the counter people stay anonymous, also those whose report was too large.
        _log(request_id, asked, error.code, channel.asker if is_taxii(asked.path) else None)
        self.write(b"" if asked.command == "HEAD" else body)


class AnswerTask(WSGITask):
    """An answer of the application."""

    leaving = Leaving()  # what is to be done about what was prepared
    _body: Any = None

    def prepare(self) -> None:
        """Ask the application now; what it says is sent when the task is serviced."""
        channel: Any = self.channel
        environment: dict[str, Any] = self.get_environment()
        said: list[Any] = []
        self.leaving = environment[LEAVING] = Leaving()
        self._body = channel.server.application(environment, lambda *given: said.extend(given))
        status, headers, *_ = said
        self.leaving.size = int(dict(headers).get("Content-Length", _UNKNOWN))
        environment[_PREPARED] = (status, headers, self._body)

    def forget(self) -> None:
        if hasattr(self._body, "close"):
            self._body.close()

    def build_response_header(self) -> bytes:
        headers: Any = self.response_headers
        if not any(name.lower() == "x-request-id" for name, _ in headers):
            headers.append((REQUEST_ID, secrets.token_hex(6)))
        return super().build_response_header()

    def finish(self) -> None:
        request: Any = self.request
        if request.command == "HEAD":
            if not self.wrote_header:
                self.write(b"")
            self.chunked_response = (
                False  # waitress would write the end of chunks that HEAD does not have
            )
        super().finish()


class Prepared:
    """The application, for which answers may have been prepared."""

    def __init__(self, application: Any) -> None:
        self._application = application

    def __call__(self, environment: dict[str, Any], start_response: Any) -> Any:
        prepared = environment.get(_PREPARED)
        if prepared is None:
            return self._application(environment, start_response)
        status, headers, body = prepared
        start_response(status, headers)
        return body


def _worded(error: Error, path: str, request_id: str) -> tuple[bytes, str]:
    if isinstance(error, TooManyRequests):
        problem = error.problem
        said = f"{problem.why} Come back in {problem.wait_s} seconds."
        title, code = "Too many requests", problem.code
    else:
        title, code, said = _SAID.get(HTTPStatus(error.code), _SAID[HTTPStatus.BAD_REQUEST])
    if not is_taxii(path):
        text = f"{title}. {said}\nRequest {request_id}\n"
        return text.encode(), "text/plain; charset=utf-8"
    resource = {
        "title": title,
        "description": said,
        "error_id": request_id,
        "error_code": code,
        "http_status": str(error.code),
    }
    return json.dumps(resource).encode(), _MEDIA


def _log(request_id: str, asked: Any, status: int, asker: str | None) -> None:
    fields = {
        "request": request_id,
        "method": str(asked.command)[:20],
        "route": None,
        "status": status,
        "who": asker,
    }
    log.info("request", extra=fields)
