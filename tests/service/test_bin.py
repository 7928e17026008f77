"""The bin: one act removes, one act brings back exactly that, and after thirty days it is erased for good."""

import pytest
import sqlalchemy as sa

from cirt.files.content import AttachmentContent
from cirt.files.models import Attachment
from cirt.files.store import put_attachment
from cirt.kernel import audit
from cirt.kernel.audit import AuditEntry
from cirt.kernel.clock import FakeClock
from cirt.kernel.errors import NotAllowed
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import SYSTEM, Actor
from cirt.parties.roles import Role
from cirt.register import queries, service
from cirt.register.bin.commands import DeleteIncident, DeletePart, Restore
from cirt.register.bin.erasing import erase_due
from cirt.register.bin.models import BinAct, Binned, Kept
from cirt.register.bin.queries import bin_page
from cirt.register.bin.service import (
    LeadsOthers,
    NothingInBin,
    delete_incident,
    delete_part,
    restore,
)
from cirt.register.commands import AddReport, EditNote, Promote, WriteNote
from cirt.register.dialogue.commands import NoteAnswer
from cirt.register.errors import IncidentChanged, IncidentInBin, NoSuchIncident
from cirt.register.linking.whereabouts import incidents_on
from cirt.register.merging.commands import Merge
from cirt.register.merging.models import IncidentMerge
from cirt.register.merging.service import merge_incident
from cirt.register.models import Incident, Note, Report, ReportState
from cirt.register.tasks.commands import AddTask
from cirt.register.tasks.queries import my_tasks, tasks_of
from cirt.register.tasks.service import add_task
from cirt.register.timeline.attack import add_attack
from cirt.register.timeline.commands import AddAttack
from tests.support.browse import signed_in
from tests.support.register import (
    a_person,
    a_report,
    accepting,
    an_incident,
    with_observables,
)


def binned(program: Program, actor: Actor, incident: Incident, reason: str = "a mistake") -> BinAct:
    with program.work(actor) as work:
        now = work.session.get_one(Incident, incident.id)
        return delete_incident(work, DeleteIncident(now.reference, now.version, reason))


def test_a_note_goes_to_the_bin_and_comes_back(program: Program) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    incident = an_incident(program, tomas)
    with program.work(tomas) as work:
        note = service.write_note(work, WriteNote(incident.reference, "Called them."))
        act = delete_part(work, DeletePart(incident.reference, Binned.NOTE, note.id))
    with program.work(tomas, write=False) as work:
        gone = queries.timeline(work, incident.reference)
        (row,) = bin_page(work).rows
    with program.work(tomas) as work:
        restore(work, Restore(act.id))
    with program.work(tomas, write=False) as work:
        back = queries.timeline(work, incident.reference)

    assert [entry.note for entry in gone.rows] == [None, None]
    assert (row.title, row.kind, row.may_restore) == ("Called them.", Binned.NOTE, True)
    assert [entry.note.text for entry in back.rows if entry.note] == ["Called them."]
    with pytest.raises(NothingInBin), program.work(tomas) as work:
        restore(work, Restore(act.id))


def test_an_incident_goes_with_everything_below_it_and_its_reports_wait_again(
    program: Program, clock: FakeClock
) -> None:
    irena = a_person(program, "Irena", Role.LEAD)
    first, second = a_report(program, "one"), a_report(program, "two")
    with program.work(irena) as work:
        incident = service.accept_report(work, accepting(first, mine=True))
        service.add_report_to_incident(
            work, AddReport(second.reference, second.version, incident.reference)
        )
        add_task(work, AddTask(incident.reference, "Call them", irena.id))
    act = binned(program, irena, incident)

    with program.work(irena, write=False) as work:
        with pytest.raises(IncidentInBin):
            queries.incident_view(work, incident.reference)
        assert (my_tasks(work), queries.incidents(work, queries.IncidentFilter()).rows) == ([], [])
        states = set(work.session.scalars(sa.select(Report.state)))
    assert states == {ReportState.RECEIVED}
    clock.forward(minutes=5)
    with program.work(irena) as work:  # one is decided otherwise meanwhile
        again = work.session.get_one(Report, second.id)
        other = service.accept_report(work, accepting(again))
        restore(work, Restore(act.id))
    with program.work(irena, write=False) as work:
        reports = {report.id: report for report in work.session.scalars(sa.select(Report))}
        tasks = tasks_of(work, incident.reference)
        there = {
            each.id: [one.id for one in incidents_on(work, each.id)] for each in (first, second)
        }
    assert {reports[each.id].state for each in (first, second)} == {ReportState.ACCEPTED}
    assert there == {first.id: [incident.id], second.id: [other.id]}
    assert [task.title for task in tasks] == ["Call them"]


