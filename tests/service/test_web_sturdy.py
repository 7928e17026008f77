"""Addresses, tokens and sizes that no page of ours makes, and a database that does not answer."""

import logging
import re
from io import BytesIO

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from cirt.boot.app import MAX_BODY_BYTES, create_app
from cirt.kernel.program import Program
from cirt.parties.roles import Role
from cirt.register.intake import MAX_FILES
from cirt.web.frame import CSP
from cirt.web.session import REPORT_MAX
from tests.support.browse import PASSWORD, Visitor, a_colleague, signed_in
from tests.support.register import a_person, an_incident, with_observables

MANY_NINES = "9" * 30
CURSORS = [f"after.{'0' * 20}{'9' * 40}.1", f"before.1.{MANY_NINES}", f"after.{MANY_NINES}.1"]


@pytest.fixture
def app(program: Program) -> Flask:
    return create_app(program)


@pytest.fixture
def lead(program: Program, app: Flask) -> Visitor:
    visitor = Visitor(app)
    visitor.sign_in(a_colleague(program, Role.LEAD, Role.ADMIN, name="Lin"))
    return visitor


@pytest.mark.parametrize("cursor", CURSORS)
def test_a_cursor_that_no_list_wrote_shows_the_first_page(
    program: Program, lead: Visitor, cursor: str
) -> None:
    reference = an_incident(program, a_person(program, "Tomas", Role.HANDLER)).reference
    for path in (
        "/incidents?page=",
        "/triage?page=",
        "/release?page=",
        "/sync/quarantine?page=",
        f"/incidents/{reference}/observables?offered=",
    ):
        assert lead.get(path + cursor).status_code == 200, path


@pytest.mark.parametrize(
    "path",
    [
        f"/admin/users/{MANY_NINES}",
        f"/admin/users/{MANY_NINES}/roles",
        f"/admin/users/{MANY_NINES}/disable",
        f"/admin/users/{MANY_NINES}/reset",
        f"/sync/quarantine/{MANY_NINES}",
        f"/sync/quarantine/{MANY_NINES}/drop",
        f"/sync/links/{MANY_NINES}/run",
        f"/incidents/INC-2026-0001/notes/{MANY_NINES}",
        f"/intake/REP-2026-0001/files/{MANY_NINES}",
    ],
)
def test_a_number_that_no_column_holds_names_nothing(lead: Visitor, path: str) -> None:
    lead.get("/account")
    token = lead.form("/sign-out").fields["form_token"]

    assert lead.get(path).status_code == 404
    assert lead.post(path, {"form_token": token}).status_code in (404, 405)
    assert "There is nothing here that you may see" in lead.text
    assert lead.last
    assert lead.last.headers["Content-Security-Policy"] == CSP


def test_what_is_sealed_for_a_receipt_is_no_kept_form(program: Program, app: Flask) -> None:
    email = a_colleague(program, Role.HANDLER)
    visitor = Visitor(app)
    visitor.get("/report")
    receipt = visitor.send("/report", text="Help us.").headers["Location"].partition("receipt=")[2]

    answer = visitor.post("/sign-in", {"email": email, "password": PASSWORD, "kept": receipt})

    assert answer.status_code == 303


def test_a_kept_form_is_no_receipt(program: Program, app: Flask, lead: Visitor) -> None:
    lead.get("/account")
    fields = lead.form("/account/language").fields
    lead.send("/sign-out")
    session = Visitor(app)
    session.sign_in("lin@example.org")
    cookie = next(iter((session.client._cookies or {}).values()))
    session.get("/account")
    session.send("/sign-out")
    session.client.set_cookie(cookie.key, cookie.value)
    assert session.post("/account/language", {**fields, "note": "typed"}).status_code == 401
    kept = session.form("/sign-in").fields["kept"][0]

    assert session.get("/report/sent", query_string={"receipt": kept}).status_code == 404


def test_another_method_is_answered_with_our_page_and_headers(lead: Visitor) -> None:
    for method, path in (("PUT", "/desk"), ("DELETE", "/"), ("POST", "/")):
        answer = lead.client.open(path, method=method)

        assert answer.status_code == 405, path
        assert answer.headers["Content-Security-Policy"] == CSP
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "GET" in answer.headers["Allow"]
        assert "There is nothing here that you may see" in answer.text


def test_another_method_at_taxii_keeps_its_own_answer(lead: Visitor) -> None:
    answer = lead.client.put("/taxii2/", headers={"Accept": "application/taxii+json;version=2.1"})

    assert answer.mimetype == "application/taxii+json"


def test_a_database_that_does_not_answer_is_said_and_the_text_given_back(
    app: Flask, lead: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead.get("/account")
    fields = lead.form("/account/language").fields

    def fall() -> None:
        raise OperationalError("UPDATE", {}, Exception("database is locked"))

    monkeypatch.setitem(app.view_functions, "web.account.set_language", fall)
    answer = lead.post("/account/language", {**fields, "note": "kept " * 20})

    assert answer.status_code == 503
    assert "database does not answer in time" in lead.text
    assert "is locked" not in lead.page
    assert lead.form("/account/language").fields["note"] == ["kept " * 20]


def test_a_database_that_does_not_even_tell_who_asks_is_said(
    lead: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fall() -> None:
        raise OperationalError("SELECT", {}, Exception("no connection"))

    monkeypatch.setattr("cirt.web.session._recognise", fall)

    assert lead.get("/desk").status_code == 503
    assert "Try again in a minute" in lead.page


def test_the_server_lets_through_whatever_we_refuse_in_our_own_words() -> None:
    assert MAX_FILES * 30 * 2**20 < REPORT_MAX < MAX_BODY_BYTES


def test_files_far_too_large_are_refused_at_their_field_and_the_text_is_kept(app: Flask) -> None:
    visitor = Visitor(app)
    visitor.get("/report")
    files = [(BytesIO(b"x" * (30 * 2**20)), f"{number}.bin") for number in range(MAX_FILES)]

    answer = visitor.send("/report", text="What happened", files=files)

    assert answer.status_code == 422
    assert "10 MB" in visitor.text
    assert visitor.form("/report").fields["text"] == ["What happened"]


def test_the_log_tells_the_account_and_no_name(
    lead: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "cirt.request"):
        lead.get("/account")
        Visitor(lead.client.application).get("/report")

    theirs, strangers = (vars(record)["who"] for record in caplog.records)
    assert isinstance(theirs, int)
    assert strangers is None


def test_the_observables_of_an_incident_can_be_read_in_every_language(program: Program) -> None:
    handler = signed_in(program, Role.HANDLER)
    tomas = a_person(program, "Tomas", Role.HANDLER)
    incident = an_incident(program, tomas)
    with_observables(program, tomas, incident, "198.51.100.7")
    for language in ("en", "ar", "es", "fr", "ru", "zh"):
        path = f"/incidents/{incident.reference}/observables?lang={language}"
        assert handler.get(path).status_code == 200, language
        assert re.search(rf'<html lang="{language}"', handler.page)
