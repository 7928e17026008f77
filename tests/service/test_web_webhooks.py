"""Webhooks at the desk: added with a token shown once, mapped with a preview, paused, watched and removed."""

import json
import re
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from cirt.kernel.audit import AuditEntry
from cirt.kernel.clock import FakeClock
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, SYSTEM
from cirt.parties.roles import Role
from cirt.register.webhook.events import MAX_EVENT_BYTES, PER_MINUTE
from cirt.register.webhook.mapping import DEFAULT, read_mapping
from cirt.register.webhook.models import Webhook
from cirt.register.webhook.preview import preview
from cirt.register.webhook.queries import get_webhook, webhooks
from cirt.register.webhook.service import add_webhook, map_webhook, pause_webhook
from tests.support.browse import Visitor, signed_in, web_app

_EVENT = {"rule": {"name": "Brute force", "id": 7, "level": 3}, "agent": {"name": "mail-1"}}
_LIST = "/admin/webhooks"


@pytest.fixture
def admin(program: Program) -> Visitor:
    return signed_in(program, Role.ADMIN)


@pytest.fixture
def token(program: Program) -> str:
    with program.work(CONSOLE) as work:
        return add_webhook(work, "siem", {}, Tlp.AMBER)


def _page_of(program: Program, name: str = "siem") -> str:
    return f"{_LIST}/{_kept(program, name).id}"


def _kept(program: Program, name: str = "siem") -> Webhook:
    with program.work(SYSTEM, write=False) as work:
        return get_webhook(work, name)


def _post(program: Program, token: str, body: Any = _EVENT) -> TestResponse:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {token}"}
    return Visitor(web_app(program)).client.post("/intake/webhook/siem", data=raw, headers=headers)


def test_a_webhook_is_added_and_its_token_is_shown_once_and_works(
    program: Program, admin: Visitor
) -> None:
    admin.get(f"{_LIST}/add")
    answer = admin.send(
        f"{_LIST}/add", name="siem", tlp="green", title="rule.name", key="rule.id", do="save"
    )

    assert answer.status_code == 200
    token = re.findall(r'id="token">([^<]+)<', admin.page)[0]
    assert "http://127.0.0.1:8000/intake/webhook/siem" in admin.text
    assert _post(program, token).status_code == 201
    assert _post(program, token).get_json()["count"] == 2
    for path in (_LIST, _page_of(program)):
        admin.get(path)
        assert token not in admin.page
    assert "2 events so far" in admin.text
    assert (_kept(program).tlp, _kept(program).mapping["title"]) == (Tlp.GREEN, ["rule.name"])


def test_the_preview_says_what_would_be_kept_ignored_and_missing_and_keeps_nothing(
    program: Program, admin: Visitor
) -> None:
    admin.get(f"{_LIST}/add")
    answer = admin.send(
        f"{_LIST}/add",
        name="siem",
        title="rule.name",
        key="rule.id",
        text="nowhere",
        do="preview",
        example=json.dumps(_EVENT),
    )

    assert answer.status_code == 200
    assert "What the example would become" in admin.text
    assert "Its key is 7" in admin.text
    assert "rule.name Brute force" in admin.text
    assert "Missing Text, Severity" in admin.text
    assert "2 values are read by no path" in admin.text
    assert "agent.name" in admin.text
    assert admin.form(f"{_LIST}/add").fields["title"] == ["rule.name"]
    assert json.loads(admin.form(f"{_LIST}/add").fields["example"][0]) == _EVENT
    with program.work(SYSTEM, write=False) as work:
        assert webhooks(work) == []


@pytest.mark.parametrize(
    "example",
    ["", "[]", "{", '{"a": "\\ud800"}', "[" * 5000, '{"a":' * 1020 + "1" + "}" * 1020, "\0"],
)
def test_an_example_that_is_no_event_is_told_and_kept_in_its_field(
    program: Program, admin: Visitor, token: str, example: str
) -> None:
    page = _page_of(program)
    admin.get(page)

    answer = admin.send(page, do="preview", example=example, title="mine")

    assert answer.status_code == 422
    assert admin.form(page).fields["title"] == ["mine"]
    assert (
        admin.form(page).fields["example"] == [example.replace("\0", "\ufffd")] or "\0" in example
    )


def test_an_example_larger_than_any_event_is_told(program: Program, admin: Visitor) -> None:
    admin.get(f"{_LIST}/add")

    answer = admin.send(f"{_LIST}/add", do="preview", example="x" * (MAX_EVENT_BYTES + 1))

    assert answer.status_code == 422
    assert "larger than 256 KiB" in admin.text


