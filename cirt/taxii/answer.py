"""Makes answers: resources, pages and errors, always with the TAXII media type.

An envelope is made of what the gate released only, by joining their bytes; nothing else fits.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson
from flask import Response

from cirt.kernel.clock import from_us
from cirt.kernel.errors import CirtError, NotFound
from cirt.release.pages import Page, Record
from cirt.taxii.errors import MethodWrong, status_of
from cirt.taxii.media import STIX, TAXII
from cirt.taxii.packing import PACKINGS
from cirt.taxii.signin import CHALLENGE

_TITLES = {
    400: "Bad request",
    401: "Sign in",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    409: "Conflict",
    413: "Too large",
    415: "Unsupported media type",
    422: "Not an envelope",
    429: "Too many tries",
    500: "Server error",
    503: "Unavailable",
}
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def timestamp(us: int) -> str:
    """TAXII 2.1, section 2: exactly six digits and Z."""
    return from_us(us).isoformat(timespec="microseconds").replace("+00:00", "Z")


def resource(value: Mapping[str, Any], status: int = 200) -> Response:
    """A TAXII resource; empty lists are left out, for the standard prohibits them."""
    kept = {name: part for name, part in value.items() if part != []}
    return Response(orjson.dumps(kept), status, content_type=TAXII)


def empty(status: int) -> Response:
    return Response(status=status, content_type=TAXII)


def nothing() -> Response:
    """A page without anything."""
    return Response(b"{}", content_type=TAXII)


def envelope(found: Page, token_of: Callable[[Page], str | None], packing: str) -> Response:
    """One page of objects, byte for byte as they came, packed if a packing is named; with a token if more follow."""
    if not found.dates:
        return nothing()
    answer = _dated(Response(packed(found, token_of, packing), content_type=TAXII), found)
    if packing:
        answer.headers["Content-Encoding"] = packing
    return answer


def packed(found: Page, token_of: Callable[[Page], str | None], packing: str) -> bytes:
    """The body of that answer; it is made once for as long as the page is remembered."""
    made = found.made.get(packing)
    if made is None:
        body = _body(found, token_of(found))
        made = PACKINGS[packing](body) if packing else body
        if len(found.made) > 1:  # what is remembered is counted for two
            found.made.clear()
        found.made[packing] = made
    return made


def _body(found: Page, token: str | None) -> bytes:
    opening = orjson.dumps({"more": True, "next": token})[:-1] + b"," if token else b"{"
    bodies = (part.body for part in found.objects if part.body)
    return b"".join([opening, b'"objects":[', b",".join(bodies), b"]}"])


def manifest(found: Page, rows: Sequence[Record], token: str | None) -> Response:
    objects = [
        {
            "id": row.stix_id,
            "date_added": timestamp(row.date_us),
            "version": row.version_text,
            "media_type": STIX,
        }
        for row in rows
    ]
    return _dated(_page({"objects": objects}, token), found)


def versions(found: Page, rows: Sequence[Record], token: str | None) -> Response:
    return _dated(_page({"versions": [row.version_text for row in rows]}, token), found)


def headers_only(found: Page) -> Response:
    """What HEAD gets: a page's headers, without a length, for no page was made."""
    return _dated(Response(iter(()), content_type=TAXII), found)


def error(problem: CirtError, request_id: str, status: int | None = None) -> Response:
    """An error resource (TAXII 2.1, section 3.6.1); hidden and absent read the same."""
    status = status or status_of(problem)
    said = NotFound() if status == HTTPStatus.NOT_FOUND else problem
    body = {
        "title": _TITLES.get(status, "Error"),
        "description": _UNSAFE.sub("\N{REPLACEMENT CHARACTER}", str(said)),
        "error_id": request_id,
        "error_code": said.code,
        "http_status": str(status),
    }
    answer = Response(orjson.dumps(body), status, content_type=TAXII)
    if status == HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = CHALLENGE
    if "wait_s" in problem.values:
        answer.headers["Retry-After"] = str(problem.values["wait_s"])
    if isinstance(problem, MethodWrong):
        answer.headers["Allow"] = problem.values["allowed"]
    return answer


def _page(value: Mapping[str, Any], token: str | None) -> Response:
    more = {"more": True, "next": token} if token else {}
    return resource(more | dict(value))


def _dated(answer: Response, found: Page) -> Response:
    if found.dates:
        answer.headers["X-TAXII-Date-Added-First"] = timestamp(found.dates[0])
        answer.headers["X-TAXII-Date-Added-Last"] = timestamp(found.dates[-1])
    return answer
