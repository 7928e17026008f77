"""Triage beyond one report and one decision: likeness, links, splitting, forwarding, bulk, views, targets."""

from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from cirt.boot.app import create_app
from cirt.kernel.clock import FakeClock
from cirt.kernel.errors import NotAllowed, NotFound
from cirt.kernel.program import Program
from cirt.kernel.settings import SettingsWrong
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, PUBLIC, Actor, Work
from cirt.parties.peers import PeerFacts, add_peer, suspend_peer
from cirt.parties.roles import Role
from cirt.register import queries, service
from cirt.register.bulk.commands import ConfirmBulk, TickReports, UndoBulk
from cirt.register.bulk.errors import BulkDone, LeadingNotTicked, NoSuchBulk, NothingTicked
from cirt.register.bulk.models import BulkDo
from cirt.register.bulk.queries import bulk_view
from cirt.register.bulk.service import confirm_bulk, tick_reports, undo_bulk
from cirt.register.commands import (
    AddReport,
    AskStatus,
    ClaimReport,
    MarkSpam,
    RejectReport,
    TakeReport,
    UndoDecision,
    WriteNote,
)
from cirt.register.errors import NoSuchReport, RejectionNeedsReason, UndoneByWork
from cirt.register.forwarding.commands import ForwardReport, RetireAgency, SaveAgency
from cirt.register.forwarding.errors import (
    AboveCeiling,
    AgencyChanged,
    AgencyExists,
    ForwardForbidden,
    NoAgreementToForward,
    RecipientUnknown,
    RedNotForwarded,
    StrictNotForwarded,
)
from cirt.register.forwarding.service import (
    forward_report,
    forwardings_of,
    recipients,
    retire_agency,
    save_agency,
)
from cirt.register.labels import REPORTER_WORDS
from cirt.register.linking.commands import LinkReport, UnlinkReport
from cirt.register.linking.errors import (
    AlreadyOnIncident,
    LinkedByDecision,
    LinkToItself,
    LinkUnknown,
    NotDecidedYet,
)
from cirt.register.linking.service import link_report, unlink_report
from cirt.register.linking.splitting import accept_as_another, add_to_another
from cirt.register.linking.whereabouts import incidents_on
from cirt.register.models import (
    CloseReason,
    Incident,
    IncidentState,
    ObservableState,
    Report,
    ReportSource,
    ReportState,
)
from cirt.register.queue.filters import QueueFilter
from cirt.register.queue.lines import queue
from cirt.register.sight import get_report
from cirt.register.urgency.targets import targets_of
from cirt.register.views.commands import DropView, SaveView
from cirt.register.views.service import (
    MOST,
    NoSuchView,
    TooManyViews,
    drop_view,
    narrowing,
    save_view,
    views_of,
)
from cirt.sharing.agreements.commands import AddAgreement
from cirt.sharing.agreements.service import add_agreement
from tests.support.asked import asked_of
from tests.support.register import a_person, a_report, accepting, an_incident, observables_of

MAIL = (
    "Dear colleagues, on Monday a mail asked our staff to confirm their mailbox. Two of them typed their "
    "password there. Later somebody read their letters. We changed both passwords. What else should we do?"
)


@pytest.fixture
def amina(program: Program) -> Actor:
    return a_person(program, "Amina", Role.TRIAGE)


def reading(program: Program, actor: Actor) -> AbstractContextManager[Work]:
    return program.work(actor, write=False)


def duplicates(program: Program, actor: Actor, report: Report) -> list[str]:
    with reading(program, actor) as work:
        return [one.reference for one in queries.report_view(work, report.reference).duplicates]


# --- likeness ---


def test_the_same_text_is_a_likely_duplicate_and_the_reason_is_said(
    program: Program, amina: Actor
) -> None:
    first = a_report(program, MAIL, organisation="Harbour Water")
    second = a_report(program, f"Hello. {MAIL}", organisation="harbour  water")
    a_report(program, "The web shop was slow all night, and nobody knows why that was.")

    with reading(program, amina) as work:
        [found] = queries.report_view(work, second.reference).duplicates
        rows = {row.reference: row for row in queue(work, QueueFilter()).rows}
    said = [sentence.format(**values) for sentence, values in found.reasons]
    assert found.reference == first.reference
    assert said == ["5 of 6 sentences alike.", "The same organisation."]
    like = rows[second.reference].duplicate
    assert like is not None
    assert like.reference == first.reference
    assert like.share >= 90
    assert [row.duplicate for row in rows.values()].count(None) == 2


