"""Closing: what stands open is named, asked about, and passed over only by who saw it."""

from functools import partial

import pytest

from cirt.kernel.program import Program
from cirt.kernel.work import CONSOLE, PUBLIC
from cirt.parties.roles import Role
from cirt.register import queries, service
from cirt.register.closing.errors import StillOpen
from cirt.register.closing.service import open_ends_of
from cirt.register.commands import (
    AddObservables,
    ChangeState,
    EditNote,
    Promote,
    TakeReport,
    WriteNote,
)
from cirt.register.dialogue.commands import TakeAnswer
from cirt.register.errors import FactsMissing, NoteChanged
from cirt.register.models import CloseReason, EntryKind, Incident, IncidentState
from cirt.register.relations.commands import LinkIncidents, Wish
from cirt.register.severity.commands import ScoreSeverity
from cirt.register.tasks.commands import AddTask, TickTasks
from cirt.register.tasks.service import add_task, tick_tasks
from cirt.release.asking import ask_release
from cirt.release.commands import AskRelease
from cirt.release.requests import undecided_of
from tests.support.register import a_person, accepting, an_incident, with_observables
from tests.support.release import a_collection, a_reader
from tests.unit.register.test_severity import EXAMPLE


def close(incident: Incident, **given: object) -> ChangeState:
    asked = {"reason": "Done", "close_reason": CloseReason.NO_RESPONSE, **given}
    return ChangeState(incident.reference, incident.version, IncidentState.CLOSED, **asked)  # type: ignore[arg-type]


def test_what_stands_open_is_named_and_closing_goes_on_only_past_what_was_seen(
    program: Program,
) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    wave, part, done = (an_incident(program, tomas, mine=True) for _ in range(3))
    for each in (part, done):
        with program.work(tomas) as work:
            wish = LinkIncidents(wave.reference, each.reference, Wish.HAS_PART)
            service.link_incidents(work, wish)
    with program.work(tomas) as work:
        service.change_state(work, close(done, close_reason=CloseReason.TEST))
        service.add_observables(work, AddObservables(wave.reference, "198.51.100.9"))

    with pytest.raises(StillOpen) as refusal, program.work(tomas) as work:
        service.change_state(work, close(wave))
    with program.work(tomas) as work:
        service.add_observables(work, AddObservables(wave.reference, "198.51.100.10"))
    seen = tuple(end.key for end in refusal.value.ends)
    with pytest.raises(StillOpen) as again, program.work(tomas) as work:
        service.change_state(work, close(wave, despite=seen))
    with program.work(tomas, write=False) as work:
        keys = tuple(end.key for end in open_ends_of(work, wave))
    with program.work(tomas) as work:
        closed = service.change_state(work, close(wave, despite=keys))

    assert [end.code for end in refusal.value.ends] == ["parts", "observables", "score", "lesson"]
    assert refusal.value.ends[0].incidents == (part.reference,)
    assert [end.code for end in again.value.ends] == ["observables"]  # one more than was seen
    assert (closed.state, closed.close_reason) == (IncidentState.CLOSED, CloseReason.NO_RESPONSE)


def test_a_scored_incident_with_its_lesson_closes_at_once(program: Program) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    incident = an_incident(program, tomas, mine=True)
    with program.work(tomas) as work:
        scored = ScoreSeverity(incident.reference, incident.version, EXAMPLE)
        service.score_severity(work, scored)
        incident = queries.incident_view(work, incident.reference).incident
    with program.work(tomas) as work:
        closed = service.change_state(work, close(incident, lesson="Call the provider first."))
        entry = queries.timeline(work, incident.reference).rows[0]

    assert closed.lesson == "Call the provider first."
    assert (entry.kind, entry.values["reason"]) == (EntryKind.STATE, "Done")


def test_nobody_closes_what_has_no_owner_or_no_final_class(program: Program) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    nobodys = an_incident(program, tomas)
    unknown = an_incident(program, tomas, mine=True, rsit_class="other", rsit_type="undetermined")

    for incident, said in ((nobodys, "Choose the handler"), (unknown, "Undetermined")):
        with pytest.raises(FactsMissing, match=said), program.work(tomas) as work:
            given = {"close_reason": CloseReason.TEST, "despite": ("score:1", "lesson:1")}
            service.change_state(work, close(incident, **given))


def test_a_release_that_nobody_decided_is_among_what_stands_open(program: Program) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    incident = an_incident(program, tomas, mine=True)
    (row,) = with_observables(program, tomas, incident, "198.51.100.9")
    with program.work(CONSOLE) as work:
        collection = a_collection(work, a_reader(work)).alias
    with program.work(tomas) as work:
        (made,) = service.promote(
            work, Promote(incident.reference, (row.id,), incident.tlp, valid_days=30)
        )
    with program.work(tomas) as work:
        asked = AskRelease("t", "r", (collection,), (made.stix_id,), incident=incident.reference)
        ask_release(work, asked)

    with program.work(tomas, write=False) as work:
        assert undecided_of(work, incident) == 1
        ends = {end.code: end.count for end in open_ends_of(work, incident)}
    assert ends["releases"] == 1


def test_an_open_task_and_an_unread_answer_are_among_what_stands_open(program: Program) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    with program.work(PUBLIC) as work:
        report, code = service.take_report(work, TakeReport(text="Our page was changed"))
    with program.work(tomas) as work:
        incident = service.accept_report(work, accepting(report, mine=True))
        task = add_task(work, AddTask(incident.reference, "Call the host"))
        add_task(work, AddTask(incident.reference, "Read the log"))
        tick_tasks(work, TickTasks(incident.reference, (task.id,)))
    with program.work(PUBLIC) as work:
        service.take_answer(work, TakeAnswer(report.reference, code, "It is back"))

    with program.work(tomas, write=False) as work:
        found = {end.code: end.count for end in open_ends_of(work, incident)}

    assert (found["tasks"], found["answers"]) == (1, 1)


def test_two_who_change_different_lines_of_a_note_both_keep_them(program: Program) -> None:
    tomas, lin = (a_person(program, name, Role.HANDLER) for name in ("Tomas", "Lin"))
    incident = an_incident(program, tomas)
    text = "Seen at ten.\n\nCalled nobody.\n\nWaits for logs."
    note = service.save_note(partial(program.work, tomas), WriteNote(incident.reference, text))
    theirs = text.replace("ten", "eleven")
    service.save_note(partial(program.work, lin), EditNote(note.id, 1, theirs))

    mine = text.replace("logs", "the provider")
    both = service.save_note(partial(program.work, tomas), EditNote(note.id, 1, mine))
    with pytest.raises(NoteChanged):
        worse = text.replace("eleven", "noon").replace("ten", "noon")
        service.save_note(partial(program.work, lin), EditNote(note.id, 1, worse))

    assert both.text == "Seen at eleven.\n\nCalled nobody.\n\nWaits for the provider."
    with program.work(lin, write=False) as work:
        written = service.texts_of(work, work.session.merge(both))
    assert [(each.version, each.author) for each in written] == [
        (3, "Tomas"),
        (2, "Lin"),
        (1, "Tomas"),
    ]
    assert [each.text for each in written] == [both.text, theirs, text]
