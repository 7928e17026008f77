"""What of the register an actor may see: every query for a page or an act goes through here to the gate's rule."""

from functools import lru_cache
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Actor, ActorKind, Work
from cirt.register.errors import IncidentInBin, NoSuchIncident, NoSuchNote, NoSuchReport
from cirt.register.models import Entry, Incident, Note, Report
from cirt.sharing.facts import PublicReader, Recipient, StaffReader
from cirt.sharing.models import NamedPerson
from cirt.sharing.narrow import may_see

Condition = sa.ColumnElement[bool]
_Query = TypeVar("_Query", bound=sa.Select[Any])
_HOUSE = frozenset({"content:read"})  # console and jobs: all but what names persons


@lru_cache(maxsize=256)
def _sees(marked: Any, reader: Recipient) -> Condition:
    """Made once for each who asks: it takes longer to make than to look one row up by it."""
    return may_see(marked.tlp, marked.reference, reader)


def reader_of(actor: Actor) -> StaffReader | PublicReader:
    """The actor as the gate knows them."""
    if actor.kind in (ActorKind.CONSOLE, ActorKind.SYSTEM):
        return StaffReader(None, _HOUSE)
    if actor.kind is ActorKind.PERSON:
        return StaffReader(actor.person_id, actor.permissions)
    return PublicReader()


def note_name(note_id: int) -> str:
    """The name of a note for drafts, sources and named persons."""
    return f"note-{note_id}"


def sees_report(actor: Actor) -> Condition:
    return _sees(Report, reader_of(actor))


def sees_incident(actor: Actor) -> Condition:
    """What lies in the bin is seen there alone."""
    return sa.and_(Incident.bin_id.is_(None), sees_binned_incident(actor))


def sees_binned_incident(actor: Actor) -> Condition:
    return _sees(Incident, reader_of(actor))


def sees_note(actor: Actor) -> Condition:
    return sa.and_(Note.bin_id.is_(None), sees_binned_note(actor))


def sees_binned_note(actor: Actor) -> Condition:
    name = sa.literal("note-") + sa.cast(Note.id, sa.String)
    return may_see(Note.tlp, name, reader_of(actor))


def sees_other(actor: Actor, other: Any) -> Condition:
    """The same of an incident that stands beside another in a query: ``other`` is an alias of it."""
    return _sees(other, reader_of(actor))


_LINKED: Any = aliased(Incident)  # made once: it takes longer than to use it


def sees_entry(actor: Actor) -> Condition:
    """For a query over entries with their notes joined; a link is told to who may see the other incident too."""
    linked = sa.exists().where(_LINKED.id == Entry.other_id, sees_other(actor, _LINKED))
    return sa.and_(
        sa.or_(Entry.note_id.is_(None), sees_note(actor)),
        sa.or_(Entry.other_id.is_(None), linked),
    )


def get_report(work: Work, reference: str, *, lock: bool = False) -> Report:
    """
    Raises:
        NoSuchReport: there is none, or it is not for the actor to see.
    """
    query = _locked(_report_for(work.actor), lock)
    report = work.session.scalars(query, {"reference": reference}).one_or_none()
    if report is None:
        raise NoSuchReport
    return report


def get_incident(work: Work, reference: str, *, lock: bool = False) -> Incident:
    """
    Raises:
        IncidentInBin: it is there, and says so to whoever may see it.
        NoSuchIncident: there is none, or it is not for the actor to see.
    """
    query = _locked(_incident_for(work.actor), lock)
    incident = work.session.scalars(query, {"reference": reference}).one_or_none()
    if incident is None:
        raise NoSuchIncident
    if incident.bin_id is not None:
        raise IncidentInBin(reference=reference, act=incident.bin_id)
    return incident


_REFERENCE = sa.bindparam("reference", type_=sa.String)


@lru_cache(maxsize=256)
def _report_for(actor: Actor) -> sa.Select[Report]:
    return sa.select(Report).where(Report.reference == _REFERENCE, sees_report(actor))


@lru_cache(maxsize=256)
def _incident_for(actor: Actor) -> sa.Select[Incident]:
    return sa.select(Incident).where(Incident.reference == _REFERENCE, sees_binned_incident(actor))


def get_note(work: Work, note_id: int, *, lock: bool = False) -> Note:
    """
    Raises:
        NoSuchNote: there is none, or it or its incident is not for the actor to see.
    """
    query = (
        sa.select(Note)
        .join(Incident, Incident.id == Note.incident_id)
        .where(Note.id == note_id, sees_note(work.actor), sees_incident(work.actor))
    )
    note = work.session.scalars(_locked(query, lock, of=Note)).one_or_none()
    if note is None:
        raise NoSuchNote
    return note


def name_person(work: Work, subject: str) -> None:
    """Name the actor on what they mark TLP:RED, so that they keep seeing it (rulings 5)."""
    if work.actor.person_id is None:
        return
    named = NamedPerson(subject=subject, person_id=work.actor.person_id)
    work.session.merge(named)
    work.session.flush()


def hand_on_names(work: Work, before: str, after: str) -> None:
    """Who was named on the one is named on the other, which continues it."""
    people = work.session.scalars(
        sa.select(NamedPerson.person_id).where(NamedPerson.subject == before)
    )
    for person_id in people.all():
        work.session.merge(NamedPerson(subject=after, person_id=person_id))
    work.session.flush()


def for_trail(tlp: Tlp, reason: str) -> str:
    """A reason for the audit trail, which auditors read: of what is RED only that it happened (rulings 5)."""
    return "" if tlp is Tlp.RED else reason


def _locked(query: _Query, lock: bool, of: Any = None) -> _Query:
    """Held until commit, and read anew: what the session had before may be stale."""
    if not lock:
        return query
    return query.with_for_update(of=of).execution_options(populate_existing=True)
