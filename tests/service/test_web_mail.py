"""The page of the letter that the program writes by itself."""

import pytest

from cirt.kernel.program import Program
from cirt.kernel.work import CONSOLE, SYSTEM
from cirt.parties.roles import Role
from cirt.register.acknowledging import service
from cirt.register.acknowledging.commands import SaveAcknowledgement, SetAcknowledging
from tests.support.browse import Visitor, signed_in

_PLACES = "{reference} {code} {address}"


@pytest.fixture
def admin(program: Program) -> Visitor:
    return signed_in(program, Role.ADMIN)


def _setup(program: Program) -> service.Setup:
    with program.work(SYSTEM, write=False) as work:
        return service.setup_of(work)


def test_it_is_switched_off_and_on_and_says_what_that_means(
    program: Program, admin: Visitor
) -> None:
    admin.get("/admin/mail")
    assert "No mail server is set up" in admin.text
    assert "have no follow-up code" in admin.text

    typed = admin.form("/admin/mail").fields
    del typed["is_on"]
    admin.post("/admin/mail", {**typed, "language": "fr"})
    admin.follow()

    assert "Saved." in admin.text
    assert "is_on" not in admin.form("/admin/mail").fields
    assert (_setup(program).is_on, _setup(program).language) == (False, "fr")
    admin.send("/admin/mail", is_on="1")
    assert _setup(program).is_on


def test_words_are_changed_shown_as_a_reporter_reads_them_and_set_back(admin: Visitor) -> None:
    page = "/admin/mail/ar"
    admin.get(page)
    assert "REP-2026-0042" in admin.text
    admin.send(page, subject="مرحبا", body=f"<b>شكرا</b> {_PLACES}")
    admin.follow()
    assert "changed by Amina" in admin.text
    admin.get(page)
    assert "<b>شكرا" not in admin.page
    assert "K7P-2QM" in admin.text

    admin.send(f"{page}/restore")
    admin.follow()

    assert "changed by" not in admin.text


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"subject": ""}, "Write a subject"),
        ({"subject": "a\nb"}, "one line"),
        ({"subject": "x" * 201}, "too long"),
        ({"body": ""}, "Write what the reporter"),
        ({"body": "{reference} {code}"}, "{address}"),
        ({"body": f"{_PLACES} {{team}}"}, "in place of {team}"),
        ({"body": f"{_PLACES} \0"}, "cannot be kept"),
        ({"body": _PLACES * 400}, "5000 characters"),
        ({"version": "x"}, "Open the page again"),
    ],
)
def test_what_cannot_be_sent_is_said_and_the_text_stays(
    admin: Visitor, typed: dict[str, str], says: str
) -> None:
    admin.get("/admin/mail/en")

    answer = admin.send("/admin/mail/en", **{"subject": "Mine", "body": f"Mine {_PLACES}", **typed})

    assert answer.status_code == 422
    assert says in admin.text
    kept = admin.form("/admin/mail/en").fields
    assert "Mine" in kept["subject"][0] + kept["body"][0]


def test_what_another_saved_first_is_shown_beside_what_was_typed(
    program: Program, admin: Visitor
) -> None:
    admin.get("/admin/mail/en")
    with program.work(CONSOLE) as work:
        cmd = SaveAcknowledgement("en", "Theirs", f"Their words {_PLACES}", 0)
        service.save_acknowledgement(work, cmd)

    answer = admin.send("/admin/mail/en", body=f"Mine {_PLACES}")

    assert answer.status_code == 409
    assert "changed this first" in admin.text
    assert "Their words" in admin.text
    assert admin.form("/admin/mail/en").fields["body"] == [f"Mine {_PLACES}"]
    admin.get("/admin/mail")
    with program.work(CONSOLE) as work:
        service.set_acknowledging(work, SetAcknowledging(False, "en", 0))
    assert admin.send("/admin/mail").status_code == 409


def test_administrators_alone_change_it_and_auditors_read_it(program: Program) -> None:
    for role, status in ((Role.AUDITOR, 200), (Role.LEAD, 403)):
        visitor = signed_in(program, role, name=role.title())
        assert visitor.get("/admin/mail").status_code == status
        assert visitor.get("/admin/mail/en").status_code == status
        assert "Save words" not in visitor.text
        visitor.get("/account")
        form_token = visitor.form("/account").fields["form_token"][0]
        answer = visitor.post(
            "/admin/mail", {"form_token": form_token, "language": "en", "version": "0"}
        )
        assert answer.status_code == 403
    assert _setup(program).is_on


def test_a_language_that_is_not_there_is_not_found(admin: Visitor) -> None:
    assert admin.get("/admin/mail/de").status_code == 404
    admin.get("/admin/mail")
    assert admin.send("/admin/mail", language="de").status_code == 404