def test_handlers_delete_parts_and_leads_incidents(program: Program) -> None:
    tomas, nia = a_person(program, "Tomas", Role.HANDLER), a_person(program, "Nia", Role.AUDITOR)
    irena = a_person(program, "Irena", Role.LEAD)
    incident = an_incident(program, tomas)
    with program.work(tomas) as work:
        task = add_task(work, AddTask(incident.reference, "Call them"))

    with pytest.raises(NotAllowed), program.work(nia) as work:
        delete_part(work, DeletePart(incident.reference, Binned.TASK, task.id))
    with pytest.raises(NotAllowed), program.work(tomas) as work:
        delete_incident(work, DeleteIncident(incident.reference, incident.version, "x"))
    with pytest.raises(IncidentChanged), program.work(irena) as work:
        delete_incident(work, DeleteIncident(incident.reference, 99, "x"))
    with pytest.raises(NothingInBin), program.work(tomas) as work:
        delete_part(work, DeletePart(incident.reference, Binned.NOTE, task.id))
    act = binned(program, irena, incident)
    with pytest.raises(NotAllowed), program.work(tomas) as work:
        restore(work, Restore(act.id))


def test_what_is_red_lies_there_for_its_persons_alone(program: Program) -> None:
    irena, amina = (a_person(program, name, Role.LEAD) for name in ("Irena", "Amina"))
    red, incident = an_incident(program, irena, tlp=Tlp.RED), an_incident(program, irena)
    with program.work(irena) as work:
        note = service.write_note(work, WriteNote(incident.reference, "secret", Tlp.RED))
        inner = delete_part(work, DeletePart(incident.reference, Binned.NOTE, note.id))
    outer = binned(program, irena, red)

    with program.work(amina, write=False) as work:
        assert bin_page(work).total == 0
        with pytest.raises(NoSuchIncident) as refused:
            queries.incident_view(work, red.reference)
    assert not isinstance(refused.value, IncidentInBin)
    for act in (inner, outer):
        with pytest.raises(NothingInBin), program.work(amina) as work:
            restore(work, Restore(act.id))
    with program.work(irena, write=False) as work:
        assert bin_page(work).total == 2


def test_after_thirty_days_it_is_erased_for_good(program: Program, clock: FakeClock) -> None:
    irena = a_person(program, "Irena", Role.LEAD)
    incident, other = an_incident(program, irena), an_incident(program, irena)
    reference = incident.reference
    with program.work(irena) as work:
        note = service.write_note(work, WriteNote(reference, "Called 192.0.2.7", Tlp.RED))
        service.edit_note(work, EditNote(note.id, 1, "Called 192.0.2.8"))
        service.write_note(work, WriteNote(reference, "evil.example"))
        add_task(work, AddTask(reference, "Call them"))
        add_attack(work, AddAttack(reference, "It came", "2026-11-16"))
        put_attachment(work, reference, "a.log", "text/plain", b"a line")
        service.keep_draft(work, f"{reference}/note-{note.id}", "half")
        kept_note = service.write_note(work, WriteNote(other.reference, "stays"))
        task = add_task(work, AddTask(other.reference, "secret name"))
        delete_part(work, DeletePart(other.reference, Binned.TASK, task.id))
        delete_part(work, DeletePart(reference, Binned.NOTE, note.id))
    binned(program, irena, incident)
    clock.forward(days=29)
    early = erase_due(program)
    clock.forward(days=2)

    assert (early, erase_due(program), erase_due(program)) == (0, 3, 0)

    with program.work(SYSTEM, write=False) as work:
        left = work.session.scalars(sa.select(Incident.reference)).all()
        notes = work.session.scalars(sa.select(Note.id)).all()
        counts = [
            work.session.scalar(sa.select(sa.func.count()).select_from(model))
            for model in (BinAct, Attachment, AttachmentContent)
        ]
        lines = work.session.scalars(sa.select(AuditEntry).where(AuditEntry.subject == reference))
        acts = [line.act for line in lines]
        assert audit.verify(work.session).broken is None
        timeline = queries.timeline(work, other.reference)
    assert left == [other.reference]
    assert notes == [kept_note.id]
    assert counts == [0, 0, 0]
    assert acts[0] == "incident.open"
    assert acts[-1] == "bin.erase"
    assert "secret name" not in str([entry.values for entry in timeline.rows])


