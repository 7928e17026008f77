"""Incidents: facts and states guarded, every change on the timeline, pages in a constant number of queries."""

import pytest

from cirt.kernel.clock import FakeClock
from cirt.kernel.errors import NotAllowed
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, SYSTEM, Work
from cirt.objects import codec, store
from cirt.objects.observables.kinds import Kind, Observable
from cirt.parties.peers import PeerFacts, add_peer
from cirt.parties.roles import Role
from cirt.register import queries, service
from cirt.register.commands import (
    AddReport,
    ChangeState,
    ClaimReport,
    DecideObservables,
    EditFacts,
    RejectReport,
    WriteNote,
)
from cirt.register.errors import (
    ClassUnknown,
    FactsMissing,
    IncidentChanged,
    LoweringNeedsReason,
    NoSuchIncident,
    OwnerUnknown,
    ReasonMissing,
    TransitionRefused,
)
from cirt.register.holders import MANY
from cirt.register.known import Known, known_of
from cirt.register.models import (
    CloseReason,
    EntryKind,
    Incident,
    IncidentState,
    ObservableState,
    Severity,
)
from cirt.register.queries import (
    IncidentFilter,
    QueueFilter,
    QueueView,
    Thread,
    TimelineFilter,
    Who,
)
from tests.support.asked import asked_of
from tests.support.register import (
    a_person,
    a_report,
    accepting,
    an_incident,
    observables_of,
    with_observables,
)
from tests.support.stix import an_indicator

LURE = "hxxps://login-update[.]example[.]org/start and 192[.]0[.]2[.]44"


def facts(incident: Incident, **changes: object) -> EditFacts:
    given = {
        name: getattr(incident, name)
        for name in ("title", "rsit_class", "rsit_type", "severity", "tlp", "owner_id")
    }
    return EditFacts(incident.reference, incident.version, **{**given, **changes})


def move(incident: Incident, to: IncidentState, reason: str = "", **given: object) -> ChangeState:
    return ChangeState(incident.reference, incident.version, to, reason, **given)  # type: ignore[arg-type]


def test_a_change_of_facts_is_on_the_timeline_with_before_and_after(program: Program) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    incident = an_incident(program, tomas)

    with program.work(tomas) as work:
        changed = service.edit_facts(
            work, facts(incident, severity=Severity.CRITICAL, owner_id=tomas.id)
        )

    with program.work(tomas, write=False) as work:
        entry = queries.timeline(work, incident.reference).rows[0]
    assert (changed.severity, changed.owner_id, changed.version) == (Severity.CRITICAL, tomas.id, 2)
    assert entry.values["fields"] == ["severity", "owner_id"]
    assert entry.values["changed"]["severity"] == ["high", "critical"]


def test_of_two_who_edit_the_facts_the_second_is_told_and_changes_nothing(program: Program) -> None:
    tomas, lin = (a_person(program, name, Role.HANDLER) for name in ("Tomas", "Lin"))
    incident = an_incident(program, tomas)
    stale = facts(incident, title="From Lin")
    with program.work(tomas) as work:
        service.edit_facts(work, facts(incident, title="From Tomas"))

    with pytest.raises(IncidentChanged, match="Tomas"), program.work(lin) as work:
        service.edit_facts(work, stale)
    with program.work(lin, write=False) as work:
        assert queries.incident_view(work, incident.reference).incident.title == "From Tomas"


def test_facts_that_do_not_hold_are_refused(program: Program) -> None:
    tomas, nia = a_person(program, "Tomas", Role.HANDLER), a_person(program, "Nia", Role.AUDITOR)
    incident = an_incident(program, tomas)

    for changes, refusal in (
        ({"rsit_class": "fraud"}, ClassUnknown),  # its type is of another class
        ({"owner_id": nia.id}, OwnerUnknown),
        ({"tlp": Tlp.GREEN}, LoweringNeedsReason),
    ):
        with pytest.raises(refusal), program.work(tomas) as work:
            service.edit_facts(work, facts(incident, **changes))
    with pytest.raises(NotAllowed), program.work(nia) as work:
        service.edit_facts(work, facts(incident, title="x"))


