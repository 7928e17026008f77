"""Reports: kept as they came, counted once, followed by a code, decided by one person."""

import threading
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from cirt.files.content import AttachmentContent
from cirt.files.models import Attachment
from cirt.kernel.audit import AuditEntry, verify
from cirt.kernel.clock import FakeClock
from cirt.kernel.errors import CirtError, Conflict, NotAllowed, TooLarge
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import PUBLIC, SYSTEM
from cirt.parties.roles import Role
from cirt.register import service
from cirt.register.commands import (
    AddReport,
    AskStatus,
    ClaimReport,
    RejectReport,
    ReleaseClaim,
    SentFile,
    TakeReport,
    UndoDecision,
)
from cirt.register.errors import (
    AlreadyClaimed,
    AlreadyDecided,
    BelowReportNeedsReason,
    CodeWrong,
    IncidentClosed,
    NoSuchReport,
    RedNeedsPerson,
    RejectionNeedsReason,
    ReportChanged,
    ReportEmpty,
    ReportTooLong,
    StrictReportNeedsReason,
    UndoTooLate,
)
from cirt.register.labels import REPORTER_WORDS
from cirt.register.linking.whereabouts import incidents_on
from cirt.register.models import (
    Entry,
    EntryKind,
    Incident,
    ObservableState,
    Report,
    ReportObservable,
    ReportSource,
    ReportState,
)
from cirt.register.sight import get_report
from tests.support.register import a_person, a_report, accepting, an_incident, observables_of

TEXT = (
    "It called hxxps://login-update[.]example[.]org/start and 192[.]0[.]2[.]44\r\n — then stopped."
)


def take(program: Program, cmd: TakeReport) -> tuple[Report, str]:
    with program.work(PUBLIC) as work:
        return service.take_report(work, cmd)


def ask(program: Program, reference: str, code: str) -> str:
    with program.work(PUBLIC, write=False) as work:
        return service.report_status(work, AskStatus(reference, code))


def test_a_report_is_kept_exactly_as_it_came_with_its_files_and_observables(
    program: Program,
) -> None:
    file = SentFile("../../lure.eml", "message/rfc822", b"\x00raw\xff")

    report, _ = take(program, TakeReport(TEXT, organisation="Ministry", files=(file,)))

    with program.work(SYSTEM, write=False) as work:
        kept = work.session.get_one(Report, report.id)
        attachment = work.session.scalars(sa.select(Attachment)).one()
        body = work.session.get_one(AttachmentContent, attachment.id).body
        found = set(work.session.scalars(sa.select(ReportObservable.value)))
    assert kept.text == TEXT
    assert kept.reference == "REP-2026-0001"
    assert (attachment.owner, attachment.name) == (kept.reference, "../../lure.eml")
    assert body == b"\x00raw\xff"
    assert {"https://login-update.example.org/start", "192.0.2.44"} <= found


def test_the_reporter_reads_the_state_with_the_code_said_in_any_spelling(program: Program) -> None:
    report, code = take(program, TakeReport(TEXT))

    for said in (code, code.lower(), code.replace("-", " "), f" {code} ", code.replace("0", "O")):
        assert ask(program, report.reference.lower(), said) == REPORTER_WORDS[ReportState.RECEIVED]


def test_a_wrong_reference_and_a_wrong_code_are_not_told_apart(program: Program) -> None:
    report, code = take(program, TakeReport(TEXT))
    _, other = take(program, TakeReport(TEXT))

    refusals = []
    for reference, said in ((report.reference, other), ("REP-2026-9999", code), ("\x00", "")):
        with pytest.raises(CodeWrong) as refusal:
            ask(program, reference, said)
        refusals.append((refusal.value.code, str(refusal.value)))

    assert len(set(refusals)) == 1


def test_the_code_itself_is_stored_nowhere(program: Program) -> None:
    _, code = take(program, TakeReport(TEXT, form_token="value of a form"))

    with program.work(SYSTEM, write=False) as work:
        row = work.session.execute(sa.select(Report.__table__)).one()
    assert code not in str(row)
    assert code.replace("-", "") not in str(row)
    assert "value of a form" not in str(row)