def test_two_shared_observables_make_a_duplicate_whatever_was_written(
    program: Program, amina: Actor
) -> None:
    first = a_report(program, "198.51.100.7 and hxxp://evil[.]example/a were in our logs")
    second = a_report(program, "Who knows http://evil.example/a or 198.51.100.7?")

    assert duplicates(program, amina, second) == [first.reference]


def test_what_many_share_makes_nothing_alike(
    program: Program, amina: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A template of which every report fills in the same few places, and an organisation that writes daily."""
    monkeypatch.setattr("cirt.register.likeness.queries.COMMON", 5)
    template = "Automatic notice of the sensor network: an event was seen and is to be looked at by people."
    stories = "printer router camera laptop server".split()  # noqa: SIM905  (reads best so)
    different = [
        f"{template} The {word} of the {word} office sent {word} data to {word} street and {word} hall "
        f"until the {word} people pulled the {word} plug by {word} hand in {word} haste."
        for word in stories
    ]
    reports = [
        a_report(program, text, organisation="North sensors")
        for text in [*different, *different[:2]]
    ]

    assert duplicates(program, amina, reports[2]) == []
    assert duplicates(program, amina, reports[0]) == [reports[5].reference]


def test_a_wave_of_one_mail_is_alike_though_all_of_it_is_common(
    program: Program, amina: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cirt.register.likeness.queries.COMMON", 3)
    reports = [a_report(program, MAIL) for _ in range(8)]

    assert len(duplicates(program, amina, reports[0])) == 5


def test_what_the_asker_may_not_see_is_no_duplicate(program: Program, amina: Actor) -> None:
    lead = a_person(program, "Irena", Role.LEAD)
    red = a_report(program, MAIL, actor=lead, source=ReportSource.DESK, tlp=Tlp.RED)
    report = a_report(program, MAIL)

    assert duplicates(program, amina, report) == []
    assert duplicates(program, lead, report) == [red.reference]


def test_what_resembles_spam_is_marked_and_waits_for_a_person_all_the_same(
    program: Program, amina: Actor
) -> None:
    first, second = a_report(program, MAIL), a_report(program, MAIL)
    with program.work(amina) as work:
        service.mark_spam(work, MarkSpam(first.reference, 1))

    with reading(program, amina) as work:
        [row] = queue(work, QueueFilter()).rows
        view = queries.report_view(work, second.reference)
    assert row.spam is not None
    assert view.spam is not None
    assert view.report.state is ReportState.RECEIVED


# --- links and several incidents ---


def test_a_link_decides_nothing_and_can_be_removed(program: Program, amina: Actor) -> None:
    lead = a_person(program, "Irena", Role.LEAD)
    incident, report, other = an_incident(program, lead), a_report(program), a_report(program)
    with program.work(amina) as work:
        for to in (incident.reference, incident.reference, other.reference):
            link_report(work, LinkReport(report.reference, to, "Perhaps"))

    with reading(program, amina) as work:
        view = queries.report_view(work, report.reference)
        on_incident = queries.incident_view(work, incident.reference).reports
        back = queries.report_view(work, other.reference).related
    assert view.report.state is ReportState.RECEIVED
    assert [one.reference for one in view.incidents] == [incident.reference]
    assert [one.reference for one in view.related] == [other.reference]
    assert [one.reference for one in on_incident] == [report.reference]
    assert [one.reference for one in back] == [report.reference]

    with program.work(amina) as work:
        for to in (incident.reference, other.reference):
            unlink_report(work, UnlinkReport(report.reference, to))
    with reading(program, amina) as work:
        view = queries.report_view(work, report.reference)
    assert (view.incidents, view.related) == ([], [])


def test_links_that_make_no_sense_are_refused(program: Program, amina: Actor) -> None:
    report = a_report(program)
    with program.work(amina) as work:
        incident = service.accept_report(work, accepting(report)).reference
    for cmd, refusal in (
        (LinkReport(report.reference, report.reference), LinkToItself),
        (LinkReport(report.reference, "REL-2026-0001"), LinkUnknown),
        (LinkReport(report.reference, "REP-2026-9999"), NoSuchReport),
    ):
        with pytest.raises(refusal), program.work(amina) as work:
            link_report(work, cmd)
    with pytest.raises(LinkedByDecision), program.work(amina) as work:
        unlink_report(work, UnlinkReport(report.reference, incident))


def test_one_report_begins_and_feeds_several_incidents(program: Program, amina: Actor) -> None:
    third = an_incident(program, a_person(program, "Irena", Role.LEAD))
    report = a_report(program, "Two things: 198.51.100.7 and evil.example")
    with pytest.raises(NotDecidedYet), program.work(amina) as work:
        accept_as_another(work, accepting(report))
    with program.work(amina) as work:
        first = service.accept_report(work, accepting(report))
        second = accept_as_another(work, accepting(get_report(work, report.reference)))
    with program.work(amina) as work:
        version = get_report(work, report.reference).version
        add_to_another(work, AddReport(report.reference, version, third.reference))

    with reading(program, amina) as work:
        for incident in (first, second, third):
            view = queries.incident_view(work, incident.reference)
            assert [one.reference for one in view.reports] == [report.reference]
            assert {row.value for row in observables_of(work, incident)} == {
                "198.51.100.7",
                "evil.example",
            }
        row = get_report(work, report.reference)
        there = [one.id for one in incidents_on(work, row.id)]
        assert (there, row.state) == ([third.id, first.id, second.id], ReportState.ACCEPTED)
    with pytest.raises(AlreadyOnIncident), program.work(amina) as work:
        add_to_another(work, AddReport(report.reference, row.version, third.reference))


def test_undo_takes_the_report_off_all_incidents_and_closes_those_nobody_touched(
    program: Program, amina: Actor, clock: FakeClock
) -> None:
    report = a_report(program, "It called 198.51.100.7")
    with program.work(amina) as work:
        first = service.accept_report(work, accepting(report))
        accept_as_another(work, accepting(get_report(work, report.reference)))
    clock.forward(hours=20)
    with program.work(amina) as work:
        version = get_report(work, report.reference).version
        back = service.undo_decision(work, UndoDecision(report.reference, version))

    assert back.state is ReportState.RECEIVED
    with reading(program, amina) as work:
        assert incidents_on(work, back.id) == []
        rows = work.session.scalars(sa.select(Incident)).all()
        assert {(row.state, row.close_reason) for row in rows} == {
            (IncidentState.CLOSED, CloseReason.FALSE_POSITIVE)
        }
        assert {row.state for row in observables_of(work, first)} == {ObservableState.DISMISSED}
        assert queries.report_view(work, report.reference).incidents == []


def test_an_accepted_report_stays_where_somebody_has_worked(program: Program, amina: Actor) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    report = a_report(program)
    with program.work(amina) as work:
        incident = service.accept_report(work, accepting(report))
    with program.work(tomas) as work:
        service.write_note(work, WriteNote(incident.reference, "Called them."))

    with (
        pytest.raises(UndoneByWork, match=f"Somebody has worked on {incident.reference}"),
        program.work(amina) as work,
    ):
        service.undo_decision(work, UndoDecision(report.reference, 2))


# --- forwarding ---


def an_agency(program: Program, name: str = "Police, cyber unit") -> str:
    with program.work(CONSOLE) as work:
        made = save_agency(work, SaveAgency(name, "cyber@police.example", "Crimes"))
        return f"agency:{made.id}"


def a_peer_with(program: Program, ceiling: Tlp | None) -> str:
    with program.work(CONSOLE) as work:
        add_peer(work, program.keys, "meridia", PeerFacts("CERT Meridia", "XM"))
        if ceiling is not None:
            add_agreement(work, AddAgreement("meridia", ceiling))
    return "peer:meridia"


def test_a_report_goes_to_whoever_is_competent_and_its_reporter_reads_so(
    program: Program, amina: Actor
) -> None:
    to = an_agency(program)
    with program.work(PUBLIC) as work:
        report, code = service.take_report(work, TakeReport(text="A fraud by telephone"))
    with program.work(amina) as work:
        cmd = ForwardReport(report.reference, 1, to, "A crime", "Somebody called about a fee.")
        forward_report(work, cmd)

    with reading(program, amina) as work:
        row = get_report(work, report.reference)
        [kept] = forwardings_of(work, row)
        assert row.state is ReportState.FORWARDED
        assert (kept.name, kept.words) == ("Police, cyber unit", "Somebody called about a fee.")
        said = service.report_status(work, AskStatus(report.reference, code))
        assert said == REPORTER_WORDS[ReportState.FORWARDED]
    with program.work(amina) as work:
        service.undo_decision(work, UndoDecision(report.reference, 2))
    with reading(program, amina) as work:
        row = get_report(work, report.reference)
        assert row.state is ReportState.RECEIVED
        assert forwardings_of(work, row)[0].taken_back_at is not None


@pytest.mark.parametrize(
    ("tlp", "ceiling", "refusal"),
    [
        (Tlp.AMBER_STRICT, Tlp.AMBER_STRICT, StrictNotForwarded),
        (Tlp.AMBER, None, NoAgreementToForward),
        (Tlp.AMBER, Tlp.GREEN, AboveCeiling),
        (Tlp.AMBER, Tlp.AMBER, None),
        (Tlp.GREEN, None, None),
    ],
)
def test_the_marking_says_whether_a_peer_may_have_it(
    program: Program,
    amina: Actor,
    tlp: Tlp,
    ceiling: Tlp | None,
    refusal: type[ForwardForbidden] | None,
) -> None:
    report, to = a_report(program, tlp=tlp), a_peer_with(program, ceiling)
    cmd = ForwardReport(report.reference, 1, to, "Their constituent", "Please look.")

    if refusal is None:
        with program.work(amina) as work:
            assert forward_report(work, cmd).name == "CERT Meridia"
        return
    with pytest.raises(refusal, match="CERT Meridia"), program.work(amina) as work:
        forward_report(work, cmd)
    with reading(program, amina) as work:
        assert get_report(work, report.reference).state is ReportState.RECEIVED


def test_red_is_forwarded_to_nobody_and_nothing_to_a_suspended_peer(
    program: Program, amina: Actor
) -> None:
    agency, peer = an_agency(program), a_peer_with(program, Tlp.AMBER)
    red = a_report(program, "By phone", actor=amina, source=ReportSource.DESK, tlp=Tlp.RED)
    plain = a_report(program, tlp=Tlp.GREEN)
    with program.work(CONSOLE) as work:
        suspend_peer(work, "meridia")

    for report, to, refusal in (
        (red, agency, RedNotForwarded),
        (plain, peer, NoAgreementToForward),
        (plain, "agency:999", RecipientUnknown),
        (plain, "agency:²", RecipientUnknown),
        (plain, "anybody", RecipientUnknown),
    ):
        with pytest.raises(refusal), program.work(amina) as work:
            forward_report(work, ForwardReport(report.reference, 1, to, "Why", "Words"))


def test_leads_keep_the_directory_of_agencies(program: Program, amina: Actor) -> None:
    lead = a_person(program, "Irena", Role.LEAD)
    with pytest.raises(NotAllowed), program.work(amina) as work:
        save_agency(work, SaveAgency("Police", "x@police.example", "Crimes"))
    with program.work(lead) as work:
        made = save_agency(work, SaveAgency("Police", "x@police.example", "Crimes"))
    with pytest.raises(AgencyExists), program.work(lead) as work:
        save_agency(work, SaveAgency("Police", "y@police.example", "Crimes"))
    with pytest.raises(AgencyChanged), program.work(lead) as work:
        save_agency(work, SaveAgency("Police", "y@police.example", "Crimes", made.id, 7))
    with program.work(lead) as work:
        retire_agency(work, RetireAgency(made.id))
        assert recipients(work) == []
        again = save_agency(work, SaveAgency("Police", "z@police.example", "Crimes"))
        assert again.id == made.id
        assert [one.name for one in recipients(work)] == ["Police"]


# --- bulk ---


def ticked(program: Program, actor: Actor, do: BulkDo, *reports: Report) -> int:
    with program.work(actor) as work:
        return tick_reports(work, TickReports(do, tuple(one.reference for one in reports))).id


def states(program: Program, *reports: Report) -> list[ReportState]:
    with reading(program, CONSOLE) as work:
        return [get_report(work, one.reference).state for one in reports]


def test_many_are_rejected_at_once_but_for_those_that_somebody_took_first_and_undone_at_once(
    program: Program, amina: Actor
) -> None:
    tomas = a_person(program, "Tomas", Role.TRIAGE)
    one, other, taken, late = (a_report(program, f"Advertising {n}") for n in range(4))
    with program.work(tomas) as work:
        service.reject_report(work, RejectReport(taken.reference, 1, "Mine"))
    act = ticked(program, amina, BulkDo.REJECT, one, other, taken, late)
    with program.work(tomas) as work:
        service.claim_report(work, ClaimReport(late.reference, 1))

    with reading(program, amina) as work:
        view = bulk_view(work, act)
    assert [row.reference for row in view.possible] == [one.reference, other.reference]
    assert {row.hindrance for row in view.left_out} == {
        "It is decided already.",
        "It changed since you ticked it.",
    }
    with pytest.raises(RejectionNeedsReason), program.work(amina) as work:
        confirm_bulk(work, ConfirmBulk(act))
    with program.work(amina) as work:
        confirm_bulk(work, ConfirmBulk(act, "Advertising"))
    rejected = [ReportState.REJECTED] * 3
    assert states(program, one, other, taken, late) == [*rejected, ReportState.CLAIMED]
    with pytest.raises(BulkDone), program.work(amina) as work:
        confirm_bulk(work, ConfirmBulk(act, "Advertising"))

    with program.work(amina) as work:
        undo_bulk(work, UndoBulk(act))
    assert states(program, one, other) == [ReportState.RECEIVED] * 2
    assert states(program, taken) == [ReportState.REJECTED]


@pytest.mark.parametrize("do", [BulkDo.CLAIM, BulkDo.ADD, BulkDo.MERGE, BulkDo.SPAM])
def test_every_bulk_act_is_done_and_undone(program: Program, amina: Actor, do: BulkDo) -> None:
    incident = an_incident(program, a_person(program, "Irena", Role.LEAD))
    reports = [a_report(program, f"Mail {n} from 198.51.100.{n}") for n in range(3)]
    act = ticked(program, amina, do, *reports)
    target = {BulkDo.ADD: incident.reference, BulkDo.MERGE: reports[0].reference}.get(do, "")
    after = {
        BulkDo.CLAIM: [ReportState.CLAIMED] * 3,
        BulkDo.ADD: [ReportState.ADDED] * 3,
        BulkDo.MERGE: [ReportState.RECEIVED, ReportState.MERGED, ReportState.MERGED],
        BulkDo.SPAM: [ReportState.SPAM] * 3,
    }

    with program.work(amina) as work:
        confirm_bulk(work, ConfirmBulk(act, "All the same", target))
    assert states(program, *reports) == after[do]
    with program.work(amina) as work:
        undo_bulk(work, UndoBulk(act))

    assert states(program, *reports) == [ReportState.RECEIVED] * 3


def test_bulk_acts_are_ones_own_and_need_what_is_there(program: Program, amina: Actor) -> None:
    tomas = a_person(program, "Tomas", Role.TRIAGE)
    one, other = a_report(program), a_report(program)
    act = ticked(program, amina, BulkDo.MERGE, one, other)

    with pytest.raises(NoSuchBulk), program.work(tomas) as work:
        bulk_view(work, act)
    with pytest.raises(LeadingNotTicked), program.work(amina) as work:
        confirm_bulk(work, ConfirmBulk(act, "Same", "REP-2026-0099"))
    with pytest.raises(NothingTicked), program.work(amina) as work:
        tick_reports(work, TickReports(BulkDo.CLAIM, ("REP-2020-0001",)))


# --- views, targets, queries ---


def test_a_view_keeps_only_what_its_address_can_be_opened_with() -> None:
    assert narrowing("words=%00&lane=operator&page=x&tlp=") == "lane=operator"


def test_views_are_ones_own_or_the_teams(program: Program, amina: Actor) -> None:
    tomas = a_person(program, "Tomas", Role.TRIAGE)
    with program.work(amina) as work:
        save_view(work, SaveView("Mine", "view=waiting&words=fee&page=before.1.1&selected=REP-1"))
        shared = save_view(work, SaveView("Team", "source=form&late=1", shared=True))

    with program.work(tomas) as work:
        assert [(view.name, view.query) for view in views_of(work)] == [
            ("Team", "source=form&late=1")
        ]
        with pytest.raises(NoSuchView):
            drop_view(work, DropView(shared.id))
    with program.work(amina) as work:
        assert views_of(work)[0].query == "view=waiting&words=fee"
        drop_view(work, DropView(shared.id))
        for number in range(MOST - 1):
            save_view(work, SaveView(f"View {number}", ""))
        with pytest.raises(TooManyViews):
            save_view(work, SaveView("One too many", ""))


def test_what_others_share_crowds_none_of_ones_own_views_out(
    program: Program, amina: Actor
) -> None:
    for name in ("Tomas", "Irena"):
        with program.work(a_person(program, name, Role.TRIAGE)) as work:
            for number in range(MOST):
                save_view(work, SaveView(f"A {name} {number}", "", shared=True))

    with program.work(amina) as work:
        save_view(work, SaveView("Mine", ""))
        names = [view.name for view in views_of(work)]

    assert "Mine" in names
    assert names == sorted(names)


def test_the_queue_is_narrowed_by_marking_time_and_lateness(
    program: Program, amina: Actor, clock: FakeClock
) -> None:
    old = a_report(program, "Old", tlp=Tlp.GREEN)
    clock.forward(days=2)
    new = a_report(program, "New")

    def found(**wanted: Any) -> list[str]:
        with reading(program, amina) as work:
            return [row.reference for row in queue(work, QueueFilter(**wanted)).rows]

    now = clock.now()
    assert found() == [old.reference, new.reference]
    assert found(tlp=Tlp.GREEN) == [old.reference]
    assert found(since=now - timedelta(days=1)) == [new.reference]
    assert found(is_late=True) == [old.reference]


def test_a_target_for_a_source_that_is_not_there_stops_the_start(program: Program) -> None:
    desk = replace(program.settings, first_look={"desk": 5})
    wrong = replace(program, settings=replace(program.settings, first_look={"telex": 5}))

    assert targets_of(desk).of(ReportSource.DESK, None, None) == timedelta(minutes=5)
    assert targets_of(desk).of(ReportSource.FORM, None, None) == timedelta(minutes=60)
    with pytest.raises(SettingsWrong, match="no source, lane or severity telex"):
        create_app(wrong)


@pytest.mark.parametrize("count", [1, 12])
def test_pages_of_triage_take_a_constant_number_of_queries(
    program: Program, amina: Actor, count: int
) -> None:
    reports = [a_report(program, f"{MAIL} 198.51.100.{n} evil.example") for n in range(count + 2)]
    act = ticked(program, amina, BulkDo.MERGE, *reports[1:])
    with program.work(amina) as work:
        confirm_bulk(work, ConfirmBulk(act, "Same", reports[1].reference))

    with reading(program, amina) as work, asked_of(program.engine) as asked:
        queue(work, QueueFilter())
        in_queue = len(asked)
        queries.report_view(work, reports[1].reference)
        in_pane = len(asked) - in_queue
        bulk_view(work, act)

    assert (in_queue, in_pane, len(asked) - in_queue - in_pane) == (11, 20, 2)


def test_ten_thousand_observables_go_through_triage(program: Program, amina: Actor) -> None:
    text = "\n".join(f"10.{n // 250}.{n % 250}.7" for n in range(10_000))
    one, other = a_report(program, text), a_report(program, text)
    with program.work(amina) as work:
        incident = service.accept_report(work, accepting(one))
    act = ticked(program, amina, BulkDo.MERGE, one, other)
    with program.work(amina) as work:
        confirm_bulk(work, ConfirmBulk(act, "Same list", one.reference))

    with reading(program, amina) as work:
        view = queries.report_view(work, one.reference)
        assert view.observable_count == 10_000
        assert queries.incident_view(work, incident.reference).offered == 10_000


def test_hidden_reports_cannot_be_touched(program: Program, amina: Actor) -> None:
    lead = a_person(program, "Irena", Role.LEAD)
    red = a_report(program, "By phone", actor=lead, source=ReportSource.DESK, tlp=Tlp.RED)
    plain = a_report(program)
    for act in (
        lambda work: link_report(work, LinkReport(red.reference, plain.reference)),
        lambda work: link_report(work, LinkReport(plain.reference, red.reference)),
        lambda work: service.mark_spam(work, MarkSpam(red.reference, 1)),
        lambda work: tick_reports(work, TickReports(BulkDo.CLAIM, (red.reference,))),
    ):
        with pytest.raises((NotFound, NothingTicked)), program.work(amina) as work:
            act(work)
