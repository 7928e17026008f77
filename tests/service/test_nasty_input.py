"""The nasty ones: bombs, pictures that run, mails without end, two in the same second. Refused in words, or harmless."""

import io
import threading
import zipfile
from collections.abc import Callable
from dataclasses import replace
from email.message import EmailMessage
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from cirt.boot.app import create_app
from cirt.files.content import AttachmentContent
from cirt.files.models import Attachment
from cirt.kernel.program import Program
from cirt.kernel.work import CONSOLE, SYSTEM
from cirt.parties.roles import Role
from cirt.register.models import (
    Entry,
    EntryKind,
    Incident,
    Report,
    ReportObservable,
    ReportState,
)
from cirt.sources.service import run_source
from tests.service.test_bad_input import INSIDE, forms_of, is_in_our_words
from tests.support.browse import Visitor, a_colleague
from tests.support.mail import a_mail
from tests.support.register import a_person, a_report, an_incident

TYPED = ("text", "reason", "title", "words", "name", "query", "to")
UNPACKED = 40 * 2**20
PICTURE = (
    b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(2)</script></svg>'
)
PAGE = b"<!doctype html><script src=//evil.example/x.js></script><body onload=alert(3)>"


@pytest.fixture
def app(program: Program) -> Flask:
    return create_app(program)


@pytest.fixture
def lead(program: Program, app: Flask) -> Visitor:
    return in_role(program, app, "Lin")


def in_role(program: Program, app: Flask, name: str) -> Visitor:
    visitor = Visitor(app)
    visitor.sign_in(a_colleague(program, Role.LEAD, name=name))
    return visitor


def rows(program: Program, table: Any) -> list[Any]:
    with program.work(CONSOLE, write=False) as work:
        return list(work.session.scalars(sa.select(table).order_by(*table.__table__.primary_key)))


def files(program: Program) -> dict[str, bytes]:
    query = sa.select(Attachment.name, AttachmentContent.body).join(
        Attachment, Attachment.id == AttachmentContent.attachment_id
    )
    with program.work(CONSOLE, write=False) as work:
        return {row.name: row.body for row in work.session.execute(query)}


def a_bomb() -> bytes:
    """Small as it lies there, a thousand times as large unpacked; an observable lies within."""
    inner, outer = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as packing:
        packing.writestr("zeros.bin", b"http://bomb.example/ " + bytes(UNPACKED))
    with zipfile.ZipFile(outer, "w", zipfile.ZIP_DEFLATED) as packing:
        for number in range(9):
            packing.writestr(f"{number}.zip", inner.getvalue())
    assert len(outer.getvalue()) * 100 < UNPACKED
    return outer.getvalue()


def reading(program: Program, folder: Path) -> Program:
    given = {"mail": {"folder": str(folder)}}
    return replace(program, settings=replace(program.settings, connectors=given))


def test_a_zip_bomb_is_a_file_like_any_other_and_nobody_unpacks_it(
    program: Program, app: Flask, lead: Visitor, tmp_path: Path
) -> None:
    bomb = a_bomb()
    visitor = Visitor(app)
    visitor.get("/report")
    visitor.send("/report", text="See the archive", files=(BytesIO(bomb), "form.zip"))
    mail = EmailMessage()
    mail["From"], mail["Subject"], mail["Message-ID"] = "rana@x.example", "Archive", "<1@x.example>"
    mail.set_content("See the archive")
    mail.add_attachment(bomb, maintype="application", subtype="zip", filename="mail.zip")
    (tmp_path / "1.eml").write_bytes(mail.as_bytes())

    assert run_source(reading(program, tmp_path), SYSTEM, "mail").taken == 1

    kept = files(program)
    assert sorted(kept) == ["form.zip", "mail.eml", "mail.zip"]
    assert kept["form.zip"] == kept["mail.zip"] == bomb
    assert [one.text for one in rows(program, Report)] == ["See the archive"] * 2
    assert rows(program, ReportObservable) == []
    lead.get("/intake/REP-2026-0002")
    assert "mail.zip" in lead.text


@pytest.mark.parametrize(("name", "body"), [("photo.svg", PICTURE), ("letter.html", PAGE)])
def test_a_picture_or_page_that_runs_is_kept_and_only_ever_saved(
    program: Program, app: Flask, lead: Visitor, tmp_path: Path, name: str, body: bytes
) -> None:
    """From the counter, from a mail and from the telephone's form."""
    visitor = Visitor(app)
    visitor.get("/report")
    visitor.send("/report", text="Look", files=(BytesIO(body), name, "text/html"))
    mail = EmailMessage()
    mail["From"], mail["Subject"], mail["Message-ID"] = "rana@x.example", "Look", "<1@x.example>"
    mail.set_content("Look")
    mail.add_attachment(body, maintype="image", subtype="svg+xml", filename=name)
    (tmp_path / "1.eml").write_bytes(mail.as_bytes())
    run_source(reading(program, tmp_path), SYSTEM, "mail")
    lead.get("/triage/new")
    lead.send("/triage/new", text="Look", files=(BytesIO(body), name, "image/svg+xml"))

    ours = [one for one in rows(program, Attachment) if one.name == name]
    assert len(ours) == 3
    for file in ours:
        page = lead.get(f"/intake/{file.owner}").get_data(as_text=True)
        assert "alert(" not in page
        answer = lead.get(f"/intake/{file.owner}/files/{file.id}")
        assert answer.data == body
        assert answer.mimetype == "application/octet-stream"
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]


