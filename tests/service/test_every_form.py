"""Every form of every page, found by itself and filled with what no careful person types.

The pages are those of the canary's installation, so that what is new is tried here without being named.
"""

import itertools
from collections.abc import Iterator
from html.parser import HTMLParser
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from flask import Flask
from markupsafe import escape
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from cirt.boot.app import create_app
from cirt.kernel.clock import FakeClock
from tests.support.browse import FoundForm, Visitor, forms_in
from tests.support.canary import Cage, a_cage, addresses, caged
from tests.support.databases import Databases

NASTY = {
    "markup": "zqa</textarea></title></script><zqtag onzq=1>\" onzq=\"1' onzq='1 {{7*7}} {x} %(y)s %s",
    "link": "javascript:zqb() [zqb](javascript:zqb()) <javascript:zqb()> data:text/html,zqb",
    "direction": "zqc \u202egpj.exe\u2066\u200b\u200f\ufeff",
    "controls": "zqd \x00\x07\x1b[31m\x0b\u2028\u2029\x85 end",
    "formula": '=zqe("http://x.example")\nSet-Cookie: zqe=1\n\n\n',
    "combining": "zqf " + "\u0301" * 300 + "\U0010ffff\ufffe",
    "long": "zqg " + "%" * 26_000,
}
NUMBERS = ("", "0", "-1", "1.5", "2147483648", "9" * 40, "\u0661", "1e3", "NaN", "\x00")
INSIDE = ("Traceback", 'File "', "sqlalchemy", "psycopg", "sqlite3", "SELECT ")
# They end the session or shut the visitor out.
LEFT_OUT = {"web.sign_in.leave", "web.account.set_password", "web.sign_in.enter"}
SECRETS = {"form_token", "once", "password"}
TYPED = ("text", "textarea", "search", "date", "datetime-local", "email")
MANY = 45  # forms, or the search has gone blind
Forms: TypeAlias = list[tuple[str, FoundForm]]


class Page(HTMLParser):
    """What a browser would run, or go to."""

    def __init__(self, answer: TestResponse) -> None:
        super().__init__()
        self.bad: list[str] = []
        self.feed(answer.get_data(as_text=True))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "zqtag":
            self.bad.append(tag)
        for name, value in attrs:
            place = (value or "").strip().lower()
            leads = name in ("href", "src", "action", "formaction", "xlink:href")
            if name.startswith("on") or (
                leads and place.startswith(("javascript:", "data:", "//"))
            ):
                self.bad.append(f"{tag} {name}={place[:60]}")


@pytest.fixture
def cage(databases: Databases, backend: str, tmp_path: Path, clock: FakeClock) -> Iterator[Cage]:
    with databases.filled(backend, tmp_path / "data", clock, a_cage) as (program, made):
        yield caged(program, made)


@pytest.fixture
def app(cage: Cage) -> Flask:
    return create_app(cage.program)


@pytest.fixture
def lead(app: Flask, cage: Cage) -> Visitor:
    visitor = Visitor(app)
    visitor.sign_in(cage.emails["lead"])
    return visitor


def forms_of(app: Flask, cage: Cage, lead: Visitor) -> Forms:
    """For each act of the program the form with most fields, and its page; those that only press a button last."""
    found: dict[str, tuple[str, FoundForm]] = {}
    for path in pages(app, cage, lead, each=2):
        for form in forms_in(lead.page):
            endpoint = endpoint_of(app, form, path)
            before = found.get(endpoint)
            if before is None or len(before[1].fields) < len(form.fields):
                found[endpoint] = (path, form)
    kept = [found[name] for name in sorted(found) if name not in LEFT_OUT]
    return sorted(kept, key=lambda one: not typed_into(one[1]))


def pages(app: Flask, cage: Cage, visitor: Visitor, *, each: int) -> Iterator[str]:
    """Of every route so many that the visitor may open; each is the present one when it comes."""
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        is_ours = not rule.rule.startswith(("/taxii2", "/static", "/<", "/health"))
        if not is_ours or "GET" not in (rule.methods or ()):
            continue
        shown = 0
        for values in addresses(rule.rule, rule.arguments, cage.ids):
            path = adapter.build(rule.endpoint, values, method="GET")
            answer = visitor.get(path)
            if answer.status_code == HTTPStatus.OK and answer.mimetype == "text/html":
                shown += 1
                yield path
            if shown == each:
                break


