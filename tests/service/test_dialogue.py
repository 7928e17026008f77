"""What is said between us and a reporter: both ways, kept as it was sent, for nobody else's eyes."""

import threading
from typing import Any

import pytest
import sqlalchemy as sa

from cirt.files.content import AttachmentContent
from cirt.files.models import Attachment
from cirt.kernel.audit import AuditEntry
from cirt.kernel.clock import FakeClock
from cirt.kernel.errors import NotAllowed, NotFound
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import PUBLIC, SYSTEM, Actor
from cirt.parties.roles import Role
from cirt.register import service
from cirt.register.commands import AddReport, RejectReport, SentFile, TakeReport
from cirt.register.dialogue.commands import AskReporter, MarkRead, NoteAnswer, TakeAnswer
from cirt.register.dialogue.errors import (
    MessageEmpty,
    MessageTooLong,
    NoMoreAnswers,
    NoReporter,
    RedStaysInside,
    ReporterNotChosen,
    ReportRejected,
    TooManyMessages,
)
from cirt.register.dialogue.keeping import MAX_MESSAGES, mail_address
from cirt.register.dialogue.models import Message, MessageState
from cirt.register.dialogue.queries import MessageRow, dialogue_of
from cirt.register.errors import CodeWrong, NoSuchIncident, NoSuchReport, TooManyFiles
from cirt.register.models import Entry, EntryKind, Incident, Report, ReportObservable, ReportSource
from tests.support.register import a_person, accepting, an_incident, observables_of

Sent = tuple[Report, str]


@pytest.fixture
def amina(program: Program) -> Actor:
    return a_person(program, "Amina", Role.HANDLER)


@pytest.fixture
def report(program: Program) -> Sent:
    return sent(program)


def sent(program: Program, actor: Actor = PUBLIC, **given: Any) -> Sent:
    with program.work(actor) as work:
        return service.take_report(work, TakeReport("It asked for my password.", **given))


def ask(
    program: Program, actor: Actor, reference: str, text: str = "When?", **given: Any
) -> Message:
    with program.work(actor) as work:
        return service.ask_reporter(work, AskReporter(reference, text, **given))


def answer(program: Program, report: Sent, text: str = "On Monday.", **given: Any) -> Message:
    with program.work(PUBLIC) as work:
        cmd = TakeAnswer(report[0].reference, report[1], text, **given)
        return service.take_answer(work, cmd)


def said(program: Program, actor: Actor, reference: str) -> list[MessageRow]:
    with program.work(actor, write=False) as work:
        return dialogue_of(work, reference).rows


def rows(program: Program, query: sa.Select[Any]) -> list[Any]:
    with program.work(SYSTEM, write=False) as work:
        return list(work.session.scalars(query))


def accepted(program: Program, actor: Actor, report: Report, **given: Any) -> Incident:
    with program.work(actor) as work:
        return service.accept_report(work, accepting(report, **given))


def test_a_question_and_its_answer_stand_on_the_report_the_newest_first(
    program: Program, clock: FakeClock, amina: Actor, report: Sent
) -> None:
    reference = report[0].reference
    ask(program, amina, reference, "When did it begin?", subject="One question")
    clock.forward(minutes=5)
    answer(program, report, "On Monday at nine.")

    newest, oldest = said(program, amina, reference)

    assert (oldest.text, oldest.by, oldest.state) == ("When did it begin?", "Amina", "written")
    assert (newest.text, newest.by, newest.is_unread) == ("On Monday at nine.", None, True)


def test_both_stand_on_the_incident_of_the_report_as_well_with_lines_in_its_timeline(
    program: Program, amina: Actor, report: Sent
) -> None:
    ask(program, amina, report[0].reference)
    incident = accepted(program, amina, report[0])
    answer(program, report)

    assert {row.report for row in said(program, amina, incident.reference)} == {report[0].reference}
    kinds = rows(program, sa.select(Entry.kind).where(Entry.incident_id == incident.id))
    assert kinds == [EntryKind.REPORT_ACCEPTED, EntryKind.REPORTER_ANSWERED]


def test_the_trail_tells_of_both_and_not_what_was_said(
    program: Program, amina: Actor, report: Sent
) -> None:
    ask(program, amina, report[0].reference, "secret-question")
    answer(program, report, "secret-answer")

    lines = [
        line
        for line in rows(program, sa.select(AuditEntry))
        if line.subject == report[0].reference and line.act.startswith("message.")
    ]
    assert [line.act for line in lines] == ["message.question", "message.answer"]
    assert "secret" not in "".join(line.facts for line in lines)