def test_a_form_sent_twice_counts_once_and_gives_the_same_reference_and_code(
    program: Program,
) -> None:
    cmd = TakeReport(TEXT, form_token="one form")

    first, second = take(program, cmd), take(program, cmd)
    other, _ = take(program, replace(cmd, form_token="another form"))

    assert (first[0].reference, first[1]) == (second[0].reference, second[1])
    assert other.reference == "REP-2026-0002"


@pytest.mark.parametrize(
    "corrected",
    [
        {"text": "Now 203.0.113.9 as well"},
        {"files": (SentFile("a.log", "text/plain", b"other bytes"),)},
        {"contact": "desk@water.example"},
        {"tlp": Tlp.AMBER_STRICT},
    ],
)
def test_a_form_sent_again_with_something_else_in_it_is_a_report_of_its_own(
    program: Program, corrected: dict[str, Any]
) -> None:
    cmd = TakeReport(TEXT, form_token="one form", files=(SentFile("a.log", "text/plain", b"a"),))
    again = replace(cmd, **corrected)

    first, second, third = (take(program, each) for each in (cmd, again, again))

    assert (first[0].reference, second[0].reference) == ("REP-2026-0001", "REP-2026-0002")
    assert (second[0].reference, second[1]) == (third[0].reference, third[1])
    for report, code in (first, second):
        assert ask(program, report.reference, code) == REPORTER_WORDS[ReportState.RECEIVED]
    with program.work(SYSTEM, write=False) as work:
        assert work.session.get_one(Report, second[0].id).text == again.text


def test_a_form_sent_twice_in_the_same_moment_counts_once(program: Program) -> None:
    cmd = TakeReport(TEXT, form_token="one form")
    answers: list[tuple[str, str]] = []

    def send() -> None:
        report, code = take(program, cmd)
        answers.append((report.reference, code))

    _at_once([send] * 4)

    assert len(answers) == 4
    assert len(set(answers)) == 1
    with program.work(SYSTEM, write=False) as work:
        assert work.session.scalar(sa.select(sa.func.count()).select_from(Report)) == 1


def test_nul_is_shown_by_a_sign_and_the_exact_text_kept_as_a_file(program: Program) -> None:
    report, _ = take(program, TakeReport("before\x00after \ud800", reporter="a\x00b"))

    with program.work(SYSTEM, write=False) as work:
        kept = work.session.get_one(Report, report.id)
        body = work.session.scalars(sa.select(AttachmentContent.body)).one()
    assert kept.text == "before\u2400after \ufffd"
    assert kept.reporter == "a\u2400b"
    assert body.decode("utf-8", "surrogatepass") == "before\x00after \ud800"


def test_a_text_of_one_megabyte_is_taken_and_a_longer_one_refused_with_the_limit(
    program: Program,
) -> None:
    report, _ = take(program, TakeReport("x" * 1024 * 1024))

    with pytest.raises(ReportTooLong, match="1 MB"):
        take(program, TakeReport("x" * (1024 * 1024 + 1)))
    assert len(report.text) == 1024 * 1024


@pytest.mark.parametrize(
    "cmd",
    [
        TakeReport(" \n"),
        TakeReport("x", files=(SentFile("big", "x/y", b"0" * (10 * 1024 * 1024 + 1)),)),
        TakeReport("x", files=(SentFile("a", "x/y", b""),) * 6),
        TakeReport("x", tlp=Tlp.RED),
        TakeReport("x", source=ReportSource.DESK),
        TakeReport("x", source=ReportSource.CONNECTOR),
    ],
)
def test_what_cannot_be_a_public_report_is_refused_and_nothing_is_stored(
    program: Program, cmd: TakeReport
) -> None:
    with pytest.raises((ReportEmpty, TooLarge, RedNeedsPerson, NotAllowed)) as refusal:
        take(program, cmd)

    assert str(refusal.value)
    with program.work(SYSTEM, write=False) as work:
        assert work.session.scalar(sa.select(sa.func.count()).select_from(Report)) == 0


def test_a_claim_is_seen_by_all_and_the_second_is_told_who_was_first(program: Program) -> None:
    amina, tomas = (a_person(program, name, Role.TRIAGE) for name in ("Amina", "Tomas"))
    report = a_report(program)
    with program.work(amina) as work:
        claimed = service.claim_report(work, ClaimReport(report.reference, report.version))

    with pytest.raises(AlreadyClaimed, match="Amina"), program.work(tomas) as work:
        service.claim_report(work, ClaimReport(report.reference, report.version))
    with program.work(tomas) as work:
        back = service.release_claim(work, ReleaseClaim(report.reference, claimed.version))
    assert (back.state, back.claimed_by_id) == (ReportState.RECEIVED, None)