def test_an_incident_goes_its_way_to_closed_and_can_be_opened_again(
    program: Program, clock: FakeClock
) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    incident = an_incident(program, tomas, mine=True)
    first = clock.now()

    for to in (IncidentState.CONTAINED, IncidentState.ERADICATED, IncidentState.RESOLVED):
        with program.work(tomas) as work:
            incident = service.change_state(work, move(incident, to))
        clock.forward(hours=1)
    with program.work(tomas) as work:
        given = {
            "close_reason": CloseReason.SOLVED,
            "lesson": "Ask sooner",
            "despite": ("score:1",),
        }
        close = move(incident, IncidentState.CLOSED, "All clean", **given)
        incident = service.change_state(work, close)
        assert (incident.closed_at, incident.close_reason) == (clock.now(), CloseReason.SOLVED)
    with program.work(tomas) as work:
        incident = service.change_state(work, move(incident, IncidentState.OPEN, "It came back"))

    assert incident.state is IncidentState.OPEN
    assert (incident.contained_at, incident.closed_at, incident.close_reason) == (first, None, None)
    with program.work(tomas, write=False) as work:
        rows = queries.timeline(work, incident.reference).rows
    assert rows[0].values["reason"] == "It came back"
    assert [row.kind for row in rows[:5]] == [EntryKind.STATE] * 5


def test_a_state_without_its_facts_reason_or_way_is_refused_and_says_what_is_missing(
    program: Program,
) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    incident = an_incident(program, tomas)

    for wish, refusal, said in (
        (move(incident, IncidentState.CONTAINED), FactsMissing, "Choose the handler"),
        (move(incident, IncidentState.WAITING), ReasonMissing, "Say why"),
        (move(incident, IncidentState.CLOSED, "x"), FactsMissing, "Choose the handler"),
        (move(incident, IncidentState.ERADICATED), TransitionRefused, "In progress"),
    ):
        with pytest.raises(refusal, match=said), program.work(tomas) as work:
            service.change_state(work, wish)


def test_what_becomes_red_stays_with_the_person_who_marked_it(program: Program) -> None:
    tomas, lead = a_person(program, "Tomas", Role.HANDLER), a_person(program, "Irena", Role.LEAD)
    incident = an_incident(program, tomas)

    with program.work(tomas) as work:
        service.edit_facts(work, facts(incident, tlp=Tlp.RED))

    with program.work(tomas, write=False) as work:
        assert queries.incident_view(work, incident.reference).incident.tlp is Tlp.RED
        assert queries.incidents(work, IncidentFilter()).total == 1
    for actor in (lead, SYSTEM):
        with program.work(actor, write=False) as work:
            assert queries.incidents(work, IncidentFilter()).total == 0
            assert queries.desk(work).open_incidents == 0
            with pytest.raises(NoSuchIncident):
                queries.incident_view(work, incident.reference)


def test_a_red_note_and_its_observables_are_hidden_from_the_others(program: Program) -> None:
    tomas, lead = a_person(program, "Tomas", Role.HANDLER), a_person(program, "Irena", Role.LEAD)
    incident = an_incident(program, tomas)
    with program.work(tomas) as work:
        service.write_note(work, WriteNote(incident.reference, f"secret {LURE}", Tlp.RED))

    def seen(actor: object) -> tuple[int, int, int]:
        with program.work(actor, write=False) as work:  # type: ignore[arg-type]
            view = queries.incident_view(work, incident.reference)
            page = queries.timeline(work, incident.reference)
            assert len(page.rows) == page.total == view.entries
            return view.entries, view.notes, view.offered

    assert seen(tomas) == (2, 1, 0)
    assert seen(lead) == (1, 0, 0)


