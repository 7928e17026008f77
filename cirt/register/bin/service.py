"""Into the bin and out again. An act marks one row; what is below it is out of reach with it, as it was.

So restoring brings back exactly what the act removed: what lay in the bin before by an act of its own stays
there until that act is undone, in whichever order. Reports of an incident go back into triage with it.
"""

from typing import Any, TypeAlias

import sqlalchemy as sa

from cirt.kernel.errors import Conflict, NotFound
from cirt.kernel.text import mark
from cirt.kernel.work import Work
from cirt.register import texts
from cirt.register.bin import returning
from cirt.register.bin.commands import DeleteIncident, DeletePart, Restore
from cirt.register.bin.models import BinAct, Binned
from cirt.register.incidents import check_version, note_entry
from cirt.register.merging.models import IncidentMerge
from cirt.register.merging.queries import whole_family
from cirt.register.models import EntryKind, Incident, Note
from cirt.register.sight import (
    for_trail,
    get_incident,
    sees_binned_incident,
    sees_binned_note,
    sees_note,
)
from cirt.register.tasks.models import Task
from cirt.register.timeline.models import AttackEvent

Part: TypeAlias = Note | Task | AttackEvent
PARTS: dict[Binned, type[Part]] = {
    Binned.NOTE: Note,
    Binned.TASK: Task,
    Binned.ATTACK: AttackEvent,
}


class LeadsOthers(Conflict):
    """Also where those are not for the asker to see; they are not named."""

    code = "leads-others"
    message = mark(
        "Other incidents are merged into {reference} and would be lost from sight with it. Undo those merges first."
    )


class NothingInBin(NotFound):
    """There is no such act, or what it removed is not for the actor to see, or it was undone."""

    code = "nothing-in-bin"


def delete_incident(work: Work, cmd: DeleteIncident) -> BinAct:
    """
    Raises:
        IncidentChanged: somebody else was first.
        LeadsOthers: others are merged into it.
        NoSuchIncident, NotAllowed.
    """
    work.require("incident:delete")
    returning.hold_reports(work, get_incident(work, cmd.reference).id)
    incident = get_incident(work, cmd.reference, lock=True)
    check_version(work, incident, cmd.version)
    if len(whole_family(work, IncidentMerge, incident.id)) > 1:
        raise LeadsOthers(reference=incident.reference)
    act = _act(work, Binned.INCIDENT, incident.id, incident, cmd.reason)
    incident.bin_id = act.id
    act.reports = returning.send_back(work, incident)
    incident.version += 1
    note_entry(work, incident.id, EntryKind.DELETED, binned=Binned.INCIDENT, reason=act.reason)
    why = for_trail(incident.tlp, act.reason)
    reports = returning.sent_back(act.reports)
    work.audit("bin.put", incident.reference, kind=act.kind, reason=why, reports=reports)
    return act


def delete_part(work: Work, cmd: DeletePart) -> BinAct:
    """
    Raises:
        NothingInBin: there is no such part on the incident.
        NoSuchIncident, NotAllowed.
    """
    work.require("case:delete")
    incident = get_incident(work, cmd.incident, lock=True)
    part = _part(work, incident, cmd)
    act = _act(work, cmd.kind, part.id, incident, "")
    part.bin_id = act.id
    note_entry(work, incident.id, EntryKind.DELETED, binned=cmd.kind)
    work.audit("bin.put", incident.reference, kind=cmd.kind, row=part.id)
    return act


def restore(work: Work, cmd: Restore) -> BinAct:
    """Undo one act. A part of an incident that is itself in the bin comes back with it.

    Raises:
        NothingInBin, NotAllowed.
    """
    act = get_act(work, cmd.act_id)
    work.require(right_for(act.kind))
    if act.kind is Binned.INCIDENT:
        returning.hold_reports(work, act.incident_id)
    incident = work.session.get_one(Incident, act.incident_id, with_for_update=True)
    act = get_act(work, cmd.act_id)  # somebody else may have undone it while we waited
    left: list[str] = []
    if act.kind is Binned.INCIDENT:
        incident.bin_id = None
        incident.version += 1
        left = returning.take_again(work, incident, act.reports)
    else:
        part: Any = work.session.get_one(PARTS[act.kind], act.row_id)
        part.bin_id = None
    note_entry(work, incident.id, EntryKind.RESTORED, binned=act.kind)
    facts = {"row": act.row_id} if act.kind is not Binned.INCIDENT else {"left": left}
    work.audit("bin.restore", incident.reference, kind=act.kind, **facts)
    work.session.delete(act)
    work.session.flush()
    return act


def get_act(work: Work, act_id: int) -> BinAct:
    """
    Raises:
        NothingInBin.
    """
    query = seen_acts(work, sa.select(BinAct)).where(BinAct.id == act_id)
    fresh = query.execution_options(populate_existing=True)
    act: BinAct | None = work.session.scalars(fresh).one_or_none()
    if act is None:
        raise NothingInBin
    return act


def seen_acts(work: Work, query: Any) -> Any:
    """The acts of which the actor may see what they removed, joined with all that it can be."""
    of_kind = {kind: BinAct.kind == kind for kind in Binned}
    return (
        query.join(Incident, Incident.id == BinAct.incident_id)
        .outerjoin(Note, sa.and_(of_kind[Binned.NOTE], Note.id == BinAct.row_id))
        .outerjoin(Task, sa.and_(of_kind[Binned.TASK], Task.id == BinAct.row_id))
        .outerjoin(AttackEvent, sa.and_(of_kind[Binned.ATTACK], AttackEvent.id == BinAct.row_id))
        .where(
            sees_binned_incident(work.actor),
            sa.or_(~of_kind[Binned.NOTE], sees_binned_note(work.actor)),
        )
    )


def right_for(kind: Binned) -> str:
    """Whoever may delete may bring back."""
    return "incident:delete" if kind is Binned.INCIDENT else "case:delete"


def _part(work: Work, incident: Incident, cmd: DeletePart) -> Part:
    model = PARTS.get(cmd.kind)
    if model is None:
        raise NothingInBin
    query: Any = sa.select(model).where(
        model.id == cmd.row_id, model.incident_id == incident.id, model.bin_id.is_(None)
    )
    if model is Note:
        query = query.where(sees_note(work.actor))
    part: Part | None = work.session.scalars(query).one_or_none()
    if part is None:
        raise NothingInBin
    return part


def _act(work: Work, kind: Binned, row_id: int, incident: Incident, reason: str) -> BinAct:
    act = BinAct(
        kind=kind,
        row_id=row_id,
        incident_id=incident.id,
        deleted_at=work.now,
        deleted_by=work.actor.name,
        reason=texts.storable(reason.strip()),
        reports={},
    )
    work.session.add(act)
    work.session.flush()
    return act