def test_an_accepted_report_becomes_an_incident_with_its_observables_offered(
    program: Program,
) -> None:
    amina = a_person(program, "Amina", Role.TRIAGE)
    report = a_report(program, TEXT)

    with program.work(amina) as work:
        incident = service.accept_report(work, accepting(report, reason="Same lure"))

    with program.work(amina, write=False) as work:
        offered = observables_of(work, incident)
        kept = get_report(work, report.reference)
        entry = work.session.scalars(sa.select(Entry)).one()
        there = [one.reference for one in incidents_on(work, kept.id)]
    assert incident.reference == "INC-2026-0001"
    assert (kept.state, there) == (ReportState.ACCEPTED, [incident.reference])
    assert {row.value for row in offered} >= {"192.0.2.44"}
    assert {(row.state, row.source) for row in offered} == {
        (ObservableState.OFFERED, report.reference)
    }
    assert (entry.kind, entry.actor) == (EntryKind.REPORT_ACCEPTED, "Amina")
    assert entry.values == {"report": report.reference, "reason": "Same lure"}


@pytest.mark.parametrize(
    ("marked", "refusal"),
    [(Tlp.AMBER_STRICT, StrictReportNeedsReason), (Tlp.AMBER, BelowReportNeedsReason)],
)
def test_a_report_goes_into_what_may_travel_further_only_with_a_reason_that_is_kept(
    program: Program, marked: Tlp, refusal: type[BelowReportNeedsReason]
) -> None:
    lead = a_person(program, "Irena", Role.LEAD)
    incident = an_incident(program, lead, tlp=Tlp.GREEN)
    first, second = (a_report(program, TEXT, tlp=marked) for _ in range(2))
    add = AddReport(second.reference, 1, incident.reference)

    with pytest.raises(refusal) as refused, program.work(lead) as work:
        service.accept_report(work, accepting(first, tlp=Tlp.GREEN, reason=" "))
    with pytest.raises(refusal), program.work(lead) as work:
        service.add_report_to_incident(work, add)
    with program.work(lead) as work:
        service.accept_report(work, accepting(first, tlp=Tlp.GREEN, reason="They agreed"))
        service.add_report_to_incident(work, replace(add, reason="They agreed"))

    assert ("promised to ask the reporter" in str(refused.value)) is (marked is Tlp.AMBER_STRICT)
    with program.work(SYSTEM, write=False) as work:
        query = sa.select(AuditEntry.facts).where(
            AuditEntry.act.in_(["report.accept", "report.add"])
        )
        kept = list(work.session.scalars(query))
    assert len(kept) == 2
    for facts in kept:
        assert "They agreed" in facts
        assert f'"below":"{marked.value}"' in facts.replace(": ", ":")


def test_only_those_in_triage_decide(program: Program) -> None:
    auditor = a_person(program, "Nia", Role.AUDITOR)
    report = a_report(program)

    for actor in (auditor, PUBLIC):
        with pytest.raises(NotAllowed), program.work(actor) as work:
            service.accept_report(work, accepting(report))


def test_a_rejection_needs_a_reason_which_the_trail_keeps(program: Program) -> None:
    amina = a_person(program, "Amina", Role.TRIAGE)
    report = a_report(program)

    with pytest.raises(RejectionNeedsReason), program.work(amina) as work:
        service.reject_report(work, RejectReport(report.reference, 1, " "))
    with program.work(amina) as work:
        service.reject_report(work, RejectReport(report.reference, 1, "An advertisement"))

    with program.work(SYSTEM, write=False) as work:
        query = sa.select(AuditEntry.facts).where(AuditEntry.act == "report.reject")
        assert "An advertisement" in work.session.scalars(query).one()
        assert verify(work.session).broken is None


def test_a_decision_on_what_has_changed_since_is_a_conflict(program: Program) -> None:
    amina, tomas = (a_person(program, name, Role.TRIAGE) for name in ("Amina", "Tomas"))
    report = a_report(program)
    with program.work(amina) as work:
        service.claim_report(work, ClaimReport(report.reference, report.version))

    with pytest.raises(ReportChanged), program.work(tomas) as work:
        service.accept_report(work, accepting(report))


