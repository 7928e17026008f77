"""The public counter: a report without an account, and its follow-up."""

import re
from io import BytesIO

import pytest
import sqlalchemy as sa

from cirt.files.models import Attachment
from cirt.kernel.clock import FakeClock
from cirt.kernel.program import Program
from cirt.kernel.work import CONSOLE
from cirt.register.models import Report
from tests.support.browse import Visitor, web_app

TEXT = "Two computers asked for remote control after a mail from login.example.org\nPumps run."


@pytest.fixture
def visitor(program: Program) -> Visitor:
    return Visitor(web_app(program))


def reports(program: Program) -> list[Report]:
    with program.work(CONSOLE, write=False) as work:
        return list(work.session.scalars(sa.select(Report)))


def test_anyone_reports_and_follows_with_reference_and_code(
    program: Program, visitor: Visitor
) -> None:
    visitor.get("/report")
    visitor.send(
        "/report", text=TEXT, organisation="Harbour Water", files=(BytesIO(b"log"), "a.log")
    )
    visitor.follow()
    code = re.search(r"[0-9A-Z]{3}(-[0-9A-Z]{3}){4}", visitor.text)
    assert code
    assert "REP-2026-0001" in visitor.text

    visitor.get("/status")
    answer = visitor.send("/status", reference="rep-2026-0001", code=code[0].lower())

    assert answer.status_code == 200
    assert "We have your report" in visitor.text
    assert (
        reports(program)[0].text == TEXT.replace("\n", "\r\n") or reports(program)[0].text == TEXT
    )
    with program.work(CONSOLE, write=False) as work:
        assert list(work.session.scalars(sa.select(Attachment.name))) == ["a.log"]


def test_a_wrong_code_tells_nothing(program: Program, visitor: Visitor) -> None:
    visitor.get("/report")
    visitor.send("/report", text=TEXT)
    texts = []

    for reference in ("REP-2026-0001", "REP-2026-0999"):
        visitor.get("/status")
        answer = visitor.send("/status", reference=reference, code="AAA-BBB-CCC-DDD-EEE")
        assert answer.status_code == 422
        texts.append(visitor.text)

    assert texts[0] == texts[1]


def test_the_same_form_sent_twice_is_one_report(program: Program, visitor: Visitor) -> None:
    visitor.get("/report")
    form = visitor.form("/report").fields

    places = []
    for _ in range(2):
        visitor.post("/report", {**form, "text": TEXT})
        visitor.follow()
        places.append(visitor.text)

    assert places[0] == places[1]
    assert len(reports(program)) == 1


def test_what_needs_fixing_is_said_at_its_field_and_nothing_typed_is_lost(visitor: Visitor) -> None:
    visitor.get("/report")

    answer = visitor.send("/report", text="", organisation="Harbour <Water>", contact="call me")

    assert answer.status_code == 422
    assert "<title>Error: Report an incident" in visitor.page
    assert 'href="#text"' in visitor.page
    assert 'href="#contact"' in visitor.page
    assert visitor.form("/report").fields["organisation"] == ["Harbour <Water>"]


def test_a_form_opened_long_ago_keeps_its_text(visitor: Visitor, clock: FakeClock) -> None:
    visitor.get("/report")

    visitor.send("/report", text=TEXT, once="not made here")

    assert visitor.last
    assert visitor.last.status_code == 422
    assert visitor.form("/report").fields["text"] == [TEXT]
    assert visitor.send("/report").status_code == 303


def test_a_text_over_one_megabyte_comes_back(program: Program, visitor: Visitor) -> None:
    long = "spam and eggs\n" * 80_000
    visitor.get("/report")

    answer = visitor.send("/report", text=long)

    assert answer.status_code in (413, 422)
    assert len(visitor.form("/report").fields["text"][0]) >= len(long)
    assert not reports(program)


def test_a_file_of_30_megabytes_is_refused_and_the_text_comes_back(
    program: Program, visitor: Visitor
) -> None:
    visitor.get("/report")

    answer = visitor.send("/report", text=TEXT, files=(BytesIO(bytes(30 * 2**20)), "disk.img"))

    assert answer.status_code in (413, 422)
    assert "larger than 10 MB" in visitor.text
    assert visitor.form("/report").fields["text"] == [TEXT]
    assert not reports(program)


def test_the_receipt_is_forgotten_after_an_hour(visitor: Visitor, clock: FakeClock) -> None:
    visitor.get("/report")
    receipt = visitor.send("/report", text=TEXT).headers["Location"]
    assert visitor.get(receipt).status_code == 200

    clock.forward(minutes=61)

    assert visitor.get(receipt).status_code == 404
    assert visitor.get("/report/sent?receipt=forged").status_code == 404


def test_another_language_keeps_what_was_typed(program: Program, visitor: Visitor) -> None:
    visitor.get("/report")
    assert 'formaction="/report?lang=ar"' in visitor.page
    typed = {"text": TEXT, "organisation": "Harbour Water", "affected": ["service", "office"]}
    fields = {**visitor.form("/report").fields, **typed, "who": "other", "to_language": "ar"}
    answer = visitor.post("/report?lang=ar", {**fields, "files": (BytesIO(b"log"), "a.log")})

    assert answer.status_code == 200
    assert 'dir="rtl"' in visitor.page
    assert reports(program) == []
    form = visitor.form("/report?lang=ar")
    assert form.fields["text"] == [TEXT]
    assert form.fields["organisation"] == ["Harbour Water"]
    assert form.fields["affected"] == ["office", "service"]
    assert form.fields["who"] == ["other"]
    assert form.fields["language"] == ["ar"]
    assert visitor.send("/report?lang=ar", who="self").status_code == 303
    assert len(reports(program)) == 1


def test_another_language_keeps_an_answer_and_the_way_to_the_report(
    program: Program, visitor: Visitor
) -> None:
    visitor.get("/report")
    visitor.send("/report", text=TEXT)
    visitor.follow()
    code = re.search(r"[0-9A-Z]{3}(-[0-9A-Z]{3}){4}", visitor.text)
    assert code
    visitor.get("/status")
    assert 'formaction="/status?lang=fr"' in visitor.page
    typed = {"reference": "REP-2026-0001", "code": code[0]}
    visitor.post("/status?lang=fr", {**typed, "to_language": "fr"})
    assert visitor.form("/status?lang=fr").fields["code"] == [code[0]]
    visitor.send("/status?lang=fr")
    assert "REP-2026-0001" in visitor.text

    fields = visitor.form("/status/answer?lang=fr").fields
    typed = {"text": "It began again", "to_language": "ar"}
    assert visitor.post("/status/answer?lang=ar", {**fields, **typed}).status_code == 200
    assert visitor.form("/status/answer?lang=ar").fields["text"] == ["It began again"]
    wrong = {**fields, "code": "AAA-BBB-CCC-DDD-EEE", "to_language": "fr"}
    assert visitor.post("/status/answer?lang=fr", wrong).status_code == 422
