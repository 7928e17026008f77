"""Pages out of templates: the environment, the frame around each page, and the headers of each answer."""

import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from http import HTTPStatus
from typing import Any

from flask import Response, g, request
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from cirt.kernel.tlp import Tlp
from cirt.parties.roles import ROLE_NAMES, Role
from cirt.register.bin.models import BINNED
from cirt.register.bin.queries import BinRow, bin_row
from cirt.register.undoable import Decided, decided
from cirt.web import i18n, nav, once, words
from cirt.web.access import section_of
from cirt.web.forms import Form
from cirt.web.icons import icon, symbols
from cirt.web.paths import path_of
from cirt.web.prose import defanged, grouped, line, plain, prose
from cirt.web.session import form_token, open_work, this_program, visit
from cirt.web.static_files import static_files
from cirt.web.stix_words import type_words

CSP = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_THEMES = ("light", "dark")
_ID_DIGITS = 18
_REPORT = re.compile(r"REP-[0-9]{4}-[0-9]{4,9}")


def render(template: str, status: int = HTTPStatus.OK, **values: Any) -> Response:
    """A page of the desk or the counter. ``form`` may be left out where there is none."""
    g.icons = {"brand", "menu"}
    values.setdefault("form", Form())
    page = environment().get_template(template).render(**_frame(), **values)
    return Response(page, status=status, mimetype="text/html")


def _frame() -> dict[str, Any]:
    """What ``base.html`` needs of the present request."""
    who = visit()
    theme = request.cookies.get("theme")
    return {
        "visit": who,
        "now": who.now,
        "request_path": request.path,
        "section": nav.shown_in(section_of(request.endpoint or "")),
        "was_sent": once.NOTICE in request.args,
        "undo": _undo() if who.is_signed_in else None,
        "decided": _decided() if who.is_signed_in else None,
        "theme": theme if theme in _THEMES else "",
        "nav_items": nav.items_for(who.actor) if who.is_signed_in else [],
        "start": start_path(),
        "nav_counters": _counters() if who.is_signed_in else {},
        "role_names": [ROLE_NAMES[role] for role in Role if role.value in who.actor.roles],
    }


def _undo() -> BinRow | None:
    """What was just deleted, for the bar that offers to bring it back."""
    given = request.args.get("undo", "")
    if not (given.isascii() and given.isdigit() and len(given) <= _ID_DIGITS):
        return None
    with open_work(write=False) as work:
        row = bin_row(work, int(given))
    return row if row and row.may_restore else None


def _decided() -> Decided | None:
    """The report that was just decided on, for the bar that offers to take that back."""
    reference = request.args.get("decided", "")
    if not _REPORT.fullmatch(reference):
        return None
    with open_work(write=False) as work:
        return decided(work, reference)


def start_path() -> str:
    """Where a visitor begins: the first section they may open, or the counter."""
    who = visit()
    if not who.is_signed_in:
        return path_of("public.home")
    sections = nav.items_for(who.actor)
    return path_of(sections[0].endpoint if sections else "account.account")


def _counters() -> Mapping[str, nav.Counter]:
    with open_work(write=False) as work:
        return nav.counters(work)


def end(response: Response) -> Response:
    """After each request."""
    once.end(this_program(), response)
    return secure(response)


def secure(response: Response) -> Response:
    """What a browser may do with the answer."""
    headers = response.headers
    headers.setdefault("Content-Security-Policy", CSP)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    if "Cache-Control" not in headers:
        headers["Cache-Control"] = "no-store"
    return response


@cache
def environment() -> Environment:
    env = Environment(
        loader=PackageLoader("cirt.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,  # templates come with the program; to look at each one's date took a hundredth of a page
        extensions=["jinja2.ext.i18n"],
    )
    env.newstyle_gettext = True  # type: ignore[attr-defined]  # the i18n extension adds it
    env.globals.update(
        _=i18n.said,
        gettext=i18n.said,
        ngettext=i18n.said_of,
        icon=icon,
        symbols=symbols,
        path=path_of,
        say=i18n.say,
        asset=asset,
        form_token=_token_field,
        lang=i18n.language,
        dir=i18n.direction,
        languages=_other_languages,
        language_name=i18n.language_name,
        Tlp=Tlp,
        incident_state=words.incident_state,
        report_state=words.report_state,
        class_words=words.class_words,
        code_words=words.code_words,
        country=i18n.country,
        link_words=words.link_words,
        pap_sign=words.pap_sign,
        pap_words=words.pap_words,
        priority_words=words.priority_words,
        role_words=words.role_words,
        sector_words=words.sector_words,
        side_words=words.side_words,
        tenths=words.tenths,
        reference_link=words.reference_link,
        entry_icon=words.entry_icon,
        entry_sentence=words.entry_sentence,
        attack_time=words.attack_time,
        task_state=words.task_state,
        BINNED=BINNED,
    )
    env.filters.update(
        when=when,
        day=i18n.day,
        long_day=i18n.long_day,
        clock=clock,
        span=i18n.span,
        t=i18n.translate,
        prose=prose,
        plain=plain,
        line=line,
        defanged=defanged,
        grouped=grouped,
        type_words=type_words,
    )
    return env


def asset(name: str) -> str:
    return f"/static/{static_files()[name].path}"


def _token_field() -> Markup:
    return Markup('<input type="hidden" name="form_token" value="{}">').format(form_token())


def _other_languages() -> list[tuple[str, str]]:
    return [(code, i18n.LANGUAGES[code]) for code in i18n.offered() if code != i18n.language()]


def when(at: datetime | None) -> Markup:
    """``18 Nov 14:20`` as a time that machines read too; a dash where there is none."""
    if at is None:
        return Markup("&ndash;")
    return _time(at, i18n.moment(at, visit().now))


def clock(at: datetime) -> Markup:
    return _time(at, i18n.clock(at))


def _time(at: datetime, words: str) -> Markup:
    return Markup('<time class="nw" datetime="{}">{}</time>').format(f"{at:%Y-%m-%dT%H:%MZ}", words)
