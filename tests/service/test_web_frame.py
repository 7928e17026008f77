"""The frame of all pages: doors, sessions, form tokens, headers, errors, languages."""

import re

import pytest

from cirt.kernel.clock import FakeClock
from cirt.kernel.program import Program
from cirt.kernel.work import CONSOLE
from cirt.parties.accounts import AddAccount, add_account, disable_account
from cirt.parties.roles import Role
from cirt.web.access import PUBLIC
from cirt.web.frame import CSP
from tests.support.browse import PASSWORD, Visitor, a_colleague, signed_in, web_app


def test_every_route_is_closed_to_strangers_unless_it_is_listed(program: Program) -> None:
    app = web_app(program)
    visitor = Visitor(app)
    closed = 0

    for rule in app.url_map.iter_rules():
        if rule.endpoint in PUBLIC:
            continue
        path = rule.rule
        for name in rule.arguments:
            path = re.sub(rf"<[^<>]*\b{name}>", "1", path)
        for method in (rule.methods or set()) & {"GET", "POST"}:
            answer = visitor.client.open(path, method=method)
            assert answer.status_code in (303, 401, 404), f"{method} {path}: {answer.status_code}"
            closed += 1

    assert closed > 5


def test_every_listed_endpoint_exists(program: Program) -> None:
    assert set(web_app(program).view_functions) >= PUBLIC


def test_somebody_without_the_role_is_told_which_one_it_needs(program: Program) -> None:
    visitor = signed_in(program, Role.ADMIN)

    answer = visitor.get("/desk")

    assert answer.status_code == 403
    assert "Triage officer, Handler, Lead, Auditor" in visitor.text
    assert "You are: Administrator" in visitor.text


def test_an_administrator_begins_where_an_administrator_may_be(program: Program) -> None:
    visitor = Visitor(web_app(program))

    assert visitor.sign_in(a_colleague(program, Role.ADMIN)).status_code == 200
    assert "Triage" not in visitor.page


def test_missing_pages_are_all_alike(program: Program) -> None:
    visitor = signed_in(program, Role.HANDLER)

    assert visitor.get("/no/such/page").status_code == 404
    assert "There is nothing here that you may see" in visitor.text


def test_a_session_dies_with_sign_out(program: Program) -> None:
    visitor = signed_in(program, Role.HANDLER)
    cookies = [cookie.value for cookie in (visitor.client._cookies or {}).values()]
    visitor.get("/desk")

    visitor.send("/sign-out")

    assert visitor.get("/desk").status_code == 303
    visitor.client.set_cookie(next(iter(web_app(program).extensions)), cookies[0])
    assert visitor.get("/desk").status_code == 303


def test_a_session_dies_when_the_account_is_disabled(program: Program) -> None:
    visitor = signed_in(program, Role.HANDLER)
    with program.work(CONSOLE) as work:
        disable_account(work, "amina@example.org")

    assert visitor.get("/desk").headers["Location"].startswith("/sign-in")


def test_a_session_ends_when_it_is_not_used(program: Program, clock: FakeClock) -> None:
    visitor = signed_in(program, Role.HANDLER)
    clock.forward(hours=1, minutes=59)
    assert visitor.get("/desk").status_code == 200
    clock.forward(hours=1, minutes=59)
    assert visitor.get("/desk").status_code == 200

    clock.forward(hours=2, minutes=1)

    assert visitor.get("/desk").status_code == 303


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(program: Program) -> None:
    a_colleague(program, Role.HANDLER)
    visitor = Visitor(web_app(program))
    visitor.get("/sign-in")

    answer = visitor.send("/sign-in", email="amina@example.org", password=PASSWORD)

    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_a_wrong_password_says_nothing_about_the_account(program: Program) -> None:
    a_colleague(program, Role.HANDLER)
    visitor = Visitor(web_app(program))
    texts = []
    for email in ("amina@example.org", "nobody@example.org"):
        visitor.get("/sign-in")
        answer = visitor.send("/sign-in", email=email, password="wrong wrong wrong")
        assert answer.status_code == 422
        texts.append(visitor.text.replace(email, ""))

    assert texts[0] == texts[1]
    assert "<title>Error: Sign in" in visitor.page


def test_a_name_that_no_database_can_hold_is_just_a_wrong_name(program: Program) -> None:
    visitor = Visitor(web_app(program))
    visitor.get("/sign-in")

    assert visitor.send("/sign-in", email="a\0b@example.org", password=PASSWORD).status_code == 422


def test_too_many_wrong_passwords_close_the_name_for_a_while(
    program: Program, clock: FakeClock
) -> None:
    a_colleague(program, Role.HANDLER)
    visitor = Visitor(web_app(program))
    visitor.get("/sign-in")
    for _ in range(10):
        visitor.send("/sign-in", email="amina@example.org", password="wrong wrong wrong")

    answer = visitor.send("/sign-in", email="AMINA@example.org ", password=PASSWORD)

    assert answer.status_code == 429
    clock.forward(minutes=16)
    visitor.sign_in("amina@example.org")
    assert visitor.get("/desk").status_code == 200


def test_a_one_time_password_is_replaced_before_anything_else(program: Program) -> None:
    with program.work(CONSOLE) as work:
        made = add_account(work, AddAccount("lin@example.org", "Lin", (Role.LEAD,)))
    visitor = Visitor(web_app(program))

    visitor.sign_in("lin@example.org", made.password or "")
    visitor.follow()
    assert "Choose your own before you go on" in visitor.text
    visitor.send(
        "/account/password",
        old_password=made.password,
        new_password="three blue kettles sing",
        again="three blue kettles sing",
    )

    visitor.sign_in("lin@example.org", "three blue kettles sing")
    assert visitor.get("/desk").status_code == 200


