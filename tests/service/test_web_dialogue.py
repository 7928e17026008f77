"""The dialogue with reporters on the pages: the counter's lanes, the status page, the desk's box, calls written down."""

import re
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
import sqlalchemy as sa

from cirt.kernel.clock import FakeClock
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, PUBLIC
from cirt.parties.roles import Role
from cirt.register import service
from cirt.register.commands import SentFile, TakeReport
from cirt.register.dialogue.commands import TakeAnswer
from cirt.register.dialogue.models import Message
from cirt.register.models import Lane, Report, ReportSource
from tests.support.asked import asked_of
from tests.support.browse import Visitor, signed_in, web_app

CODE = re.compile(r"[0-9A-Z]{3}(-[0-9A-Z]{3}){4}")
REPORT = "REP-2026-0001"


@pytest.fixture
def amina(program: Program) -> Visitor:
    return signed_in(program, Role.HANDLER)


@pytest.fixture
def visitor(program: Program) -> Visitor:
    return Visitor(web_app(program))


def reported(visitor: Visitor, path: str = "/report", **typed: Any) -> str:
    """Somebody reports; their code."""
    visitor.get(path)
    visitor.send("/report", **{"text": "A window asked for remote control.", **typed})
    visitor.follow()
    found = CODE.search(visitor.text)
    assert found, visitor.text
    return found[0]


def looks(visitor: Visitor, code: str, reference: str = REPORT) -> str:
    visitor.get("/status")
    visitor.send("/status", reference=reference, code=code)
    return visitor.text


def asks(amina: Visitor, text: str, **typed: Any) -> int:
    place = f"/intake/{REPORT}/messages"
    amina.get(place)
    if f"{place}/read" in amina.page:
        amina.send(f"{place}/read")
        amina.follow()
    return amina.send(place, message=text, **typed).status_code


def the_report(program: Program) -> Report:
    with program.work(CONSOLE, write=False) as work:
        return work.session.scalars(sa.select(Report)).one()


def messages(program: Program) -> list[Message]:
    with program.work(CONSOLE, write=False) as work:
        return list(work.session.scalars(sa.select(Message).order_by(Message.id)))


ADVICE = {
    Lane.CITIZEN: ("Call your bank now", "Watch your bank account"),
    Lane.FIRM: ("backups are safe", "data protection authority"),
    Lane.OPERATOR: ("follow your emergency plan", "the last 90 days"),
    Lane.SPAM: ("do not unsubscribe", "Delete the message now"),
}


def test_each_lane_gives_its_advice_before_and_after(program: Program, visitor: Visitor) -> None:
    for lane, (before, after) in ADVICE.items():
        visitor.get(f"/report?lane={lane}")
        assert before in visitor.text

        reported(visitor, f"/report?lane={lane}")

        assert after in visitor.text
    with program.work(CONSOLE, write=False) as work:
        assert list(work.session.scalars(sa.select(Report.lane).order_by(Report.id))) == [*ADVICE]


def test_what_was_said_beside_the_text_is_read_at_the_desk(
    program: Program, visitor: Visitor, amina: Visitor
) -> None:
    reported(
        visitor,
        who="other",
        on_behalf_of="Harbour Water",
        on_behalf_known="no",
        ongoing="yes",
        began="2026-11-18",
        affected=["service", "personal-data"],
    )

    amina.get(f"/intake/{REPORT}")

    for said in (
        "Harbour Water they do not know of it",
        "Yes, or they cannot tell",
        "2026-11-18",
        "A service people depend on, Personal data",
    ):
        assert said in amina.text


def test_the_page_on_children_hands_over_and_takes_nothing(program: Program) -> None:
    visitor = Visitor(web_app(program))
    visitor.get("/report/child")
    assert "the police nearest to you" in visitor.text
    assert "<form" not in visitor.page.partition("<main")[2]
    assert visitor.post("/report/child", {"text": "x"}).status_code == 404

    settings = replace(
        program.settings,
        child_hotline="Child Line 116 111",
        child_hotline_url="https://line.example",
    )
    visitor = Visitor(web_app(replace(program, settings=settings)))
    visitor.get("/report/child")

    assert "Child Line 116 111" in visitor.text
    assert 'href="https://line.example"' in visitor.page
    assert "the police nearest to you" not in visitor.text


