"""What somebody hostile sends, each found by trying: it harms nobody, betrays nobody, and keeps nothing from its place."""

import logging
from io import BytesIO

import pytest
import sqlalchemy as sa
from flask import Flask

from cirt.boot.app import create_app
from cirt.kernel.clock import FakeClock
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, SYSTEM
from cirt.parties.roles import Role
from cirt.register.bin.commands import DeleteIncident, Restore
from cirt.register.bin.service import delete_incident, restore
from cirt.register.bulk.commands import ConfirmBulk, TickReports, UndoBulk
from cirt.register.bulk.models import BulkDo
from cirt.register.bulk.service import confirm_bulk, tick_reports, undo_bulk
from cirt.register.dialogue.models import Message
from cirt.register.mail.models import MailOutcome
from cirt.register.mail.opening import open_mail
from cirt.register.mail.service import MailWay, take_mail
from cirt.register.mail.tokens import subject_tag
from cirt.register.merging.commands import Merge, Unmerge
from cirt.register.merging.models import ReportMerge
from cirt.register.merging.queries import present_merge
from cirt.register.merging.service import merge_report, unmerge_report
from cirt.register.models import Note, Report
from cirt.register.relations.commands import LinkIncidents, Wish
from cirt.register.relations.queries import links_of, open_parts
from cirt.register.relations.service import link_incidents
from cirt.register.sight import get_report
from cirt.register.timeline.queries import BEGINNING
from cirt.register.webhook.service import add_webhook
from cirt.web.guesses import PER_REPORT, WINDOW
from tests.service.test_web_dialogue import CODE
from tests.support.browse import Visitor, a_colleague
from tests.support.register import a_person, a_report, an_incident

WRONG = "AAA-BBB-CCC-DDD-EEE"
TEXT = "What I found out about it.\nAnd more."


@pytest.fixture
def app(program: Program) -> Flask:
    return create_app(program)


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    return Visitor(app)


@pytest.fixture
def handler(program: Program, app: Flask) -> Visitor:
    made = Visitor(app)
    made.sign_in(a_colleague(program, Role.HANDLER))
    return made


def rows(program: Program, table: type[Report | Message | Note]) -> list[object]:
    with program.work(CONSOLE, write=False) as work:
        return list(work.session.scalars(sa.select(table)))


def taken(program: Program, raw: bytes) -> MailOutcome | None:
    opened = open_mail(raw, None)
    with program.work(SYSTEM) as work:
        return take_mail(work, program.keys, opened, MailWay("test"))


@pytest.mark.parametrize("header", ["Origin", "Referer"])
@pytest.mark.parametrize(
    "address", ["http://[", "//[::1/x", "http://\u2100".encode().decode("latin-1")]
)
def test_a_header_that_is_no_address_is_no_fault_of_ours(
    handler: Visitor, header: str, address: str
) -> None:
    handler.get("/account")
    form = handler.form("/account/language").fields

    answers = [handler.post("/account/language", form, headers={header: address}) for _ in range(2)]

    assert {one.status_code for one in answers} <= {303, 422}


def test_a_field_whose_name_is_no_text_is_refused_and_the_rest_given_back(visitor: Visitor) -> None:
    visitor.get("/report")
    once = visitor.form("/report").fields["once"][0].encode()
    part = b'--XX\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
    body = part % (b"once", once) + part % (b"text", b"Help us") + part % (b"\xff\xfe", b"x")

    answer = visitor.client.post(
        "/report", data=body + b"--XX--\r\n", content_type="multipart/form-data; boundary=XX"
    )

    assert answer.status_code == 422
    assert "Help us" in answer.text


def test_codes_are_not_guessed_without_end_and_the_limit_tells_nothing(
    visitor: Visitor, clock: FakeClock
) -> None:
    visitor.get("/report")
    visitor.send("/report", text="Help us")
    visitor.follow()
    found = CODE.search(visitor.text)
    assert found
    told = []

    for reference in ("REP-2026-0001", "REP-2026-0999"):
        for _ in range(PER_REPORT):
            visitor.get("/status")
            assert visitor.send("/status", reference=reference, code=WRONG).status_code == 422
        visitor.get("/status")
        told.append((visitor.send("/status", reference=reference, code=found[0]), reference))

    assert [one.status_code for one, _ in told] == [429, 429]
    assert len({one.text.replace(reference, "") for one, reference in told}) == 1
    assert "Too many tries" in visitor.text
    clock.forward(minutes=WINDOW.total_seconds() / 60)
    visitor.get("/status")
    assert visitor.send("/status", reference="REP-2026-0001", code=found[0]).status_code == 200