def test_the_queue_shows_the_longest_wait_first_page_by_page(
    program: Program, clock: FakeClock
) -> None:
    amina = a_person(program, "Amina", Role.TRIAGE)
    sent = []
    for _ in range(7):
        sent.append(a_report(program).reference)
        clock.forward(minutes=1)

    with program.work(amina, write=False) as work:
        first = queries.queue(work, QueueFilter(), limit=3)
        second = queries.queue(work, QueueFilter(), cursor=first.after, limit=3)
        third = queries.queue(work, QueueFilter(), cursor=second.after, limit=3)
        back = queries.queue(work, QueueFilter(), cursor=second.before, limit=3)
        lost = queries.queue(work, QueueFilter(), cursor="after.x.'", limit=3)

    pages = [[row.reference for row in page.rows] for page in (first, second, third)]
    assert pages == [sent[:3], sent[3:6], sent[6:]]
    assert (first.before, third.after, first.total) == (None, None, 7)
    assert back.rows == first.rows == lost.rows
    assert back.before is None
    assert first.rows[0].waited.total_seconds() == 7 * 60


def test_the_views_of_the_queue_hold_what_their_names_say(program: Program) -> None:
    amina = a_person(program, "Amina", Role.TRIAGE)
    waiting, mine, rejected = (a_report(program, text) for text in ("one", "two", "three"))
    with program.work(amina) as work:
        service.claim_report(work, ClaimReport(mine.reference, 1))
        service.reject_report(work, RejectReport(rejected.reference, 1, "Spam"))

    with program.work(amina, write=False) as work:
        shown = {
            view: [row.reference for row in queries.queue(work, QueueFilter(view)).rows]
            for view in QueueView
        }
        counts = queries.queue_counts(work)
        found = queries.queue(work, QueueFilter(words="TW")).rows

    assert shown == {
        QueueView.WAITING: [waiting.reference, mine.reference],
        QueueView.MINE: [mine.reference],
        QueueView.LIKELY: [],
        QueueView.DECIDED: [rejected.reference],
    }
    assert (counts.waiting, counts.mine, counts.decided_today) == (2, 1, 1)
    assert [(row.reference, row.claimed_by) for row in found] == [(mine.reference, "Amina")]


def test_a_report_shows_own_incidents_other_reports_and_peers_on_its_observables(
    program: Program,
) -> None:
    lead = a_person(program, "Irena", Role.LEAD)
    incident = an_incident(program, lead)
    with_observables(program, lead, incident, LURE)
    earlier, report = a_report(program, LURE), a_report(program, LURE)
    _from_peer(program, "192.0.2.44")

    with program.work(lead, write=False) as work:
        hits = queries.queue(work, QueueFilter()).rows[1].hits
        view = queries.report_view(work, report.reference)

    assert [hit.reference for hit in hits.incidents] == [incident.reference]
    assert (hits.shared, hits.reports, hits.peers) == (2, (earlier.reference,), ("Meridia",))
    assert view.hits == hits
    by_value = {row.observable.value: row.known for row in view.observables}
    assert by_value["192.0.2.44"].peers == ("Meridia",)
    assert by_value["192.0.2.44"].report_count == 1


def test_a_report_is_not_said_to_look_like_the_incident_that_it_is_on(program: Program) -> None:
    lead = a_person(program, "Irena", Role.LEAD)
    other = an_incident(program, lead)
    with_observables(program, lead, other, "192[.]0[.]2[.]44")
    report = a_report(program, LURE)
    with program.work(lead) as work:
        incident = service.accept_report(work, accepting(report))
    with_observables(program, lead, incident, LURE)

    with program.work(lead, write=False) as work:
        view = queries.report_view(work, report.reference)

    assert [hit.reference for hit in view.hits.incidents] == [other.reference]
    assert view.hits.shared == 1


