"""Who is asking: the session behind the cookie, the door before every page, and work in their name."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import current_app, g, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from cirt.kernel.errors import Invalid, NotAllowed, NotFound, NotSignedIn
from cirt.kernel.keys import TokenWrong
from cirt.kernel.program import Program
from cirt.kernel.text import mark
from cirt.kernel.work import PUBLIC as PUBLIC_ACTOR
from cirt.kernel.work import Actor, Work
from cirt.parties import peers, sessions
from cirt.web import i18n, once
from cirt.web.access import BEFORE_OWN_PASSWORD, PUBLIC, SECTIONS, section_of
from cirt.web.paths import parts_of, path_of

_TOUCH_AFTER = timedelta(minutes=1)
_CSRF = "web-form"
_BRING_FILES = ("web.triage.enter_report", "web.permissions.record")
_BODY_MAX = 8 * 1024 * 1024  # a text over its limit must still arrive, or we could not give it back
REPORT_MAX = 160 * 1024 * 1024  # five files three times too large still get our own words


class FormTooOld(Invalid):
    code = "form-too-old"
    message = mark("This page was open for too long. Check what you typed and send it once more.")


class ForeignForm(Invalid):
    code = "foreign-form"
    message = mark("This form came from another site. Open the page here and fill it in again.")


@dataclass(frozen=True, slots=True)
class Visit:
    """One request: who asks and in which session."""

    actor: Actor
    now: datetime
    team: str  # our CIRT's name
    session_id: int | None = None
    one_time: bool = False  # the password must be replaced first

    @property
    def is_signed_in(self) -> bool:
        return self.session_id is not None


def this_program() -> Program:
    program = current_app.extensions["cirt"]
    assert isinstance(program, Program)  # noqa: S101 - narrows the type; make_blueprint put it there
    return program


def visit() -> Visit:
    """The present request's."""
    found: Visit = g.visit
    return found


@contextmanager
def open_work(*, write: bool = True) -> Iterator[Work]:
    """A unit of work in the visitor's name; the first that writes spends the form that was sent.

    Raises:
        AlreadySent.
    """
    with this_program().work(visit().actor, write=write) as work:
        key = once.spend(work) if write else None
        yield work
    once.spent(key)


def cookie_name() -> str:
    """One per installation: two of them on one host must not sign each other's people out."""
    return f"cirt-{this_program().keys.derive('cookie').hex()[:8]}"


def is_https() -> bool:
    return this_program().settings.base_url.startswith("https:")


def begin() -> AnyResponse | None:
    """Before each request: size limits, language, session, door. Answers itself where there is no way in."""
    endpoint = request.endpoint or ""
    if endpoint == "web.static":
        return None
    at_counter = endpoint.startswith("web.public.")
    brings_files = at_counter or endpoint in _BRING_FILES
    request.max_content_length = REPORT_MAX if brings_files else _BODY_MAX
    request.max_form_memory_size = _BODY_MAX
    greet()
    if "\0" in request.path or any("\0" in value for value in request.args.values()):
        raise NotFound  # nothing is named so, and PostgreSQL refuses to look
    if request.method not in ("GET", "HEAD", "OPTIONS"):
        _check_origin()
    if not visit().is_signed_in:
        if endpoint in PUBLIC:
            return None
        raise NotSignedIn
    if request.method == "POST" and not at_counter:  # whose forms are for everybody
        check_form_token()
    if visit().one_time and endpoint not in BEFORE_OWN_PASSWORD:
        return redirect(path_of("account.password"), 303)
    _check_section(endpoint)
    return None


def greet() -> None:
    """Find out who asks, and in which language to answer."""
    g.visit, own_language = _recognise()
    g.language = _language(own_language)
    g.who = visit().actor.id  # for the log, which names nobody


def _recognise() -> tuple[Visit, str | None]:
    program = this_program()
    secret = request.cookies.get(cookie_name())
    with program.work(PUBLIC_ACTOR, write=False) as work:
        team, now = peers.our_name(work), work.now
        found = sessions.current(work, secret) if secret else None
    if found is None:
        return Visit(PUBLIC_ACTOR, now, team), None
    if now - found.seen_at > _TOUCH_AFTER:
        with program.work(found.actor) as work:
            sessions.touch(work, found.id)
    return Visit(found.actor, now, team, found.id, found.one_time), found.language


def _language(own: str | None) -> str:
    accepted = (tag for tag, _ in request.accept_languages)
    return i18n.choose([request.args.get("lang"), own, request.cookies.get("lang"), *accepted])


def _check_section(endpoint: str) -> None:
    if endpoint in PUBLIC:
        return
    needed = SECTIONS.get(section_of(endpoint))
    if needed is None:
        raise NotFound
    if needed and not any(visit().actor.may(permission) for permission in needed):
        raise NotAllowed(needed=min(needed))


def _check_origin() -> None:
    """A form of another site must not act here, not even to sign somebody in."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise ForeignForm
    origin = request.headers.get("Origin")
    ours = {request.host, urlsplit(this_program().settings.base_url).netloc}
    if origin and parts_of(origin).netloc not in ours:
        raise ForeignForm


def form_token() -> str:
    """For the hidden field of every form of the desk; another one each time, so that compression tells nothing."""
    return this_program().keys.sign(_CSRF, [visit().session_id, secrets.token_hex(8)])


def check_form_token() -> None:
    """
    Raises:
        FormTooOld: the form was made for another session, or by somebody else.
    """
    try:
        token = _sent_token()
    except TokenWrong as error:
        raise FormTooOld from error
    if token[0] != visit().session_id:
        raise FormTooOld
    once.begin(token)


def form_session() -> int | None:
    """The session, living or not, for which the form that was sent was made; a cookie goes when it ends."""
    try:
        session_id: int | None = _sent_token()[0]
    except TokenWrong:
        return None
    return session_id


def _sent_token() -> Any:
    """
    Raises:
        TokenWrong.
    """
    return this_program().keys.open(_CSRF, request.form.get("form_token", ""))


def set_cookie(response: AnyResponse, secret: str) -> None:
    response.set_cookie(
        cookie_name(), secret, httponly=True, samesite="Lax", secure=is_https(), path="/"
    )


def own_path(wish: str | None, otherwise: str) -> str:
    """``wish`` if it is a path of this site, for an address that came with a request may lead anywhere."""
    if not wish or not wish.startswith("/") or wish.startswith("//") or "\\" in wish:
        return otherwise
    parts = parts_of(wish)
    if parts.scheme or parts.netloc or not wish.isprintable():
        return otherwise
    return wish
