"""A report on several incidents: every one of them counts, for what is told there and for who may read it."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa

from cirt.files.models import Attachment
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import PUBLIC, SYSTEM, Actor
from cirt.notify.letters import send_due
from cirt.notify.prospects import prospects
from cirt.parties.roles import Role
from cirt.register import queries, service
from cirt.register.bin.commands import DeleteIncident
from cirt.register.bin.service import delete_incident
from cirt.register.closing.service import standing_of
from cirt.register.commands import EditFacts, SentFile, TakeReport
from cirt.register.dialogue.commands import AskReporter, MarkRead, NoteAnswer, TakeAnswer
from cirt.register.dialogue.errors import HeldBack, RedStaysInside, ReporterNotChosen
from cirt.register.dialogue.models import Message, MessageState
from cirt.register.dialogue.queries import dialogue_of
from cirt.register.dialogue.waiting import answers_in_incident, answers_waiting
from cirt.register.linking.commands import LinkReport
from cirt.register.linking.service import link_report
from cirt.register.linking.splitting import accept_as_another
from cirt.register.linking.whereabouts import concerns, incidents_on
from cirt.register.merging.commands import Merge
from cirt.register.merging.service import merge_incident, merge_report
from cirt.register.models import EntryKind, Incident, Report, Severity
from cirt.register.relations.neighbours import neighbours
from cirt.register.sight import get_report
from tests.support.browse import signed_in
from tests.support.mail import Smtp, smtp_server
from tests.support.register import a_person, a_report, accepting, an_incident, observables_of

RANA = "rana@utility.example"
Sent = tuple[Report, str]


@pytest.fixture
def irena(program: Program) -> Actor:
    return a_person(program, "Irena", Role.LEAD)


@pytest.fixture
def omar(program: Program) -> Actor:
    return a_person(program, "Omar", Role.LEAD)


@pytest.fixture
def smtp() -> Iterator[Smtp]:
    with smtp_server() as made:
        yield made


def sent(program: Program) -> Sent:
    with program.work(PUBLIC) as work:
        return service.take_report(work, TakeReport("It asked for my password.", contact=RANA))


def accepted_twice(
    program: Program, actor: Actor, report: Report, tlp: Tlp = Tlp.AMBER
) -> tuple[Incident, Incident]:
    """The second one is marked as said."""
    with program.work(actor) as work:
        first = service.accept_report(work, accepting(report))
        now = get_report(work, report.reference)
        return first, accept_as_another(work, accepting(now, tlp=tlp))


def answer(program: Program, report: Sent, text: str, *files: SentFile) -> None:
    with program.work(PUBLIC) as work:
        service.take_answer(work, TakeAnswer(report[0].reference, report[1], text, files=files))


def said(program: Program, actor: Actor, reference: str) -> list[str]:
    with program.work(actor, write=False) as work:
        return [row.text for row in dialogue_of(work, reference).rows]


def kinds(program: Program, actor: Actor, incident: Incident) -> list[EntryKind]:
    with program.work(actor, write=False) as work:
        return [row.kind for row in queries.timeline(work, incident.reference).rows]


def test_what_a_reporter_says_stands_on_every_incident_of_the_report(
    program: Program, irena: Actor
) -> None:
    report = sent(program)
    both = accepted_twice(program, irena, report[0])

    answer(program, report, "It called evil.example")

    for incident in both:
        assert said(program, irena, incident.reference) == ["It called evil.example"]
        assert EntryKind.REPORTER_ANSWERED in kinds(program, irena, incident)
        with program.work(irena, write=False) as work:
            assert [row.value for row in observables_of(work, incident)] == ["evil.example"]
            assert answers_in_incident(work, incident.id) == 1
            assert standing_of(work, incident, None).unread_answers == 1
            assert [one.reference for one in neighbours(work, incident).reports] == [
                report[0].reference
            ]


def test_who_writes_in_the_second_incident_writes_to_the_same_reporter(
    program: Program, irena: Actor
) -> None:
    report = sent(program)
    first, second = accepted_twice(program, irena, report[0])

    with program.work(irena) as work:
        message = service.ask_reporter(work, AskReporter(second.reference, "When?"))

    assert (message.report_id, message.incident_id) == (report[0].id, second.id)
    assert said(program, irena, first.reference) == ["When?"]
    other = a_report(program)
    with program.work(irena) as work:
        link_report(work, LinkReport(other.reference, second.reference))
    with pytest.raises(ReporterNotChosen), program.work(irena) as work:
        service.ask_reporter(work, AskReporter(second.reference, "When?"))


def test_the_dialogue_of_what_is_merged_is_read_through_the_leading_one(
    program: Program, irena: Actor
) -> None:
    report, twin = sent(program), sent(program)
    with program.work(irena) as work:
        incident = service.accept_report(work, accepting(report[0]))
        merge_report(work, Merge(twin[0].reference, 1, report[0].reference, "The same"))
    leading = an_incident(program, irena)
    answer(program, twin, "It called evil.example")
    with program.work(irena) as work:
        merge_incident(work, Merge(incident.reference, 1, leading.reference, "One case"))

    assert said(program, irena, leading.reference) == ["It called evil.example"]
    with program.work(irena) as work:
        assert [row.value for row in observables_of(work, incident)] == ["evil.example"]
        assert service.mark_read(work, MarkRead(leading.reference, 1_000)) == 1


def test_of_a_report_that_is_on_a_red_incident_too_others_read_no_dialogue(
    program: Program, irena: Actor, omar: Actor
) -> None:
    report = sent(program)
    first, red = accepted_twice(program, irena, report[0], Tlp.RED)

    answer(program, report, "It called evil.example", SentFile("a.log", "text/plain", b"evil"))

    for reference in (report[0].reference, first.reference):
        assert said(program, irena, reference) == ["It called evil.example"]
        assert said(program, omar, reference) == []
    with program.work(omar, write=False) as work:
        assert answers_waiting(work) == 0
        assert answers_in_incident(work, first.id) == 0
        view = queries.report_view(work, report[0].reference)
        owners = work.session.scalars(sa.select(Attachment.owner)).all()
        assert observables_of(work, first) == []
        assert [row.value for row in observables_of(work, red)] == ["evil.example"]
    assert (view.files, view.observables, owners) == ([], [], [red.reference])
    assert kinds(program, omar, first) == [EntryKind.REPORT_ACCEPTED]


def test_a_refusal_to_write_names_a_red_incident_to_whoever_may_see_it_alone(
    program: Program, irena: Actor, omar: Actor
) -> None:
    report = sent(program)
    first, red = accepted_twice(program, irena, report[0], Tlp.RED)

    for reference in (report[0].reference, first.reference):
        with pytest.raises(RedStaysInside, match=red.reference), program.work(irena) as work:
            service.ask_reporter(work, AskReporter(reference, "When?"))
        with pytest.raises(HeldBack) as refused, program.work(omar) as work:
            service.ask_reporter(work, AskReporter(reference, "When?"))
    assert red.reference not in str(refused.value)
    assert "RED" not in str(refused.value)


def test_what_one_wrote_down_of_a_call_one_reads_again(
    program: Program, irena: Actor, omar: Actor
) -> None:
    report = sent(program)
    _, red = accepted_twice(program, irena, report[0], Tlp.RED)

    with program.work(omar) as work:
        service.note_answer(work, NoteAnswer(report[0].reference, "Called: since Monday."))

    assert said(program, omar, report[0].reference) == ["Called: since Monday."]
    assert said(program, irena, red.reference) == ["Called: since Monday."]
    assert said(program, a_person(program, "Tomas", Role.LEAD), report[0].reference) == []


@pytest.mark.parametrize("way", ["decided", "linked", "merged report", "merged incident", "bin"])
def test_in_whatever_way_a_report_concerns_a_red_incident_its_letter_stays_and_others_learn_no_more(
    program: Program, irena: Actor, omar: Actor, smtp: Smtp, way: str
) -> None:
    mailing = with_mail(program, smtp)
    report = sent(mailing)[0]
    with mailing.work(irena) as work:
        message = service.ask_reporter(work, AskReporter(report.reference, "When?"))
    red = bring_to_red(mailing, irena, report, way)

    assert send_due(mailing) == 0

    assert smtp.taken == []
    with mailing.work(SYSTEM, write=False) as work:
        assert work.session.get_one(Message, message.id).state is MessageState.FAILED
    with mailing.work(irena, write=False) as work:
        (told,) = prospects(mailing, work, [report.reference])
        assert red in {one.reference for one in concerns(work, [report.id])[report.id]}
    assert told.decision is not None
    assert told.decision.rule == "letter-red"
    with mailing.work(omar, write=False) as work:
        (held,) = prospects(mailing, work, [report.reference])
    assert held.decision is not None
    assert not held.decision.lets_leave()
    words = held.decision.sentence.format(**held.decision.values)
    assert (held.decision.rule, "RED" in words, red in words) == ("letter-held", False, False)
    assert said(mailing, omar, report.reference) == []


def with_mail(program: Program, smtp: Smtp) -> Program:
    set_up = replace(
        program.settings,
        smtp_host="127.0.0.1",
        smtp_port=smtp.port,
        smtp_tls="none",
        mail_from="cert@cirt.example",
    )
    return replace(program, settings=set_up)


def bring_to_red(program: Program, actor: Actor, report: Report, way: str) -> str:
    """The reference of a RED incident that the report concerns from then on."""
    if way == "merged incident":
        with program.work(actor) as work:
            incident = service.accept_report(work, accepting(report))
        leading = an_incident(program, actor)
        with program.work(actor) as work:
            merge_incident(work, Merge(incident.reference, 1, leading.reference, "One case"))
            facts = ("Quiet", "fraud", None, Severity.HIGH, Tlp.RED, None)
            service.edit_facts(work, EditFacts(leading.reference, 1, *facts))
        return leading.reference
    if way == "linked":
        red = an_incident(program, actor, tlp=Tlp.RED).reference
        with program.work(actor) as work:
            link_report(work, LinkReport(report.reference, red))
        return red
    onto = a_report(program) if way == "merged report" else report
    with program.work(actor) as work:
        incident = service.accept_report(work, accepting(onto, tlp=Tlp.RED))
        if onto is not report:
            merge_report(work, Merge(report.reference, 1, onto.reference, "The same"))
    if way == "bin":
        with program.work(actor) as work:
            delete_incident(work, DeleteIncident(incident.reference, 1))
            assert incidents_on(work, report.id) == []
    return incident.reference


def test_the_page_says_that_something_holds_a_letter_back_and_not_what(
    program: Program, irena: Actor
) -> None:
    report = sent(program)[0]
    _, red = accepted_twice(program, irena, report, Tlp.RED)
    visitor = signed_in(program, Role.HANDLER, name="Huda")

    visitor.get(f"/intake/{report.reference}/messages")

    assert "what holds it back is not open to you" in visitor.text
    assert red.reference not in visitor.text
    visitor.send(f"/intake/{report.reference}/messages", what="question", message="When did it?")
    assert "what holds it back is not open to you" in visitor.text
    assert "When did it?" in visitor.text