def test_what_an_event_holds_is_text_on_the_page(
    program: Program, admin: Visitor, token: str
) -> None:
    event = {"title": "<script>alert(1)</script>", "\u202e/~.": "http://evil.example", "": [{}]}
    page = _page_of(program)
    admin.get(page)

    admin.send(page, do="preview", example=json.dumps(event))

    assert "<script>alert" not in admin.page
    assert "hxxp" in admin.text


def test_paths_are_saved_unless_somebody_was_first_and_what_was_typed_stays(
    program: Program, admin: Visitor, token: str
) -> None:
    page = _page_of(program)
    admin.get(page)
    with program.work(CONSOLE) as work:
        map_webhook(work, "siem", {"title": ("theirs",)})

    stale = admin.send(page, do="save", title="rule.name\r\nrule.title")

    assert stale.status_code == 409
    assert "Somebody changed siem" in admin.text
    assert admin.form(page).fields["title"] == ["rule.name\r\nrule.title"]
    admin.get(page)
    admin.send(page, do="save", title="rule.name\r\nrule.title", text="", key=" rule.id ")
    admin.follow()
    assert "Saved." in admin.text
    assert _kept(program).mapping["title"] == ["rule.name", "rule.title"]
    assert _kept(program).mapping["key"] == ["rule.id"]
    assert "text" not in _kept(program).mapping


@pytest.mark.parametrize(
    ("typed", "at"),
    [
        ({"name": ""}, "name"),
        ({"name": "No Such"}, "name"),
        ({"name": "siem"}, "name"),
        ({"name": "x" * 61}, "name"),
        ({"name": "new", "tlp": "red"}, "tlp"),
        ({"name": "new", "tlp": "pink"}, "tlp"),
        ({"name": "new", "title": "\n".join(f"p{n}" for n in range(21))}, "title"),
        ({"name": "new", "key": "x" * 301}, "key"),
        ({"name": "new", "text": "\0"}, "text"),
        ({"name": "new", "title": "x" * 1_000_000}, "title"),
    ],
)
def test_what_cannot_be_added_is_said_at_its_field(
    program: Program, admin: Visitor, token: str, typed: dict[str, str], at: str
) -> None:
    admin.get(f"{_LIST}/add")

    answer = admin.send(f"{_LIST}/add", do="save", **typed)

    assert answer.status_code in (409, 422)
    assert f'href="#{at}"' in admin.page
    with program.work(SYSTEM, write=False) as work:
        assert [one.name for one in webhooks(work)] == ["siem"]


def test_while_it_is_paused_it_is_asked_to_come_back_and_only_with_its_token(
    program: Program, admin: Visitor, token: str
) -> None:
    page = _page_of(program)
    admin.get(page)
    assert "refused with 503" in admin.text
    admin.send(f"{page}/pause")
    admin.follow()
    assert "Paused. Nothing" in admin.text

    paused, stranger = _post(program, token), _post(program, "no")

    assert (paused.status_code, stranger.status_code) == (503, 401)
    assert paused.headers["Retry-After"] == "300"
    admin.get(page)
    assert "siem is paused here, so nothing was kept." in admin.text
    admin.send(f"{page}/resume")
    assert _post(program, token).status_code == 201


def test_one_that_was_removed_is_gone_and_comes_back_under_another_token(
    program: Program, admin: Visitor, token: str
) -> None:
    with program.work(CONSOLE) as work:
        pause_webhook(work, "siem")
    page = _page_of(program)
    admin.get(page)
    assert "at once and for good" in admin.text
    admin.send(f"{page}/remove")
    admin.follow()

    assert "Removed. Its token holds no longer" in admin.text
    assert admin.get(page).status_code == 404
    assert _post(program, token).status_code == 401
    with program.work(CONSOLE) as work:
        again = add_webhook(work, "siem", {}, Tlp.AMBER)
    assert _post(program, again).status_code == 201


def test_the_page_tells_what_was_last_refused_and_why_without_its_content(
    program: Program, admin: Visitor, token: str, clock: FakeClock
) -> None:
    page = _page_of(program)
    told = []
    for body in (b'{"secret": ', b'{"secret": "' + b"y" * MAX_EVENT_BYTES + b'"}'):
        _post(program, token, body)
        admin.get(page)
        told.append(admin.text)
    clock.forward(minutes=2)
    _post(program, "no")
    admin.get(page)
    told.append(admin.text)
    admin.get(_LIST)
    told.append(admin.text)

    assert "is no JSON object" in told[0]
    assert "11 bytes came." in told[0]
    assert "larger than 256 KiB" in told[1]
    assert "The token does not fit." in told[2]
    assert "The token does not fit." in told[3]
    assert not any("secret" in each for each in told)