@pytest.mark.parametrize("token", ["", "forged", None])
def test_a_form_without_its_token_changes_nothing(program: Program, token: str | None) -> None:
    visitor = signed_in(program, Role.HANDLER)
    data = {"language": "en"} | ({"form_token": token} if token is not None else {})

    answer = visitor.post("/account/language", data)

    assert answer.status_code == 422
    assert "open for too long" in visitor.text


def test_the_token_of_one_session_does_not_serve_another(program: Program) -> None:
    amina = signed_in(program, Role.HANDLER)
    lin = signed_in(program, Role.LEAD, name="Lin")
    amina.get("/account")
    token = amina.form("/account/language").fields["form_token"]

    answer = lin.post("/account/language", {"language": "en", "form_token": token})

    assert answer.status_code == 422


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_a_form_of_another_site_is_refused(program: Program, headers: dict[str, str]) -> None:
    a_colleague(program, Role.HANDLER)
    visitor = Visitor(web_app(program))

    answer = visitor.post(
        "/sign-in", {"email": "amina@example.org", "password": PASSWORD}, headers=headers
    )

    assert answer.status_code == 422
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "wish", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_signing_in_leads_to_our_own_pages_only(program: Program, wish: str) -> None:
    a_colleague(program, Role.HANDLER)
    visitor = Visitor(web_app(program))
    visitor.get("/sign-in", query_string={"return_to": wish})

    answer = visitor.send("/sign-in", email="amina@example.org", password=PASSWORD, return_to=wish)

    assert answer.headers["Location"] == "/desk"


def test_signing_in_leads_to_the_page_that_was_asked_for(program: Program) -> None:
    a_colleague(program, Role.HANDLER)
    visitor = Visitor(web_app(program))
    visitor.get("/account?x=1")
    visitor.follow()

    answer = visitor.send("/sign-in", email="amina@example.org", password=PASSWORD)

    assert answer.headers["Location"] == "/account?x=1"


def test_what_was_typed_comes_back_after_the_session_ended(
    program: Program, clock: FakeClock
) -> None:
    visitor = signed_in(program, Role.HANDLER)
    visitor.get("/account")
    long = "A note of which not a word may be lost, with <b>signs</b> & a second line.\nHere it is."
    fields = visitor.form("/account/language").fields
    clock.forward(hours=13)

    answer = visitor.post("/account/language", {**fields, "note": long, "password": "secret"})
    assert answer.status_code == 401
    visitor.send("/sign-in", email="amina@example.org", password=PASSWORD)

    kept = visitor.form("/account/language").fields
    assert kept["note"] == [long]
    assert "password" not in kept
    assert visitor.send("/account/language").status_code == 303


def test_what_one_typed_does_not_come_back_to_another(program: Program, clock: FakeClock) -> None:
    visitor = signed_in(program, Role.HANDLER)
    a_colleague(program, Role.LEAD, name="Lin")
    visitor.get("/account")
    fields = visitor.form("/account/language").fields
    clock.forward(hours=13)
    visitor.post("/account/language", {**fields, "note": "for Amina's eyes"})

    answer = visitor.send("/sign-in", email="lin@example.org", password=PASSWORD)

    assert answer.status_code == 303
    assert "Amina's eyes" not in visitor.follow().get_data(as_text=True)


def test_every_page_forbids_what_it_does_not_need(program: Program) -> None:
    visitor = signed_in(program, Role.HANDLER)

    for path in ("/desk", "/account", "/", "/sign-in", "/no/such/page"):
        headers = visitor.get(path).headers
        assert headers["Content-Security-Policy"] == CSP
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cache-Control"] == "no-store"


def test_style_and_script_may_be_kept_for_ever_under_their_digest(program: Program) -> None:
    visitor = signed_in(program, Role.HANDLER)
    visitor.get("/desk")
    for ending in (".css", ".js"):
        path = next(
            p
            for p in visitor.page.split('"')
            if p.startswith("/static/app.") and p.endswith(ending)
        )
        answer = visitor.get(path)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]
        visitor.get("/desk")
    assert visitor.get("/static/app.00000000.css").status_code == 404


def test_the_public_counter_sets_no_cookie(program: Program) -> None:
    visitor = Visitor(web_app(program))

    for path in ("/", "/report", "/status", "/sign-in"):
        assert "Set-Cookie" not in visitor.get(path).headers


def test_light_or_dark_is_remembered(program: Program) -> None:
    visitor = Visitor(web_app(program))
    visitor.get("/account/theme?return_to=/report")
    assert "data-theme" not in visitor.page

    answer = visitor.send("/account/theme", theme="dark")

    assert answer.headers["Location"] == "/report"
    visitor.follow()
    assert '<html lang="en" dir="ltr" data-theme="dark">' in visitor.page


def test_our_own_fault_gives_the_text_back_and_no_trace(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = signed_in(program, Role.HANDLER)
    visitor.get("/account")
    fields = visitor.form("/account/language").fields

    def fall(wishes: object) -> str:
        raise RuntimeError("inner secret")

    app = visitor.client.application
    monkeypatch.setitem(app.view_functions, "web.account.set_language", lambda: fall(None))
    answer = visitor.post("/account/language", {**fields, "note": "kept " * 20})

    assert answer.status_code == 500
    assert "inner secret" not in visitor.page
    assert "Traceback" not in visitor.page
    assert visitor.form("/account/language").fields["note"] == ["kept " * 20]
    assert "E-" in visitor.text