def endpoint_of(app: Flask, form: FoundForm, path: str) -> str:
    action = form.action.partition("?")[0] or path
    try:
        return str(app.url_map.bind("localhost").match(action, method=form.method.upper())[0])
    except HTTPException:
        raise AssertionError(f"{path} has a form to {action}, which is nowhere") from None


def typed_into(form: FoundForm) -> list[str]:
    return [name for name, kind in form.kinds.items() if kind in TYPED]


def send(visitor: Visitor, path: str, form: FoundForm, changed: dict[str, str]) -> TestResponse:
    data: dict[str, Any] = {**form.fields, **changed}
    if form.method == "get":
        return visitor.get(form.action or path, query_string=data)
    return visitor.post(form.action or path, data)


def wrong_with(answer: TestResponse) -> list[str]:
    said = answer.get_data(as_text=True)
    found = [word for word in INSIDE if word in said] + Page(answer).bad
    return [*found, str(answer.status_code)] if answer.status_code >= 500 else found


def lost(answer: TestResponse, typed: dict[str, str]) -> list[str]:
    """Of what a refused form held, what its sender would have to type again."""
    if answer.status_code < HTTPStatus.BAD_REQUEST:
        return []
    said = answer.get_data(as_text=True)
    return [name for name, text in typed.items() if str(escape(text)) not in said]


def odd_texts(lead: Visitor, forms: Forms) -> Iterator[str]:
    """A few of them for each form, all of them in turn, and the longest to whatever looks something up."""
    turn = itertools.cycle(NASTY.items())
    for path, form in forms:
        looks_up = [("long", NASTY["long"])] if form.method == "get" else []
        for label, text in [*itertools.islice(turn, 2), *looks_up]:
            typed = dict.fromkeys(typed_into(form), text)
            answer = send(lead, path, form, typed)
            found = wrong_with(answer) + (lost(answer, typed) if form.method == "post" else [])
            yield from (f"{form.method} {form.action} {label}: {one}" for one in found)


def odd_choices(lead: Visitor, forms: Forms) -> Iterator[str]:
    """A number that no column holds, a choice that is not in the list, a version of nothing."""
    odd = itertools.cycle([*NUMBERS, *NASTY.values()])
    for path, form in forms:
        for name in form.kinds:
            if name and name not in SECRETS:
                text = next(odd)
                found = wrong_with(send(lead, path, form, {name: text}))
                yield from (f"{form.action} {name}={text[:20]!r}: {one}" for one in found)


def markup_taken(lead: Visitor, forms: Forms) -> Iterator[str]:
    for path, form in forms:
        typed = dict.fromkeys(typed_into(form), NASTY["markup"][:110])
        if form.method == "post" and typed:
            answer = send(lead, path, form, {**typed, **valid_choices(form)})
            yield from (f"{form.action}: {one}" for one in wrong_with(answer))


def test_whatever_is_typed_is_taken_or_refused_lost_never_and_shown_harmless(
    app: Flask, cage: Cage, lead: Visitor
) -> None:
    forms = forms_of(app, cage, lead)
    assert len(forms) > MANY

    wrong = [*markup_taken(lead, forms), *odd_choices(lead, forms), *odd_texts(lead, forms)]

    shown = 0
    for path in pages(app, cage, lead, each=1):  # also long after it was sent
        assert lead.last is not None
        shown += "zqa" in lead.page
        wrong += [f"{path}: {one}" for one in wrong_with(lead.last)]
    assert "\n".join(wrong) == ""
    assert shown > 1


def valid_choices(form: FoundForm) -> dict[str, str]:
    """So that most of it is taken."""
    wanted = {
        "classification": "fraud/phishing",
        "severity": "high",
        "when": "2026-11-17",
        "due": "",
    }
    wanted |= {
        "role": "victim",
        "country": "",
        "zone": "",
        "contact": "",
        "began": "",
        "came_at": "",
    }
    return {name: value for name, value in wanted.items() if name in form.kinds}