def test_questions_and_answers_go_back_and_forth(
    program: Program, visitor: Visitor, amina: Visitor
) -> None:
    code = reported(visitor)
    assert asks(amina, "Which computer?", subject="A question") == 303

    assert "We have a question for you" in looks(visitor, code)
    visitor.send("/status/answer", text="The one at the counter", files=(BytesIO(b"log"), "a.log"))
    visitor.follow()

    assert "We have your answer" in visitor.text
    assert "We have a question for you" not in visitor.text
    assert "a.log" in visitor.text
    for path in ("/desk", "/triage"):
        amina.get(path)
        assert "1 answer of a reporter waits" in amina.text
    assert "Answer waits" in amina.text
    amina.get("/triage/answers")
    assert "The one at the counter" in amina.text
    amina.get(f"/intake/{REPORT}/messages")
    assert re.search(rf'href="/intake/{REPORT}/files/\d+"><bdi>a.log', amina.page)
    amina.send(f"/intake/{REPORT}/messages/read")
    amina.get("/triage")
    assert "waits" not in amina.text


def test_the_same_answer_sent_twice_is_one(program: Program, visitor: Visitor) -> None:
    looks(visitor, reported(visitor))
    form = visitor.form("/status/answer").fields

    for _ in range(2):
        visitor.post("/status/answer", {**form, "text": "Only once"})
        visitor.follow()
        assert "We have your answer" in visitor.text

    assert [one.text for one in messages(program)] == ["Only once"]


def test_an_answer_that_cannot_be_taken_comes_back_with_its_text(
    program: Program, visitor: Visitor
) -> None:
    looks(visitor, reported(visitor))

    for changed in ({"once": "not made here"}, {"files": (BytesIO(bytes(11 << 20)), "disk.img")}):
        visitor.send("/status/answer", **{"text": "Do not lose me", **changed})

        assert visitor.last is not None
        assert visitor.last.status_code in (413, 422)
        assert visitor.form("/status/answer").fields["text"] == ["Do not lose me"]
    assert messages(program) == []


def test_a_rejected_report_takes_no_answer_and_gives_the_text_back(
    program: Program, visitor: Visitor, amina: Visitor
) -> None:
    looks(visitor, reported(visitor))
    form = visitor.form("/status/answer").fields
    amina.get(f"/intake/{REPORT}")
    amina.send(f"/triage/{REPORT}/decision", decision="reject", reason="Spam")

    answer = visitor.post("/status/answer", {**form, "text": "But it is <real>"})

    assert answer.status_code == 409
    assert "Send a new report" in visitor.text
    assert "But it is <real>" in visitor.text
    assert asks(amina, "Are you there?") == 409
    assert amina.form(f"/intake/{REPORT}/messages").fields["message"] == ["Are you there?"]
    assert asks(amina, "It was spam.", what="letter") == 303


def test_a_wrong_code_tells_nothing_when_answering_either(
    program: Program, visitor: Visitor
) -> None:
    looks(visitor, reported(visitor))
    form = visitor.form("/status/answer").fields
    pages = []

    for reference in (REPORT, "REP-2026-0999"):
        typed = {"reference": reference, "code": "AAA-BBB-CCC-DDD-EEE", "text": "x"}
        assert visitor.post("/status/answer", {**form, **typed}).status_code == 422
        pages.append(visitor.page.replace(reference, ""))

    assert pages[0] == pages[1]
    assert messages(program) == []


