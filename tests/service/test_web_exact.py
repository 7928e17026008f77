"""What comes to the counter is kept to the byte, whatever the bytes are."""

from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cirt.files.content import AttachmentContent
from cirt.files.models import Attachment
from cirt.kernel.program import Program
from cirt.kernel.work import CONSOLE
from cirt.register import texts
from cirt.register.dialogue.models import Message
from cirt.register.models import Report
from tests.support.browse import Visitor, web_app

BOUNDARY = b"--------------------exact"
LATIN = "Grüße, señor".encode("latin-1")
ODD = b"line\r\n \x00\xff\xfe\xed\xa0\x80 \xe2\x80\xae end \r\n"


@pytest.fixture
def visitor(program: Program) -> Visitor:
    return Visitor(web_app(program))


def body_of(fields: dict[str, bytes], files: list[tuple[bytes, bytes]]) -> bytes:
    parts = [b'name="%b"\r\n\r\n%b' % (name.encode(), value) for name, value in fields.items()]
    parts += [
        b'name="files"; filename="%b"\r\nContent-Type: x/y\r\n\r\n%b' % file for file in files
    ]
    begin = b"--" + BOUNDARY + b"\r\nContent-Disposition: form-data; "
    return b"".join(begin + part + b"\r\n" for part in parts) + b"--" + BOUNDARY + b"--\r\n"


def send(visitor: Visitor, path: str, action: str, **given_fields: Any) -> int:
    files = given_fields.pop("files", [])
    known = {name: found[0].encode() for name, found in visitor.form(action).fields.items()}
    visitor.last = visitor.client.post(
        path,
        data=body_of({**known, **given_fields}, files),
        content_type=f"multipart/form-data; boundary={BOUNDARY.decode()}",
    )
    return visitor.last.status_code


def rows(program: Program, query: sa.Select[Any]) -> list[Any]:
    with program.work(CONSOLE, write=False) as work:
        return list(work.session.scalars(query))


@pytest.mark.parametrize("typed", [LATIN, ODD, b"\xed\xa0\x80 alone"])
def test_a_report_that_is_no_utf_8_is_kept_byte_for_byte(
    program: Program, visitor: Visitor, typed: bytes
) -> None:
    visitor.get("/report")

    assert send(visitor, "/report", "/report", text=typed) == 303

    [report] = rows(program, sa.select(Report))
    assert report.text == texts.storable(typed.decode("utf-8", "surrogateescape"))
    assert rows(program, sa.select(AttachmentContent.body)) == [typed]


def test_an_answer_that_is_no_utf_8_is_kept_byte_for_byte(
    program: Program, visitor: Visitor
) -> None:
    visitor.get("/report")
    send(visitor, "/report", "/report", text=b"Help")
    visitor.follow()
    code = visitor.page.partition('Follow-up code</dt><dd><bdi class="mono">')[2].partition("<")[0]
    visitor.get("/status")
    visitor.send("/status", reference="REP-2026-0001", code=code)

    assert send(visitor, "/status/answer", "/status/answer", text=ODD) == 303

    assert len(rows(program, sa.select(Message))) == 1
    assert rows(program, sa.select(AttachmentContent.body)) == [ODD]
    assert "We have your answer" in visitor.follow().get_data(as_text=True)


def test_files_keep_their_bytes_and_their_odd_names_stand_in_the_headers(
    program: Program, visitor: Visitor
) -> None:
    visitor.get("/report")
    names = [b"caf\xe9.txt", "invoice\u202egpj.exe".encode(), b"plain.log", b"a" * 300]

    send(visitor, "/report", "/report", text=b"x", files=[(name, ODD) for name in names])

    [report] = rows(program, sa.select(Report))
    assert report.headers["File-Names"] == ["caf%E9.txt", "invoice%E2%80%AEgpj.exe", "a" * 300]
    assert rows(program, sa.select(AttachmentContent.body)) == [ODD] * 4
    kept = rows(program, sa.select(Attachment.name).order_by(Attachment.id))
    assert kept == ["caf.txt", "invoicegpj.exe", "plain.log", "a" * 255]


def test_odd_bytes_in_any_other_field_come_back_as_a_page_and_never_as_a_fault(
    visitor: Visitor,
) -> None:
    visitor.get("/report")
    names = [*visitor.form("/report").fields, "contact", "began", "odd"]

    for name in names:
        visitor.get("/report")
        status = send(visitor, "/report", "/report", **{"text": ODD, name: ODD})

        assert status in (303, 422), (name, status)
    for name in ("reference", "code", "once", "text"):
        visitor.get("/report")
        status = send(visitor, "/status/answer", "/report", **{name: ODD})
        assert status == 422, name


def test_who_stays_anonymous_leaves_no_name_and_no_header(
    program: Program, visitor: Visitor
) -> None:
    visitor.get("/report")

    visitor.send("/report", text="x", who="nobody", reporter="Ann", contact="ann@x.example")

    [report] = rows(program, sa.select(Report))
    assert (report.reporter, report.organisation, report.contact) == ("", "", "")
    assert report.headers == {}


@given(typed=st.binary(max_size=300))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_the_same_after_the_way_in(typed: bytes) -> None:
    text = typed.decode("utf-8", "surrogateescape")

    assert texts.as_sent(text) == typed
    assert texts.is_storable(texts.storable(text))
