"""A visitor for tests of the pages: forms filled in as a browser would, over Flask's test client."""

import re
from copy import copy
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from cirt.kernel.program import Program
from cirt.kernel.work import CONSOLE, PUBLIC
from cirt.parties import sessions
from cirt.parties.accounts import AddAccount, add_account, get_account
from cirt.parties.roles import Role
from cirt.web import make_blueprint
from cirt.web.guesses import Guesses
from cirt.web.session import cookie_name

PASSWORD = "a long enough password"


_last: list[tuple[Program, Flask]] = []


def web_app(program: Program) -> Flask:
    """The pages alone; the visitors of one program share them, and all programs the map of their addresses."""
    if not _last:
        app = Flask("cirt", static_folder=None)
        app.register_blueprint(make_blueprint(program))
        _last.append((program, app))
    elif _last[0][0] is not program:
        app = copy(_last[0][1])
        app.json = app.json_provider_class(app)
        app.extensions = {"cirt": program, "cirt.guesses": Guesses()}
        _last[:] = [(program, app)]
    return _last[0][1]


@dataclass
class FoundForm:
    action: str
    method: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    kinds: dict[str, str] = field(
        default_factory=dict
    )  # of every field, also of what is not ticked


class _Forms(HTMLParser):
    """Collects forms with the values that a browser would send."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[FoundForm] = []
        self._open: FoundForm | None = None
        self._area = self._select = ""
        self._text = ""
        self._first_option: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = FoundForm(found.get("action", ""), found.get("method", "get").lower())
            self.forms.append(self._open)
        elif self._open is None:
            return
        elif tag == "input":
            self._input(found)
        elif tag == "textarea":
            self._area, self._text = found["name"], ""
            self._open.kinds[self._area] = tag
        elif tag == "select":
            self._select, self._first_option = found["name"], None
            self._open.kinds[self._select] = tag
        elif tag == "option" and self._select:
            value = found.get("value", "")
            if self._first_option is None:
                self._first_option = value
            if "selected" in found:
                self._open.fields[self._select] = [value]

    def _input(self, found: dict[str, str]) -> None:
        assert self._open is not None
        kind = found.get("type", "text")
        self._open.kinds.setdefault(found.get("name", ""), kind)
        if kind in ("checkbox", "radio") and "checked" not in found:
            return
        if "name" in found and kind not in ("file", "submit"):
            self._open.fields.setdefault(found["name"], []).append(found.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "textarea" and self._open and self._area:
            self._open.fields[self._area] = [self._text.removeprefix("\n")]
            self._area = ""
        elif tag == "select" and self._open and self._select:
            self._open.fields.setdefault(self._select, [self._first_option or ""])
            self._select = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self._text += data


def forms_in(page: str) -> list[FoundForm]:
    """All forms of a page, in their order."""
    parser = _Forms()
    parser.feed(page)
    return parser.forms


class Visitor:
    """Somebody with a browser that runs no script."""

    def __init__(self, app: Flask, at: str = "http://localhost") -> None:
        self.client: FlaskClient = app.test_client()
        self._at = at
        self.last: TestResponse | None = None

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        self.last = self.client.get(path, base_url=self._at, **kwargs)
        return self.last

    def post(self, path: str, data: dict[str, Any], **kwargs: Any) -> TestResponse:
        self.last = self.client.post(path, data=data, base_url=self._at, **kwargs)
        self.last.request.environ["wsgi.input"].close()  # a large body lies in a temporary file
        return self.last

    @property
    def page(self) -> str:
        if self.last is None:
            self.get("/sign-in")  # who is signed in is sent to their first page
            self.follow()
        assert self.last is not None
        return self.last.get_data(as_text=True)

    @property
    def text(self) -> str:
        """What can be read, without markup."""
        body = re.sub(r"<(script|style|title|symbol).*?</\1>", "", self.page, flags=re.DOTALL)
        return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body)))

    def form(self, action: str) -> FoundForm:
        """The first form of the present page whose action begins with ``action``."""
        forms = forms_in(self.page)
        for form in forms:
            if form.action.startswith(action):
                return form
        raise AssertionError(f"no form to {action} on the page: {[f.action for f in forms]}")

    def send(self, action: str, **changed: Any) -> TestResponse:
        """Fill in the form to ``action`` on the present page and send it; follows nothing."""
        form = self.form(action)
        data = {
            **form.fields,
            **{name: value for name, value in changed.items() if value is not None},
        }
        if form.method == "get":
            return self.get(form.action, query_string=data)
        return self.post(form.action, data)

    def follow(self) -> TestResponse:
        """Go where the last answer sent us."""
        assert self.last is not None
        assert self.last.status_code == 303, (self.last.status_code, self.text)
        return self.get(self.last.headers["Location"])

    def sign_in(self, email: str, password: str = PASSWORD) -> TestResponse:
        self.get("/sign-in")
        self.send("/sign-in", email=email, password=password)
        return self.follow()

    def is_signed_in(self, program: Program, email: str) -> None:
        """As after :meth:`sign_in`, without the three requests; their first page is fetched when it is looked at."""
        with program.work(PUBLIC) as work:
            secret, _ = sessions.sign_in(work, get_account(work.session, email).id)
        with self.client.application.app_context():
            self.client.set_cookie(cookie_name(), secret)


def a_colleague(program: Program, *roles: Role, name: str = "Amina", email: str = "") -> str:
    """An account with its own password; its address."""
    address = email or f"{name.lower()}@example.org"
    with program.work(CONSOLE) as work:
        add_account(work, AddAccount(address, name, roles, password=PASSWORD))
    return address


def signed_in(program: Program, *roles: Role, name: str = "Amina") -> Visitor:
    visitor = Visitor(web_app(program))
    visitor.is_signed_in(program, a_colleague(program, *roles, name=name))
    return visitor