def nested(depth: int) -> bytes:
    levels = (
        f'Content-Type: multipart/mixed; boundary="b{n}"\r\n\r\n--b{n}\r\n' for n in range(depth)
    )
    head = b"From: rana@x.example\r\nSubject: Deep\r\nMIME-Version: 1.0\r\n"
    return (
        head + "".join(levels).encode() + b"Content-Type: text/plain\r\n\r\nhttp://deep.example\r\n"
    )


def test_mails_without_end_or_sender_are_reports_and_stop_none_behind_them(
    program: Program, lead: Visitor, tmp_path: Path
) -> None:
    attached = a_mail("The innermost.")
    for number in range(500):
        head = f"From: {number}@x.example\r\nContent-Type: message/rfc822\r\n\r\n".encode()
        attached = head + attached
    mails = [
        nested(500),
        attached,
        b"Subject: Nobody wrote this\r\n\r\nhttp://evil.example/login\r\n",
        b"",
        a_mail("The last of them.", message_id="<last@x.example>"),
    ]
    for number, raw in enumerate(mails):
        (tmp_path / f"{number}.eml").write_bytes(raw)

    run = run_source(reading(program, tmp_path), SYSTEM, "mail")

    assert (run.files, run.taken) == (5, 5)
    reports = rows(program, Report)
    assert [one.contact for one in reports][2:4] == ["", ""]
    assert reports[-1].text == "The last of them."
    with program.work(CONSOLE, write=False) as work:
        bodies = (
            sa.select(AttachmentContent.body)
            .join(Attachment, Attachment.id == AttachmentContent.attachment_id)
            .where(Attachment.name == "mail.eml")
            .order_by(Attachment.id)
        )
        assert list(work.session.scalars(bodies)) == mails
    for report in reports:
        assert is_in_our_words(lead.get(f"/intake/{report.reference}"))


@pytest.mark.parametrize("same", [True, False], ids=["one decision", "two decisions"])
def test_of_two_people_who_decide_in_the_same_second_the_second_is_told_and_keeps_the_words(
    program: Program, app: Flask, same: bool
) -> None:
    reference = a_report(program).reference
    action = f"/triage/{reference}/decision"
    people = [in_role(program, app, name) for name in ("Lin", "Amina")]
    decisions = ["accept", "accept" if same else "reject"]
    given = []
    for visitor, decision in zip(people, decisions, strict=True):
        visitor.get(f"/intake/{reference}")
        words: dict[str, Any] = {
            "title": "Remote access",
            "severity": "high",
            "reason": f"Because {decision}",
        }
        form = visitor.form(action).fields
        given.append({**form, **words, "decision": decision, "classification": "fraud/phishing"})

    answers = at_once(
        *(
            lambda visitor=visitor, typed=typed: visitor.post(action, typed)
            for visitor, typed in zip(people, given, strict=True)
        )
    )

    assert sorted(one.status_code for one in answers) == [303, 409]
    second = next(one for one in answers if one.status_code == 409)
    told = second.get_data(as_text=True)
    assert "Because" in told
    assert not any(word in told for word in INSIDE)
    (report,) = rows(program, Report)
    assert report.state in (ReportState.ACCEPTED, ReportState.REJECTED)
    accepted = report.state is ReportState.ACCEPTED
    assert len(rows(program, Incident)) == int(accepted)
    entries = [one for one in rows(program, Entry) if one.kind is EntryKind.REPORT_ACCEPTED]
    assert len(entries) == int(accepted)


def at_once(*acts: Callable[[], TestResponse]) -> list[TestResponse]:
    together = threading.Barrier(len(acts))
    answers: list[TestResponse] = []

    def run(act: Callable[[], TestResponse]) -> None:
        together.wait()
        answers.append(act())

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_no_form_of_the_desk_breaks_on_a_megabyte(program: Program, lead: Visitor) -> None:
    incident = an_incident(program, a_person(program, "Tomas", Role.HANDLER)).reference
    report = a_report(program).reference
    lead.get("/account")
    token = lead.form("/account/language").fields["form_token"]
    for path, names in forms_of(report, incident).items():
        typed = [name for name in names if name in TYPED]
        for name in typed[:1]:
            answer = lead.post(path, {"form_token": token, name: "x\u200b" * 2**18})
            assert is_in_our_words(answer), (path, name)
            assert answer.status_code in (303, 404, 409, 413, 422), (path, name)
    (kept,) = rows(program, Report)
    assert kept.state is ReportState.RECEIVED