def test_what_an_indicator_was_made_of_is_kept_and_says_so(
    program: Program, clock: FakeClock
) -> None:
    irena = a_person(program, "Irena", Role.LEAD)
    incident = an_incident(program, irena)
    (row,) = with_observables(program, irena, incident, "evil.example")
    with program.work(irena) as work:
        service.promote(work, Promote(incident.reference, (row.id,), Tlp.AMBER, valid_days=30))
    act = binned(program, irena, incident)
    clock.forward(days=31)

    assert erase_due(program) == 0

    with program.work(irena, write=False) as work:
        (kept,) = bin_page(work).rows
    assert kept.kept is Kept.RELEASED
    with program.work(irena) as work:
        restore(work, Restore(act.id))
        assert queries.incident_view(work, incident.reference).indicators == 1


def test_what_a_message_points_at_is_kept(program: Program, clock: FakeClock) -> None:
    irena = a_person(program, "Irena", Role.LEAD)
    report = a_report(program)
    with program.work(irena) as work:
        incident = service.accept_report(work, accepting(report))
        service.note_answer(work, NoteAnswer(incident.reference, "Called: since Monday."))
    binned(program, irena, incident)
    clock.forward(days=31)

    assert erase_due(program) == 0
    with program.work(irena, write=False) as work:
        assert [row.kept for row in bin_page(work).rows] == [Kept.REFERRED]


def test_what_a_merge_needs_is_kept(program: Program, clock: FakeClock) -> None:
    """Its merge says how it stood before; and what leads others does not go to the bin at all."""
    irena = a_person(program, "Irena", Role.LEAD)
    leading, other = an_incident(program, irena), an_incident(program, irena)
    with program.work(irena) as work:
        merge_incident(work, Merge(other.reference, other.version, leading.reference, "One case"))
    with pytest.raises(LeadsOthers, match=leading.reference):
        binned(program, irena, leading)
    binned(program, irena, other)
    clock.forward(days=31)

    assert erase_due(program) == 0
    with program.work(irena, write=False) as work:
        assert [row.kept for row in bin_page(work).rows] == [Kept.REFERRED]
        assert work.session.scalar(sa.select(sa.func.count()).select_from(IncidentMerge)) == 1


def test_the_pages_delete_offer_undo_and_say_where_it_is(program: Program) -> None:
    visitor = signed_in(program, Role.LEAD)
    tomas = a_person(program, "Tomas", Role.HANDLER)
    incident = an_incident(program, tomas, title="Opened by mistake")
    path = f"/incidents/{incident.reference}"
    visitor.get(f"{path}/delete")
    assert visitor.send(f"{path}/delete").status_code == 422

    visitor.send(f"{path}/delete", reason="wrong number")
    visitor.follow()
    assert "Moved to the bin, for 30 days: Incident Opened by mistake" in visitor.text
    for page in (path, f"{path}/observables", f"{path}/tasks"):
        assert visitor.get(page).status_code == 410
        assert "This incident is in the bin" in visitor.text
    visitor.send("/bin/")
    visitor.follow()

    assert visitor.last is not None
    assert visitor.last.status_code == 200
    assert "brought back from the bin: Incident" in visitor.text
    assert visitor.get("/bin?undo=99999999999999999999").status_code == 200
    assert "The bin is empty" in visitor.text