def test_the_page_after_an_answer_is_forgotten_after_an_hour(
    visitor: Visitor, clock: FakeClock
) -> None:
    looks(visitor, reported(visitor))
    receipt = visitor.send("/status/answer", text="x").headers["Location"]
    assert visitor.get(receipt).status_code == 200

    clock.forward(minutes=61)

    assert visitor.get(receipt).headers["Location"].endswith("/status")
    assert visitor.get("/status/answered?receipt=forged").headers["Location"].endswith("/status")


def test_of_a_red_report_the_reporter_reads_one_sentence_and_may_still_write(
    program: Program, visitor: Visitor, amina: Visitor
) -> None:
    amina.get("/triage/new")
    amina.send("/triage/new", text="A minister called", tlp="red", lane="operator")
    amina.follow()
    found = CODE.search(amina.text)
    assert found
    looks(visitor, found[0])
    visitor.send("/status/answer", text="One more thing")
    visitor.follow()

    assert "We have your report" in visitor.text
    assert "One more thing" not in visitor.text
    assert "90 days" not in visitor.text
    amina.get(f"/intake/{REPORT}/messages")
    assert "One more thing" in amina.text
    assert "nothing is written to the reporter from here" in amina.text
    assert asks(amina, "Thank you", what="question") == 409
    assert asks(amina, "Thanked them") == 303
    lead = signed_in(program, Role.LEAD, name="Lin")
    assert lead.get(f"/intake/{REPORT}/messages").status_code == 404
    assert lead.get(f"/triage/messages/{messages(program)[0].id}").status_code == 404
    lead.get("/triage/answers")
    assert "One more thing" not in lead.text


def test_a_call_is_written_down_as_it_was_told(program: Program, amina: Visitor) -> None:
    amina.get("/triage/new")
    amina.send(
        "/triage/new",
        text="Pumps stand still",
        came_at="2026-11-01T08:30",
        lane="operator",
        who="other",
        on_behalf_of="The water works",
        on_behalf_known="yes",
        reporter="Shift lead",
        contact="+1 555 0100",
    )

    receipt = amina.last.headers["Location"] if amina.last else ""
    assert amina.get(receipt).status_code == 200
    report = the_report(program)
    assert (report.source, report.lane) == (ReportSource.DESK, Lane.OPERATOR)
    assert f"{report.received_at:%d %H:%M}" == "01 08:30"
    assert (report.on_behalf_of, report.on_behalf_known) == ("The water works", True)
    other = signed_in(program, Role.LEAD, name="Lin")
    assert other.get(receipt).status_code == 404


WRONG = (
    ({"text": ""}, "text"),
    ({"came_at": "2031-01-01T10:00"}, "came_at"),
    ({"came_at": "0001-01-01T00:00"}, "came_at"),
    ({"came_at": "soon"}, "came_at"),
    ({"who": "other"}, "on_behalf_of"),
    ({"contact": "me at home"}, "contact"),
)


def test_what_is_wrong_with_a_call_is_said_at_its_field(program: Program, amina: Visitor) -> None:
    for typed, field in WRONG:
        amina.get("/triage/new")

        amina.send("/triage/new", **{"text": "Pumps stand still", **typed})

        assert amina.last is not None
        assert amina.last.status_code == 422
        assert f'href="#{field}"' in amina.page
    with program.work(CONSOLE, write=False) as work:
        assert work.session.scalar(sa.select(sa.func.count(Report.id))) == 0


def test_who_may_only_read_finds_no_box(program: Program, visitor: Visitor, amina: Visitor) -> None:
    reported(visitor)
    asks(amina, "Which computer?")
    auditor = signed_in(program, Role.AUDITOR, name="Rosa")

    auditor.get(f"/intake/{REPORT}/messages")

    assert "Which computer?" in auditor.text
    assert "<textarea" not in auditor.page
    assert auditor.get("/triage/new").status_code == 403


