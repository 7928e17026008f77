"""A form of the desk acts once, however often it is sent; what failed may be sent again."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa

from cirt.kernel.clock import FakeClock
from cirt.kernel.program import Program
from cirt.kernel.work import CONSOLE
from cirt.parties.models import Account, UsedForm
from cirt.parties.roles import Role
from cirt.register.models import Incident, Note
from cirt.worker.table import HANDLERS
from tests.support.browse import Visitor, signed_in
from tests.support.register import a_person, an_incident

NEW = {
    "title": "Password typed into a false login page",
    "classification": "fraud/phishing",
    "severity": "high",
    "tlp": "amber",
}


def count(program: Program, table: type[Any]) -> int:
    with program.work(CONSOLE, write=False) as work:
        return work.session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


@pytest.fixture
def amina(program: Program) -> Visitor:
    return signed_in(program, Role.HANDLER)


@pytest.fixture
def page(program: Program, amina: Visitor) -> str:
    """An incident's page, which Amina has before her."""
    reference = an_incident(program, a_person(program, "Tomas", Role.HANDLER)).reference
    amina.get(f"/incidents/{reference}")
    return f"/incidents/{reference}"


def together(visitor: Visitor, path: str, fields: dict[str, Any]) -> list[str]:
    """The form sent three times at once; where each answer leads."""

    def send(_number: int) -> str:
        sender = Visitor(visitor.client.application)
        for cookie in (visitor.client._cookies or {}).values():
            sender.client.set_cookie(cookie.key, cookie.value)
        answer = sender.post(path, fields)
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"]

    with ThreadPoolExecutor(3) as pool:
        return sorted(pool.map(send, range(3)))


def test_an_incident_sent_three_times_at_once_is_opened_once(
    program: Program, amina: Visitor
) -> None:
    amina.get("/incidents/new")
    fields = {**amina.form("/incidents/new").fields, **NEW}

    first, *again = together(amina, "/incidents/new", fields)

    assert count(program, Incident) == 1
    assert again == [f"{first}?sent=1"] * 2
    amina.get(again[0])
    assert NEW["title"] in amina.text
    assert "This was already sent" in amina.text
    amina.get(first)
    assert "This was already sent" not in amina.text


def test_a_note_sent_again_is_written_once(program: Program, amina: Visitor, page: str) -> None:
    fields = amina.form(f"{page}/notes").fields

    for _ in range(3):
        assert amina.post(f"{page}/notes", {**fields, "text": "Called them."}).status_code == 303

    assert count(program, Note) == 1
    amina.follow()
    assert "This was already sent" in amina.text


def test_another_text_in_the_same_form_is_another_act(
    program: Program, amina: Visitor, page: str
) -> None:
    fields = amina.form(f"{page}/notes").fields
    for text in ("Called them.", "They called back."):
        amina.post(f"{page}/notes", {**fields, "text": text})

    assert count(program, Note) == 2


def test_the_same_text_in_a_form_asked_for_anew_is_another_act(
    program: Program, amina: Visitor, page: str
) -> None:
    for _ in range(2):
        amina.get(page)
        amina.send(f"{page}/notes", text="No answer.")

    assert count(program, Note) == 2


def test_what_failed_may_be_sent_again_as_it_is(
    program: Program, amina: Visitor, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = {**amina.form(f"{page}/notes").fields, "text": "Called them."}
    views = amina.client.application.view_functions
    name = "web.incidents.write_note"
    whole = views[name]

    def fall_after_the_act(reference: str) -> None:
        whole(reference)
        raise RuntimeError("a fault of ours")

    with monkeypatch.context() as patch:
        patch.setitem(views, name, fall_after_the_act)
        assert amina.post(f"{page}/notes", fields).status_code == 500
    assert count(program, UsedForm) == 0

    assert amina.post(f"{page}/notes", fields).status_code == 303


def test_what_was_refused_leaves_the_form_unused(program: Program, amina: Visitor) -> None:
    amina.get("/incidents/new")

    assert amina.send("/incidents/new", **{**NEW, "title": ""}).status_code == 422

    assert count(program, UsedForm) == 0


def test_where_the_first_answer_shows_a_secret_once_the_second_leads_back(
    program: Program,
) -> None:
    admin = signed_in(program, Role.ADMIN)
    admin.get("/admin/users")
    fields = admin.form("/admin/users").fields
    given = {**fields, "name": "Lin", "email": "lin@example.org", "roles": ["lead"]}
    headers = {"Referer": "http://localhost/admin/users"}
    assert admin.post("/admin/users", given, headers=headers).status_code == 200

    answer = admin.post("/admin/users", given, headers=headers)

    assert answer.headers["Location"] == "/admin/users?sent=1"
    assert count(program, Account) == 2


def test_used_forms_are_forgotten_after_a_week(
    program: Program, amina: Visitor, clock: FakeClock
) -> None:
    amina.get("/account")
    amina.send("/account/language", language="en")
    assert count(program, UsedForm) == 1
    clock.forward(days=6)
    HANDLERS["jobs.tidy"](program, {})
    assert count(program, UsedForm) == 1

    clock.forward(days=2)
    HANDLERS["jobs.tidy"](program, {})

    assert count(program, UsedForm) == 0