def test_what_very_many_reports_hold_is_counted_no_further(program: Program) -> None:
    lead = a_person(program, "Irena", Role.LEAD)
    for _ in range(MANY + 3):
        report = a_report(program, "192[.]0[.]2[.]44")

    with program.work(lead, write=False) as work:
        known = known_here(work)
        view = queries.report_view(work, report.reference)

    assert (known.report_count, known.reports) == (MANY + 1, ())
    assert not known.is_new
    assert view.hits.reports == ()


def test_what_the_viewer_may_not_see_does_not_count_as_known(program: Program) -> None:
    tomas, lead = a_person(program, "Tomas", Role.HANDLER), a_person(program, "Irena", Role.LEAD)
    admin = a_person(program, "Ada", Role.ADMIN)
    incident = an_incident(program, tomas, tlp=Tlp.RED)
    with_observables(program, tomas, incident, LURE)
    a_report(program, LURE)

    with program.work(tomas, write=False) as work:
        assert known_here(work).incident_count == 1
    with program.work(lead, write=False) as work:
        known = known_here(work)
        assert (known.incident_count, known.report_count) == (0, 1)
    with program.work(admin, write=False) as work:
        assert known_here(work).is_new


def test_an_indicator_past_its_end_or_revoked_is_not_known_any_more(
    program: Program, clock: FakeClock
) -> None:
    lead = a_person(program, "Irena", Role.LEAD)
    _from_peer(program, "192.0.2.44", valid_until="2026-12-01T00:00:00Z")

    with program.work(lead, write=False) as work:
        assert known_here(work).peers == ("Meridia",)
    clock.forward(days=30)

    with program.work(lead, write=False) as work:
        assert known_here(work).is_new


def test_observables_are_confirmed_dismissed_and_keep_who_did_it(program: Program) -> None:
    tomas, amina = a_person(program, "Tomas", Role.HANDLER), a_person(program, "Amina", Role.TRIAGE)
    report = a_report(program, LURE)
    with program.work(amina) as work:
        incident = service.accept_report(work, accepting(report))
    with program.work(tomas) as work:
        first, *rest = [row.id for row in observables_of(work, incident)]
        service.decide_observables(
            work, DecideObservables(incident.reference, (first,), tuple(rest))
        )

    with program.work(tomas, write=False) as work:
        rows = queries.observables(work, incident.reference).rows
        entry = queries.timeline(work, incident.reference).rows[0]
    assert {row.id: row.state for row in rows} == {
        first: ObservableState.CONFIRMED,
        **dict.fromkeys(rest, ObservableState.DISMISSED),
    }
    assert entry.values == {"confirmed": 1, "dismissed": len(rest)}
    with pytest.raises(NotAllowed), program.work(amina) as work:
        service.decide_observables(work, DecideObservables(incident.reference, (first,)))


def test_the_desk_counts_what_waits_and_what_is_open(program: Program, clock: FakeClock) -> None:
    lead = a_person(program, "Irena", Role.LEAD)
    a_report(program)
    clock.forward(hours=2)
    an_incident(program, lead, severity=Severity.CRITICAL)
    incident = an_incident(program, lead, rsit_class="fraud", rsit_type="phishing")
    with_observables(program, lead, incident, LURE)
    _from_peer(program, "192.0.2.44")

    with program.work(lead, write=False) as work:
        desk = queries.desk(work)

    assert desk.reports.waiting == 1
    assert desk.reports.oldest_wait is not None
    assert desk.reports.oldest_wait.total_seconds() == 2 * 3600
    assert desk.open_incidents == 2
    assert desk.by_severity[Severity.CRITICAL] == 1
    assert sorted(desk.by_class) == [("fraud", 1), ("intrusions", 1)]
    (seen,) = desk.also_seen
    assert (seen.observable.value, seen.incident, seen.peers) == (
        "192.0.2.44",
        incident.reference,
        1,
    )