def test_in_an_incident_of_several_reports_one_says_to_whom(
    program: Program, visitor: Visitor, amina: Visitor
) -> None:
    codes = [reported(visitor), reported(visitor)]
    amina.get(f"/intake/{REPORT}")
    amina.send(
        f"/triage/{REPORT}/decision",
        decision="accept",
        title="Remote control",
        classification="intrusions/system-compromise",
        severity="high",
    )
    place = amina.last.headers["Location"] if amina.last else ""
    amina.get("/intake/REP-2026-0002")
    amina.send("/triage/REP-2026-0002/decision", decision="add", incident=place.rpartition("/")[2])
    amina.send("/triage/REP-2026-0002/decision")
    amina.get(f"{place}/dialogue")

    amina.send(f"{place}/dialogue", message="Who are you?")
    assert 'href="#to"' in amina.page
    assert amina.form(f"{place}/dialogue").fields["message"] == ["Who are you?"]
    amina.send(f"{place}/dialogue", to="REP-2026-0002")

    assert amina.follow().status_code == 200
    assert "Who are you?" in looks(visitor, codes[1], "REP-2026-0002")
    assert "Who are you?" not in looks(visitor, codes[0])
    visitor.get("/status")
    looks(visitor, codes[1], "REP-2026-0002")
    visitor.send("/status/answer", text="Me")
    amina.get(place)
    assert "1 answer of a reporter waits" in amina.text
    assert "The reporter of REP-2026-0002 answered" in amina.text
    amina.get(f"{place}/dialogue")
    amina.send(f"{place}/dialogue/read")
    amina.get(place)
    assert "answer of a reporter waits" not in amina.text


def test_a_long_answer_is_shown_in_part_and_whole_on_a_page_of_its_own(
    program: Program, visitor: Visitor, amina: Visitor
) -> None:
    looks(visitor, reported(visitor))
    visitor.send("/status/answer", text="word " * 150_000 + "the end")
    amina.get(f"/intake/{REPORT}/messages")
    assert "the end" not in amina.text
    link = re.search(r'href="(/triage/messages/\d+)"', amina.page)
    assert link

    amina.get(link[1])

    assert "the end" in amina.text


def test_the_pages_ask_as_often_whatever_was_said(
    program: Program, amina: Visitor, visitor: Visitor
) -> None:
    code = reported(visitor)
    paths = [f"/intake/{REPORT}/messages", f"/intake/{REPORT}", "/triage/answers", "/triage"]
    counts: list[dict[str, int]] = []
    for times in (1, 12):
        for number in range(times):
            with program.work(PUBLIC) as work:
                file = SentFile("a.log", "text/plain", b"a")
                text = f"Answer {times} {number} from 198.51.100.{number}"
                service.take_answer(work, TakeAnswer(REPORT, code, text, (file,)))
            with program.work(PUBLIC) as work:
                service.take_report(work, TakeReport(f"Another {times} {number}"))
        found = {}
        for path in [*paths, "/status"]:
            with asked_of(program.engine) as seen:
                if path == "/status":
                    looks(visitor, code)
                else:
                    amina.get(path)
            found[path] = len(seen)
        counts.append(found)

    assert counts[0] == counts[1]


def test_hostile_text_in_the_box_is_text(
    program: Program, visitor: Visitor, amina: Visitor
) -> None:
    code = reported(visitor)
    for text in ("<script>alert(1)</script>", "\u202egnp.exe", "a\u200bb", "x" * 20_000):
        assert asks(amina, text, subject="<b>x</b>") == 303
    assert asks(amina, "x" * 20_001) == 422
    assert asks(amina, "nul \x00") == 422
    assert asks(amina, " ") == 422
    assert asks(amina, "x", subject="two\nlines") == 422

    looks(visitor, code)

    assert "<script>alert" not in visitor.page
    assert "<b>x</b>" not in visitor.page
    assert len(messages(program)) == 4


def test_staff_who_are_signed_in_may_report_at_the_counter_too(
    program: Program, amina: Visitor
) -> None:
    reported(amina)

    assert the_report(program).tlp is Tlp.AMBER_STRICT
