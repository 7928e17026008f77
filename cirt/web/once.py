"""A form of the desk acts once: what is sent again leads to what the first sending made.

The first writing unit of work of a request notes the form, so that the note stands or falls with the act.
"""

import hashlib
import json
import logging
import time
from urllib.parse import urlsplit

from flask import Response, g, redirect, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from cirt.kernel.program import Program
from cirt.kernel.work import SYSTEM, Work
from cirt.parties import used_forms
from cirt.web.forms import typed_fields
from cirt.web.paths import parts_of

log = logging.getLogger("cirt.web")

NOTICE = "sent"  # the query field that lets the frame say so
_LOOKS, _PAUSE_S = 10, 0.1


class AlreadySent(HTTPException):
    """Not one of our errors: no view may take it for a mistake in the form."""

    code = 303

    def __init__(self, key: str) -> None:
        super().__init__()
        self.key = key


def begin(token: list[object]) -> None:
    """The same form means the same page, sent to the same address with the same fields."""
    said = json.dumps([token, request.full_path, typed_fields()])
    g.form_key = hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()


def spend(work: Work) -> str | None:
    """
    Raises:
        AlreadySent: the same was done before.
    """
    key: str | None = g.get("form_key")
    if key and not used_forms.spend(work.session, key, work.now):
        raise AlreadySent(key)
    return key


def spent(key: str | None) -> None:
    """The work that spent it is committed."""
    if key:
        g.form_key, g.spent_form = None, key


def end(program: Program, response: Response) -> None:
    """Keep where the form led, or let it be sent again if it did not come to its end."""
    key: str | None = g.get("spent_form")
    if key is None:
        return
    try:
        with program.work(SYSTEM) as work:
            if response.status_code in (200, 303):
                led_to = response.headers.get("Location") or came_from()
                used_forms.note_place(work.session, key, led_to)
            else:
                used_forms.give_back(work.session, key)
    except SQLAlchemyError:  # what was asked for is done and its answer stands
        log.exception("web.form-not-noted")


def answer(program: Program, error: AlreadySent) -> AnyResponse:
    """To the place where the first sending led; its answer may still be on its way."""
    led_to = ""
    for look in range(_LOOKS):
        if look:
            time.sleep(_PAUSE_S)
        with program.work(SYSTEM, write=False) as work:
            led_to = used_forms.place(work.session, error.key)
        if led_to:
            break
    parts = urlsplit(led_to or came_from())
    query = "&".join(filter(None, (parts.query, f"{NOTICE}=1")))
    return redirect(parts._replace(scheme="", netloc="", query=query).geturl(), 303)


def came_from() -> str:
    """The page of ours with the form, where the browser says so."""
    parts = parts_of(request.headers.get("Referer", ""))
    if parts.netloc != request.host or not parts.path.startswith("/") or parts.path[1:2] == "/":
        return "/"
    return parts._replace(scheme="", netloc="", fragment="").geturl()