def test_the_same_answer_sent_twice_is_one_and_another_one_is_another(
    program: Program, report: Sent
) -> None:
    first = answer(program, report, form_token="once")
    again = answer(program, report, form_token="once")
    other = answer(program, report, "On Tuesday.", form_token="once")

    assert first.id == again.id != other.id


def test_an_answer_sent_twice_in_the_same_moment_is_one(program: Program, report: Sent) -> None:
    together = threading.Barrier(2)
    found: list[int] = []

    def send() -> None:
        together.wait()
        found.append(answer(program, report, form_token="once").id)

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 2
    assert len(set(found)) == 1


def test_a_wrong_code_and_a_wrong_reference_are_not_told_apart(
    program: Program, report: Sent
) -> None:
    _, other = sent(program)
    refusals = []
    for reference, code in (
        (report[0].reference, other),
        ("REP-2026-9999", report[1]),
        ("\x00", "\ud800"),
    ):
        with program.work(PUBLIC) as work, pytest.raises(CodeWrong) as refusal:
            service.take_answer(work, TakeAnswer(reference, code, "Let me in"))
        refusals.append(str(refusal.value))

    assert len(set(refusals)) == 1
    assert rows(program, sa.select(Message)) == []


def test_what_no_column_holds_is_kept_byte_for_byte_beside_the_message(
    program: Program, amina: Actor, report: Sent
) -> None:
    answer(program, report, "before\x00after \ud83d")

    [row] = said(program, amina, report[0].reference)
    assert row.text == "before\u2400after \ufffd"
    [file] = row.files
    assert rows(program, sa.select(AttachmentContent.body)) == [b"before\x00after \xed\xa0\xbd"]
    assert file.owner == report[0].reference


def test_files_of_an_answer_belong_to_the_report(
    program: Program, amina: Actor, report: Sent
) -> None:
    file = SentFile("../log\u202egpj.txt", "text/plain", b"\x00\xff")

    answer(program, report, "", files=(file,))

    [row] = said(program, amina, report[0].reference)
    [kept] = row.files
    assert (kept.owner, kept.size) == (report[0].reference, 2)
    assert rows(program, sa.select(Attachment.id)) == [kept.id]


def test_what_is_empty_too_long_or_too_much_is_refused(program: Program, report: Sent) -> None:
    with pytest.raises(MessageEmpty):
        answer(program, report, " \n")
    with pytest.raises(MessageTooLong):
        answer(program, report, "é" * (512 * 1024 + 1))
    with pytest.raises(TooManyFiles):
        answer(program, report, files=(SentFile("a", "", b"a"),) * 6)

    assert rows(program, sa.select(Message)) == []


def test_a_report_takes_no_end_of_answers_from_nobody(program: Program, report: Sent) -> None:
    with program.work(SYSTEM) as work:
        one = {"report_id": report[0].id, "direction": "in", "channel": "page", "kind": "answer"}
        work.session.add_all(
            [Message(**one, text="more", at=work.now) for _ in range(MAX_MESSAGES)]
        )

    with pytest.raises(TooManyMessages):
        answer(program, report)


def test_a_rejected_report_takes_no_answer_and_no_question_but_a_letter(
    program: Program, amina: Actor, report: Sent
) -> None:
    with program.work(amina) as work:
        service.reject_report(work, RejectReport(report[0].reference, 1, "Spam"))

    with pytest.raises(NoMoreAnswers):
        answer(program, report)
    with pytest.raises(ReportRejected):
        ask(program, amina, report[0].reference)
    ask(program, amina, report[0].reference, "It was spam; delete it.", is_letter=True)


def test_an_answer_after_the_incident_was_closed_is_kept(
    program: Program, amina: Actor, report: Sent
) -> None:
    incident = accepted(program, amina, report[0])
    with program.work(SYSTEM) as work:
        work.session.get_one(Incident, incident.id).state = type(incident.state).CLOSED

    answer(program, report, "It is back!")

    assert [row.is_unread for row in said(program, amina, incident.reference)] == [True]


def test_nothing_about_what_is_red_is_written_to_a_reporter(program: Program, amina: Actor) -> None:
    red, _ = sent(program, amina, tlp=Tlp.RED, source=ReportSource.DESK)
    amber, _ = sent(program)
    incident = accepted(program, amina, amber, tlp=Tlp.RED)

    for reference in (red.reference, incident.reference):
        with pytest.raises(RedStaysInside):
            ask(program, amina, reference)