def test_of_two_people_who_decide_in_the_same_second_one_is_told_who_was_first(
    program: Program,
) -> None:
    amina, tomas = (a_person(program, name, Role.TRIAGE) for name in ("Amina", "Tomas"))
    report = a_report(program)
    done: list[str] = []
    conflicts: list[CirtError] = []

    def accept() -> None:
        try:
            with program.work(amina) as work:
                service.accept_report(work, accepting(report))
            done.append("Amina")
        except Conflict as error:
            conflicts.append(error)

    def reject() -> None:
        try:
            with program.work(tomas) as work:
                service.reject_report(work, RejectReport(report.reference, 1, "Spam"))
            done.append("Tomas")
        except Conflict as error:
            conflicts.append(error)

    _at_once([accept, reject])

    assert len(done) == 1
    (conflict,) = conflicts
    assert isinstance(conflict, AlreadyDecided)
    assert conflict.values["name"] == done[0]
    with program.work(SYSTEM, write=False) as work:
        incidents = work.session.scalar(sa.select(sa.func.count()).select_from(Incident))
        assert incidents == (1 if done == ["Amina"] else 0)


def test_a_report_can_be_added_to_an_incident_unless_that_is_closed(program: Program) -> None:
    lead = a_person(program, "Irena", Role.LEAD)
    incident = an_incident(program, lead)
    first, second = a_report(program, TEXT), a_report(program)
    with program.work(lead) as work:
        cmd = AddReport(first.reference, 1, incident.reference, "Same tool")
        service.add_report_to_incident(work, cmd)
    with program.work(lead) as work:
        work.session.execute(sa.update(Incident).values(state="closed"))

    with pytest.raises(IncidentClosed, match=incident.reference), program.work(lead) as work:
        service.add_report_to_incident(work, AddReport(second.reference, 1, incident.reference))
    with program.work(lead, write=False) as work:
        assert get_report(work, first.reference).state is ReportState.ADDED
        assert get_report(work, second.reference).state is ReportState.RECEIVED


def test_adding_can_be_undone_within_a_day_and_what_it_brought_is_dismissed(
    program: Program, clock: FakeClock
) -> None:
    lead = a_person(program, "Irena", Role.LEAD)
    incident, report = an_incident(program, lead), a_report(program, TEXT)
    with program.work(lead) as work:
        service.add_report_to_incident(work, AddReport(report.reference, 1, incident.reference))

    clock.forward(hours=23)
    with program.work(lead) as work:
        back = service.undo_decision(work, UndoDecision(report.reference, 2))

    assert (back.state, back.decided_at) == (ReportState.RECEIVED, None)
    with program.work(lead, write=False) as work:
        assert incidents_on(work, back.id) == []
        states = {row.state for row in observables_of(work, incident)}
    assert states == {ObservableState.DISMISSED}


def test_a_decision_older_than_a_day_stays(program: Program, clock: FakeClock) -> None:
    amina = a_person(program, "Amina", Role.TRIAGE)
    report = a_report(program)
    with program.work(amina) as work:
        service.reject_report(work, RejectReport(report.reference, 1, "Spam"))

    clock.forward(hours=25)

    with pytest.raises(UndoTooLate), program.work(amina) as work:
        service.undo_decision(work, UndoDecision(report.reference, 2))


def test_a_red_report_is_there_for_the_person_named_on_it_only(program: Program) -> None:
    amina, lead = a_person(program, "Amina", Role.TRIAGE), a_person(program, "Irena", Role.LEAD)
    cmd = {"source": ReportSource.DESK, "tlp": Tlp.RED}
    report = a_report(program, "By phone", actor=amina, **cmd)

    with program.work(amina, write=False) as work:
        assert get_report(work, report.reference).text == "By phone"
    for actor in (lead, SYSTEM, PUBLIC):
        with pytest.raises(NoSuchReport), program.work(actor, write=False) as work:
            get_report(work, report.reference)


def _at_once(acts: list[object]) -> None:
    start = threading.Barrier(len(acts))

    def run(act: object) -> None:
        start.wait()
        act()  # type: ignore[operator]

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
