"""After thirty days: what nothing else rests on is erased for good, row by row and file by file.

A row that cannot be without another (its key may not be empty) goes with it. A row that merely points at an
incident keeps it. Lines of the audit trail have no content and stay.
"""

from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from cirt.files.store import erase_attachments
from cirt.kernel.db import Base
from cirt.kernel.program import Program
from cirt.kernel.work import SYSTEM, Work
from cirt.register.bin.models import KEPT_FOR, BinAct, Binned, Kept
from cirt.register.bin.service import PARTS
from cirt.register.matches.models import MatchNews
from cirt.register.merging.models import IncidentMerge
from cirt.register.models import Draft, Entry, EntryKind, Incident, IncidentObservable, Note
from cirt.register.sight import note_name
from cirt.sharing.models import NamedPerson

JOB = "bin.erase"
_CHUNK = 500
_RELEASES = (EntryKind.RELEASE_ASKED, EntryKind.RELEASED, EntryKind.REVOKED)


def erase_due(program: Program) -> int:
    """Erase what has lain for thirty days, each act in a transaction of its own: how many."""
    with program.work(SYSTEM, write=False) as work:
        due = sa.select(BinAct.id).where(
            BinAct.deleted_at <= work.now - KEPT_FOR, BinAct.kept.is_(None)
        )
        acts = work.session.scalars(due.order_by(BinAct.deleted_at, BinAct.id)).all()
    erased = 0
    for act_id in acts:
        with program.work(SYSTEM) as work:
            erased += _erase_one(work, act_id)
    return erased


def _erase_one(work: Work, act_id: int) -> bool:
    """The incident is held first, as whoever restores does; the act may be gone by then."""
    found = sa.select(BinAct).where(BinAct.id == act_id)
    of_it = sa.select(Incident).join(BinAct, BinAct.incident_id == Incident.id)
    held = of_it.where(BinAct.id == act_id).with_for_update(of=Incident)
    incident = work.session.scalars(held).one_or_none()
    act = work.session.scalars(found).one_or_none()
    return incident is not None and act is not None and _erase(work, incident, act)


def _erase(work: Work, incident: Incident, act: BinAct) -> bool:
    """False where it is kept."""
    act.kept = _why_kept(work, incident) if act.kind is Binned.INCIDENT else None
    if act.kept is not None:
        work.audit("bin.keep", incident.reference, why=act.kept)
        return False
    work.audit("bin.erase", incident.reference, kind=act.kind, row=act.row_id)
    if act.kind is Binned.INCIDENT:
        _erase_incident(work, incident)
    else:
        _erase_part(work, incident, act)
    return True


def _why_kept(work: Work, incident: Incident) -> Kept | None:
    has_indicator = sa.exists().where(
        IncidentObservable.incident_id == incident.id, IncidentObservable.object_id.is_not(None)
    )
    has_release = sa.exists().where(Entry.incident_id == incident.id, Entry.kind.in_(_RELEASES))
    if work.session.scalar(sa.select(sa.or_(has_indicator, has_release))):
        return Kept.RELEASED
    for column in _keys_to(Incident.__table__):
        # Without its merge the other one could not be parted again.
        is_merge = column.table is IncidentMerge.__table__
        if (column.nullable or is_merge) and work.session.scalar(
            sa.select(sa.exists().where(column == incident.id))
        ):
            return Kept.REFERRED
    return None


def _erase_incident(work: Work, incident: Incident) -> None:
    notes = work.session.scalars(sa.select(Note.id).where(Note.incident_id == incident.id)).all()
    names = [incident.reference, *map(note_name, notes)]
    erase_attachments(work, incident.reference)
    _forget(work, names, [incident.reference, *_places(incident, names[1:])])
    work.session.execute(sa.delete(BinAct).where(BinAct.incident_id == incident.id))
    work.session.execute(sa.delete(MatchNews).where(MatchNews.incident_id == incident.id))
    _erase_rows(work, Incident.__table__, [incident.id])


def _erase_part(work: Work, incident: Incident, act: BinAct) -> None:
    of_it = Entry.incident_id == incident.id
    if act.kind is Binned.NOTE:
        name = note_name(act.row_id)
        _forget(work, [name], _places(incident, [name]))
        work.session.execute(sa.delete(Entry).where(of_it, Entry.note_id == act.row_id))
    elif act.kind is Binned.ATTACK:
        work.session.execute(sa.delete(Entry).where(of_it, Entry.attack_id == act.row_id))
    else:
        _blank_entries(work, incident, act.row_id)
    _erase_rows(work, PARTS[act.kind].__table__, [act.row_id])
    work.session.delete(act)


def _blank_entries(work: Work, incident: Incident, task_id: int) -> None:
    """The timeline keeps that something was done on a task, not what the task was."""
    kinds = (EntryKind.TASK_ADDED, EntryKind.TASK_CHANGED, EntryKind.TASK_STATE)
    told = sa.select(Entry).where(Entry.incident_id == incident.id, Entry.kind.in_(kinds))
    for entry in work.session.scalars(told):
        if entry.values.get("task_id") == task_id:
            entry.values = {**entry.values, "task": "", "reason": ""}


def _places(incident: Incident, names: Sequence[str]) -> list[str]:
    """Where drafts of these notes are kept."""
    return [f"{incident.reference}/{name}" for name in names]


def _forget(work: Work, names: Sequence[str], places: Sequence[str]) -> None:
    for some in _chunks(names):
        work.session.execute(sa.delete(NamedPerson).where(NamedPerson.subject.in_(some)))
    for some in _chunks(places):
        work.session.execute(sa.delete(Draft).where(Draft.place.in_(some)))


def _erase_rows(work: Work, table: sa.FromClause, ids: Sequence[int]) -> None:
    """These rows and all that cannot be without them; what merely points at them points nowhere then."""
    for column in _keys_to(table):
        for some in _chunks(ids):
            child, points = column.table, column.in_(some)
            if "id" in child.c and not column.nullable:
                below = work.session.scalars(sa.select(child.c.id).where(points)).all()
                _erase_rows(work, child, below)
            elif not column.nullable or child is Entry.__table__:
                work.session.execute(sa.delete(child).where(points))
            else:
                work.session.execute(sa.update(child).where(points).values({column: None}))
    for some in _chunks(ids):
        work.session.execute(sa.delete(table).where(table.c.id.in_(some)))  # type: ignore[arg-type]  # a table it is


def _keys_to(table: sa.FromClause) -> Iterator[sa.Column[int]]:
    """The columns, of any table, that point at a row of this one."""
    for other in Base.metadata.tables.values():
        for column in other.columns:
            if any(key.column.table is table for key in column.foreign_keys):
                yield column


def _chunks(values: Sequence[int] | Sequence[str]) -> Iterator[Sequence[int] | Sequence[str]]:
    return (values[at : at + _CHUNK] for at in range(0, len(values), _CHUNK))