def test_the_list_of_incidents_can_be_narrowed(program: Program) -> None:
    lead = a_person(program, "Irena", Role.LEAD)
    mine = an_incident(program, lead, mine=True, title="100% of mail bounced")
    other = an_incident(program, lead, rsit_class="fraud", rsit_type=None)

    def shown(wanted: IncidentFilter) -> list[str]:
        with program.work(lead, write=False) as work:
            return [row.reference for row in queries.incidents(work, wanted).rows]

    assert shown(IncidentFilter()) == [other.reference, mine.reference]
    assert shown(IncidentFilter(who=Who.MINE)) == [mine.reference]
    assert shown(IncidentFilter(who=Who.NOBODY)) == [other.reference]
    assert shown(IncidentFilter(rsit_class="fraud")) == [other.reference]
    assert shown(IncidentFilter(words="100%")) == [mine.reference]
    assert shown(IncidentFilter(states=(IncidentState.CLOSED,))) == []


@pytest.mark.parametrize("many", [2, 20])
def test_pages_take_a_constant_number_of_queries(program: Program, many: int) -> None:
    lead = a_person(program, "Irena", Role.LEAD)
    incident = an_incident(program, lead, mine=True)
    for number in range(many):
        report = a_report(program, f"{LURE} and 198[.]51[.]100[.]{number}")
        a_report(program, f"10.9.8.{number} hxxp://a{number}[.]example[.]org/")
        with program.work(lead) as work:
            service.add_report_to_incident(work, AddReport(report.reference, 1, incident.reference))
            service.write_note(work, WriteNote(incident.reference, f"198[.]51[.]100[.]{number}"))

    with program.work(lead, write=False) as work, asked_of(program.engine) as run:
        queries.queue(work, QueueFilter())
        in_queue = len(run)
        queries.incidents(work, IncidentFilter())
        in_list = len(run) - in_queue
        queries.incident_view(work, incident.reference)
        queries.timeline(work, incident.reference)
        queries.observables(work, incident.reference)
        on_page = len(run) - in_queue - in_list
        queries.desk(work)
        on_desk = len(run) - in_queue - in_list - on_page

    assert (in_queue, in_list, on_page, on_desk) == (9, 1, 18, 4)


def test_the_timeline_can_be_narrowed_and_paged(program: Program, clock: FakeClock) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    incident = an_incident(program, tomas)
    for number in range(4):
        with program.work(tomas) as work:
            service.write_note(work, WriteNote(incident.reference, f"note {number}"))
        clock.forward(minutes=1)

    with program.work(tomas, write=False) as work:
        notes = TimelineFilter(thread=Thread.NOTES)
        newest = queries.timeline(work, incident.reference, notes, limit=3)
        older = queries.timeline(work, incident.reference, notes, cursor=newest.after, limit=3)
        decisions = TimelineFilter(thread=Thread.DECISIONS)
        changes = queries.timeline(work, incident.reference, decisions)

    texts = [row.note.text for row in (*newest.rows, *older.rows) if row.note]
    assert texts == ["note 3", "note 2", "note 1", "note 0"]
    assert [row.kind for row in changes.rows] == [EntryKind.OPENED]


def known_here(work: Work) -> Known:
    """What the actor knows of the one address."""
    (found,) = known_of(work, [Observable(Kind.IPV4, "192.0.2.44")]).values()
    return found


def _from_peer(program: Program, address: str, **properties: object) -> None:
    raw = an_indicator(pattern=f"[ipv4-addr:value = '{address}']", **properties)
    read = codec.read(raw)
    assert isinstance(read, codec.StixObject)
    with program.work(CONSOLE) as work:
        peer = add_peer(work, program.keys, "meridia", PeerFacts(name="Meridia", country="ME"))
        store.put_many(work, [read], origin_id=peer.id, default_tlp=Tlp.AMBER)