def test_the_limit_on_codes_holds_for_answers_which_come_back(visitor: Visitor) -> None:
    visitor.get("/report")
    visitor.send("/report", text="Help us")
    visitor.follow()
    found = CODE.search(visitor.text)
    assert found
    visitor.get("/status")
    visitor.send("/status", reference="REP-2026-0001", code=found[0])
    form = visitor.form("/status/answer").fields
    for once in ("not made here", form["once"][0]) * PER_REPORT:
        visitor.post("/status/answer", {**form, "once": once, "code": WRONG, "text": TEXT})

    answer = visitor.post("/status/answer", {**form, "text": TEXT})

    assert answer.status_code == 429
    assert visitor.form("/status/answer").fields["text"] == [TEXT]


def test_of_who_stays_anonymous_no_answer_keeps_the_browser_either(
    program: Program, visitor: Visitor
) -> None:
    for who in ("nobody", "self"):
        visitor.get("/report")
        visitor.send("/report", text="Help us", who=who)
        visitor.follow()
        found = CODE.search(visitor.text)
        assert found
        visitor.get("/status")
        visitor.send("/status", reference=f"REP-2026-000{1 + (who == 'self')}", code=found[0])
        visitor.send("/status/answer", text="More", files=(BytesIO(b"x"), "a\u202eb.txt"))

    hidden, named = (one.headers for one in rows(program, Message) if isinstance(one, Message))
    assert set(hidden) == {"File-Names"}
    assert "User-Agent" in named


def test_the_name_of_a_file_is_no_path_on_the_readers_disk(
    program: Program, visitor: Visitor, handler: Visitor
) -> None:
    visitor.get("/report")
    visitor.send("/report", text="x", files=(BytesIO(b"<script>"), "../../etc/passwd.html"))

    handler.get("/intake/REP-2026-0001")
    place = handler.page.partition('href="/intake/REP-2026-0001/files/')[2].partition('"')[0]
    answer = handler.get(f"/intake/REP-2026-0001/files/{place}")

    assert answer.headers["Content-Disposition"] == "attachment; filename=.._.._etc_passwd.html"
    assert answer.mimetype == "application/octet-stream"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("title", ["\u200b", " \u2060\ufeff ", "\u202e\u2066"])
def test_a_title_that_nobody_can_see_is_none(handler: Visitor, title: str) -> None:
    handler.get("/incidents/new")
    answer = handler.send(
        "/incidents/new", title=title, classification="fraud/phishing", severity="low"
    )

    assert answer.status_code == 422
    assert "Enter a title" in handler.text


def test_words_of_an_incident_that_went_out_of_sight_come_back(
    program: Program, handler: Visitor
) -> None:
    """They are the writer's own; that it is there is not told."""
    reference = an_incident(program, a_person(program, "Tomas", Role.HANDLER)).reference
    handler.get(f"/incidents/{reference}/edit")
    form = handler.form(f"/incidents/{reference}/edit").fields
    with program.work(CONSOLE) as work:
        work.session.execute(sa.text("UPDATE incident SET tlp = 'red'"))
    told = []

    for place in (reference, "INC-2026-0999"):
        answer = handler.post(f"/incidents/{place}/edit", {**form, "reason": TEXT})
        assert answer.status_code == 404
        assert TEXT in answer.text
        token = handler.form(f"/incidents/{place}/edit").fields["form_token"][0]
        told.append(answer.text.replace(place, "").replace(token, ""))

    assert "water utility" not in told[0].partition("<form")[0]
    assert handler.get(f"/incidents/{reference}").status_code == 404


def test_words_of_who_lost_the_right_come_back(program: Program, handler: Visitor) -> None:
    reference = an_incident(program, a_person(program, "Tomas", Role.HANDLER)).reference
    handler.get(f"/incidents/{reference}/edit")
    form = handler.form(f"/incidents/{reference}/edit").fields
    with program.work(CONSOLE) as work:
        work.session.execute(sa.text("UPDATE role_grant SET role = 'auditor'"))

    answer = handler.post(f"/incidents/{reference}/edit", {**form, "reason": TEXT})

    assert answer.status_code == 403
    assert TEXT in answer.text


@pytest.mark.parametrize("shape", ["- a\n", "_a_"])
def test_a_note_of_a_megabyte_is_shown_by_its_beginning_and_whole_with_its_history(
    program: Program, handler: Visitor, shape: str
) -> None:
    reference = an_incident(program, a_person(program, "Tomas", Role.HANDLER)).reference
    handler.get(f"/incidents/{reference}")
    text = (shape * 300_000)[:1_000_000].strip() + " END"
    handler.send(f"/incidents/{reference}/notes", text=text)

    handler.follow()

    assert len(handler.page) < 30 * BEGINNING
    assert "Whole note" in handler.text
    assert "END" not in handler.text
    [note] = rows(program, Note)
    assert isinstance(note, Note)
    assert "END" in handler.get(f"/incidents/{reference}/notes/{note.id}/history").text


def test_what_is_looked_for_may_be_longer_than_a_database_compares(handler: Visitor) -> None:
    for path in ("/incidents?q=", "/triage?words=", "/indicators?words="):
        assert handler.get(path + "%25" * 30_000).status_code == 200, path