def test_what_is_said_on_a_red_report_is_for_the_persons_named_on_it(
    program: Program, amina: Actor
) -> None:
    lin = a_person(program, "Lin", Role.LEAD)
    red = sent(program, amina, tlp=Tlp.RED, source=ReportSource.DESK)
    incident = an_incident(program, amina)
    with program.work(amina) as work:
        service.add_report_to_incident(
            work, AddReport(red[0].reference, 1, incident.reference, "She said so")
        )

    answer(program, red, "It was 198.51.100.9")

    assert [row.text for row in said(program, amina, incident.reference)] == ["It was 198.51.100.9"]
    assert said(program, lin, incident.reference) == []
    with pytest.raises(NoSuchReport):
        said(program, lin, red[0].reference)
    with program.work(SYSTEM, write=False) as work:
        assert observables_of(work, incident) == []


def test_observables_of_an_answer_are_known_and_offered(
    program: Program, amina: Actor, report: Sent
) -> None:
    incident = accepted(program, amina, report[0])

    answer(program, report, "It called evil.example and 198.51.100.9.")
    answer(program, report, "Again 198.51.100.9")

    known = rows(program, sa.select(ReportObservable.value))
    assert sorted(known) == ["198.51.100.9", "evil.example"]
    with program.work(SYSTEM, write=False) as work:
        assert len(observables_of(work, incident)) == 2


def test_who_asks_in_an_incident_writes_to_the_one_reporter_it_has(
    program: Program, amina: Actor, report: Sent
) -> None:
    bare = an_incident(program, amina)
    with pytest.raises(NoReporter):
        ask(program, amina, bare.reference)
    incident = accepted(program, amina, report[0])

    message = ask(program, amina, incident.reference)

    assert (message.report_id, message.incident_id) == (report[0].id, incident.id)
    second, _ = sent(program)
    with program.work(amina) as work:
        service.add_report_to_incident(work, AddReport(second.reference, 1, incident.reference))
    with pytest.raises(ReporterNotChosen):
        ask(program, amina, incident.reference)


def test_a_mail_address_makes_a_question_wait_to_be_mailed_and_a_telephone_does_not(
    program: Program, amina: Actor
) -> None:
    by_mail, _ = sent(program, contact="it@lakeside.example")
    by_phone, _ = sent(program, contact="+1 555 0100")

    first, second = (ask(program, amina, one.reference) for one in (by_mail, by_phone))

    assert (first.recipient, first.state) == ("it@lakeside.example", MessageState.WRITTEN)
    assert second.recipient == ""


@pytest.mark.parametrize(
    "contact",
    ["a@b", "a@x.example, b@y.example", "<a@b.example>", "a b@c.example", "a@\u202e.", ""],
)
def test_what_is_not_one_plain_address_is_never_mailed_to(contact: str) -> None:
    assert mail_address(contact) == ""


def test_an_answer_waits_until_somebody_takes_note_or_writes_back(
    program: Program, amina: Actor, report: Sent
) -> None:
    reference = report[0].reference
    first = answer(program, report, "One")
    answer(program, report, "Two")

    with program.work(amina) as work:
        assert service.mark_read(work, MarkRead(reference, first.id)) == 1
    assert [row.is_unread for row in said(program, amina, reference)] == [True, False]

    ask(program, amina, reference)

    assert [row.is_unread for row in said(program, amina, reference)] == [False, False, False]


def test_what_was_said_by_telephone_is_written_down_and_read_already(
    program: Program, amina: Actor, report: Sent
) -> None:
    with program.work(amina) as work:
        service.note_answer(work, NoteAnswer(report[0].reference, "Called: since Monday."))

    [row] = said(program, amina, report[0].reference)
    assert (row.channel, row.by, row.is_unread) == ("desk", "Amina", False)


def test_only_those_who_decide_on_reports_write_to_reporters(
    program: Program, amina: Actor, report: Sent
) -> None:
    auditor = a_person(program, "Rosa", Role.AUDITOR)
    reference = report[0].reference
    for who in (auditor, PUBLIC):
        with program.work(who) as work, pytest.raises(NotAllowed):
            service.ask_reporter(work, AskReporter(reference, "?"))
        with program.work(who) as work, pytest.raises(NotAllowed):
            service.note_answer(work, NoteAnswer(reference, "?"))
        with program.work(who) as work, pytest.raises(NotAllowed):
            service.mark_read(work, MarkRead(reference, 1))
    with program.work(PUBLIC, write=False) as work, pytest.raises(NotFound):
        dialogue_of(work, reference)
    for unknown, error in (("REP-2026-0999", NoSuchReport), ("INC-2026-0999", NoSuchIncident)):
        with program.work(amina) as work, pytest.raises(error):
            service.ask_reporter(work, AskReporter(unknown, "?"))