def test_strangers_make_us_write_once_in_a_minute_and_hide_nothing(
    program: Program, token: str, clock: FakeClock
) -> None:
    _post(program, token, b"[]")
    first = _kept(program).refused_at
    clock.forward(seconds=30)
    _post(program, "no")
    hidden = _kept(program).refused_why
    clock.forward(seconds=40)
    _post(program, "no")
    noted = _kept(program)
    clock.forward(seconds=10)
    _post(program, "no")

    assert hidden is not None
    assert hidden["code"] == "not-an-event"
    assert noted.refused_why is not None
    assert (noted.refused_why["code"], noted.refused_at == first) == ("token-refused", False)
    assert _kept(program).refused_at == noted.refused_at


def test_too_many_in_a_minute_are_told_as_well(program: Program, token: str) -> None:
    with program.work(CONSOLE) as work:
        webhook = get_webhook(work, "siem")
        webhook.window_at, webhook.window_count = work.now, PER_MINUTE

    assert _post(program, token).status_code == 429

    why = _kept(program).refused_why
    assert why is not None
    assert why["code"] == "too-many-events"
    assert _kept(program).taken_count == 0


@pytest.mark.parametrize(
    ("role", "reads"),
    [(Role.AUDITOR, True), (Role.LEAD, False), (Role.HANDLER, False), (Role.TRIAGE, False)],
)
def test_administrators_alone_change_webhooks_and_auditors_read_them(
    program: Program, token: str, role: Role, reads: bool
) -> None:
    visitor = signed_in(program, role, name="Omar")
    page = _page_of(program)

    assert (visitor.get(page).status_code, visitor.get(_LIST).status_code) == (
        (200, 200) if reads else (403, 403)
    )
    visitor.get("/account")
    form_token = visitor.form("/account").fields["form_token"][0]
    for act in ("/pause", "/resume", "/remove", ""):
        answer = visitor.post(f"{page}{act}", {"form_token": form_token, "do": "preview"})
        assert answer.status_code == 403
    assert visitor.get(f"{_LIST}/add").status_code == 403
    assert _kept(program).paused_at is None


def test_a_preview_reads_what_an_event_would_be_read_by() -> None:
    mapping = read_mapping(
        {"title": ["no", "a.0"], "observables": ["/b/x.y", "c"], "key": "b", "text": "d"}
    )
    sent = {"a": ["one", "two"], "b": {"x.y": "198.51.100.7", "z": 1}, "c": [], "e": None}

    shown = preview(sent, mapping)

    assert {name: [one.path for one in places] for name, places in shown.found.items()} == {
        "title": ["a.0"],
        "observables": ["/b/x.y"],
        "key": ["/b/x.y"],
    }
    assert [one.path for one in shown.ignored] == ["a.1", "b.z"]
    assert shown.missing == ("text", "severity", "link", "organisation")
    assert shown.is_whole
    assert not preview({"name": "x", "message": "Down."}, DEFAULT).is_whole


def test_a_preview_of_a_deep_or_a_wide_event_ends() -> None:
    deep: Any = "x"
    for _ in range(1020):
        deep = {"a": deep}

    assert preview({"b": deep, "text": "Down."}, DEFAULT).ignored_count == 1
    wide = preview({f"k{n}": n for n in range(20_000)}, DEFAULT)
    assert len(wide.ignored) == 100


def test_a_lost_token_is_replaced_after_a_page_that_says_what_ends(
    program: Program, admin: Visitor, token: str
) -> None:
    page = _page_of(program)
    admin.get(page)
    assert f"{page}/token" in admin.page
    admin.get(f"{page}/token")
    assert "ends at once" in admin.text
    assert _post(program, token).status_code == 201
    form = admin.form(f"{page}/token").fields

    answer = admin.post(f"{page}/token", form)

    assert answer.status_code == 200
    (new,) = re.findall(r'id="token">([^<]+)<', admin.page)
    assert _post(program, token).status_code == 401
    assert _post(program, new).status_code == 201
    again = admin.post(f"{page}/token", form)
    assert (again.status_code, new in again.text) == (303, False)
    assert _post(program, new).status_code == 201
    for path in (page, f"{page}/token", _LIST):
        assert new not in admin.get(path).text
    with program.work(SYSTEM, write=False) as work:
        acts = sa.select(AuditEntry.subject).where(AuditEntry.act == "webhook.token")
        assert work.session.scalars(acts).all() == ["siem"]


def test_administrators_alone_give_a_new_token(program: Program, token: str) -> None:
    page = _page_of(program)
    for role in (Role.AUDITOR, Role.LEAD):
        visitor = signed_in(program, role, name=role.title())
        assert visitor.get(f"{page}/token").status_code == 403
        visitor.get("/account")
        form_token = visitor.form("/account").fields["form_token"][0]
        assert visitor.post(f"{page}/token", {"form_token": form_token}).status_code == 403
    assert _post(program, token).status_code == 201