@pytest.mark.parametrize("field", ["In-Reply-To", "References", "Message-ID"])
def test_a_mail_with_an_id_that_no_column_holds_does_not_stop_those_behind_it(
    program: Program, field: str
) -> None:
    for number, odd in enumerate((b"a\x00b@x", b"\xed\xa0\x80@x", b"\xff\x1f@x")):
        head = b"From: a@b.example\r\nSubject: %d\r\n" % number
        raw = head + field.encode() + b": <" + odd + b"> <good@x.example>\r\n\r\nHelp us\r\n"

        assert taken(program, raw) is MailOutcome.REPORT


def test_an_absence_note_with_what_no_column_holds_is_kept(program: Program) -> None:
    report = a_report(program, contact="a@b.example")
    tag = subject_tag(program.keys, report.reference).encode()
    head = (
        b"From: a@b.example\r\nSubject: Automatic reply: "
        + tag
        + b"\r\nAuto-Submitted: auto-replied\r\n"
    )

    assert taken(program, head + b"\r\nI am\x00 away") is MailOutcome.AUTOMATIC

    [message] = rows(program, Message)
    assert isinstance(message, Message)
    assert message.text == "I am\u2400 away"


def test_two_mails_of_nothing_but_rubbish_are_two_reports(program: Program) -> None:
    outcomes = [taken(program, raw) for raw in (b"\x00\x01 one", b"\x00\x01 two", b"\x00\x01 two")]

    assert outcomes == [MailOutcome.REPORT, MailOutcome.REPORT, None]


def test_an_event_too_deep_to_be_read_is_refused_in_words(
    program: Program, visitor: Visitor
) -> None:
    with program.work(CONSOLE) as work:
        token = add_webhook(work, "siem", {}, Tlp.AMBER)
    for depth in (1000, 1020, 100_000):
        answer = visitor.client.post(
            "/intake/webhook/siem",
            data=b'{"x":' + b"[" * depth + b"]" * depth + b"}",
            headers={"Authorization": f"Bearer {token}"},
        )

        assert answer.status_code in (201, 422), depth
        assert answer.get_json().get("reference") or answer.get_json()["message"]


def test_no_line_of_the_log_tells_where_a_report_came_from(
    program: Program, visitor: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    visitor.get("/report", environ_base={"REMOTE_ADDR": "192.0.2.77"})
    form = visitor.form("/report").fields
    for text in ("Help us", ""):
        visitor.post(
            "/report",
            {**form, "who": "nobody", "text": text},
            environ_base={"REMOTE_ADDR": "192.0.2.77"},
        )

    assert [one for one in caplog.records if "192.0.2.77" in str(vars(one))] == []
    with program.work(CONSOLE, write=False) as work:
        tables = sa.inspect(work.connection).get_table_names()
        kept = [
            str(work.connection.execute(sa.text(f'SELECT * FROM "{name}"')).all())
            for name in tables
        ]
    assert not [one for one in kept if "192.0.2.77" in one]


def test_what_lies_in_the_bin_is_no_link_and_keeps_nothing_open(program: Program) -> None:
    lina = a_person(program, "Lina", Role.LEAD)
    whole, part = (an_incident(program, lina, title=title) for title in ("A wave", "A mail"))
    with program.work(lina) as work:
        link_incidents(work, LinkIncidents(whole.reference, part.reference, Wish.HAS_PART))
    with program.work(lina) as work:
        act = delete_incident(work, DeleteIncident(part.reference, 1, "By mistake")).id
    with program.work(lina, write=False) as work:
        assert links_of(work, whole.id) == []
        assert open_parts(work, whole.id) == []

    with program.work(lina) as work:
        restore(work, Restore(act))

    with program.work(lina, write=False) as work:
        assert [one.reference for one in links_of(work, whole.id)] == [part.reference]
        assert open_parts(work, whole.id) == [part.reference]


def test_undoing_a_bulk_merge_leaves_what_somebody_merged_into_another_report_since(
    program: Program, clock: FakeClock
) -> None:
    lina = a_person(program, "Lina", Role.LEAD)
    first, second, third = (
        a_report(program, f"The same {number}").reference for number in range(3)
    )
    with program.work(lina) as work:
        act = tick_reports(work, TickReports(BulkDo.MERGE, (first, second))).id
    with program.work(lina) as work:
        confirm_bulk(work, ConfirmBulk(act, "The same", second))
    clock.forward(minutes=5)
    with program.work(lina) as work:
        merge = present_merge(work, ReportMerge, get_report(work, first).id)
        unmerge_report(work, Unmerge(first, merge.id))
        merge_report(work, Merge(first, 1, third, "Rather this one"))

    with program.work(lina) as work:
        undone = undo_bulk(work, UndoBulk(act))
        assert [reference for reference, _ in undone.done] == [first]
        assert present_merge(work, ReportMerge, get_report(work, first).id) is not None
