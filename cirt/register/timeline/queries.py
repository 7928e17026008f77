"""The timeline for pages: narrowed to kinds and to a person, either end first, page by page."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import defer

from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.register.merging.models import IncidentMerge
from cirt.register.merging.queries import family
from cirt.register.models import Entry, EntryKind, Incident, Note
from cirt.register.pages import PAGE, Order, Page, Query, read_page
from cirt.register.sight import get_incident, sees_entry
from cirt.register.timeline.models import AttackEvent, Precision

_PEOPLE = 100  # to choose from
BEGINNING = 6000  # characters of a note in the timeline


class Thread(StrEnum):
    """What the timeline is narrowed to."""

    ALL = ""
    NOTES = "notes"
    DECISIONS = "decisions"
    OBSERVABLES = "observables"
    EXCHANGE = "exchange"
    ATTACK = "attack"
    TASKS = "tasks"


_K = EntryKind
_THREADS: dict[Thread, tuple[EntryKind, ...]] = {
    Thread.NOTES: (_K.NOTE,),
    Thread.OBSERVABLES: (_K.OBSERVABLES, _K.INDICATOR),
    Thread.EXCHANGE: (
        _K.RELEASE_ASKED,
        _K.RELEASED,
        _K.RELEASE_REFUSED,
        _K.RELEASE_VOID,
        _K.RELEASE_WITHDRAWN,
        _K.HANDED_OVER,
        _K.PEER_SIGHTING,
        _K.REVOKED,
    ),
    Thread.ATTACK: (_K.ATTACK, _K.ATTACK_EDITED),
    Thread.TASKS: (_K.PLAYBOOK, _K.TASK_ADDED, _K.TASK_CHANGED, _K.TASK_STATE),
}
_ELSEWHERE = {kind for kinds in _THREADS.values() for kind in kinds}
_THREADS[Thread.DECISIONS] = tuple(kind for kind in EntryKind if kind not in _ELSEWHERE)
_THREAD_OF = {kind: thread for thread, kinds in _THREADS.items() for kind in kinds}


@dataclass(frozen=True, slots=True)
class TimelineFilter:
    """``person`` is a name as the timeline has it; empty means anybody."""

    thread: Thread = Thread.ALL
    person: str = ""
    oldest_first: bool = False


@dataclass(frozen=True, slots=True)
class TimelineCounts:
    """Entries by thread, and by everybody who stands in the timeline."""

    threads: dict[Thread, int]
    people: dict[str, int]


@dataclass(frozen=True, slots=True)
class NoteView:
    """``text`` is its beginning where ``is_cut``; all of it stands with its history."""

    id: int
    text: str
    is_cut: bool
    tlp: Tlp
    version: int
    edited_at: datetime | None


@dataclass(frozen=True, slots=True)
class AttackView:
    """What the attack did; the entry stands at the time it occurred."""

    id: int
    text: str
    precision: Precision
    zone: str
    source: str
    author: str
    written_at: datetime
    edited_at: datetime | None


@dataclass(frozen=True, slots=True)
class EntryRow:
    """``kind`` chooses the sentence, ``actor`` and ``values`` fill it."""

    id: int
    at: datetime
    kind: EntryKind
    actor: str
    values: dict[str, Any]
    note: NoteView | None
    incident: str  # the one it belongs to, which may be merged into the one shown
    attack: AttackView | None = None


def timeline(
    work: Work,
    reference: str,
    wanted: TimelineFilter | None = None,
    *,
    cursor: str | None = None,
    limit: int = PAGE,
) -> Page[EntryRow]:
    """A page of what happened; notes that the asker may not see and what is in the bin are not there.

    Raises:
        NoSuchIncident.
    """
    ids = family(work, IncidentMerge, get_incident(work, reference).id)
    return entries_of(work, ids, wanted or TimelineFilter(), cursor=cursor, limit=limit)


def entries_of(
    work: Work,
    ids: list[int],
    wanted: TimelineFilter,
    *,
    cursor: str | None = None,
    limit: int = PAGE,
) -> Page[EntryRow]:
    """The same of a family of incidents that the caller has looked up. Two queries."""
    beginning = sa.func.substr(Note.text, 1, BEGINNING + 1).label("text")
    rows = sa.select(Entry, Note, beginning, AttackEvent, Incident.reference)
    query: Query = shown_entries(rows.options(defer(Note.text)), work)
    query = query.join(Incident, Incident.id == Entry.incident_id).where(Entry.incident_id.in_(ids))
    if wanted.thread is not Thread.ALL:
        query = query.where(Entry.kind.in_(_THREADS[wanted.thread]))
    if wanted.person:
        query = query.where(Entry.actor == wanted.person)
    order = Order(Entry.at, Entry.id, newest_first=not wanted.oldest_first)
    page = read_page(work.session, query, order, cursor, limit)
    return page.of(_entry)


def shown_entries(query: Any, work: Work) -> Any:
    """The query over entries with what each carries, less what the actor may not see there."""
    return (
        query.select_from(Entry)
        .outerjoin(Note, Note.id == Entry.note_id)
        .outerjoin(AttackEvent, AttackEvent.id == Entry.attack_id)
        .where(
            sees_entry(work.actor),
            sa.or_(Entry.attack_id.is_(None), AttackEvent.bin_id.is_(None)),
        )
    )


def counts_of(work: Work, ids: list[int], wanted: TimelineFilter) -> TimelineCounts:
    """How much each filter would show, the other one kept, in a family of incidents that the caller may see.

    One query.
    """
    query = shown_entries(sa.select(Entry.kind, Entry.actor, sa.func.count()), work)
    query = query.where(Entry.incident_id.in_(ids)).group_by(Entry.kind, Entry.actor)
    threads, people = dict.fromkeys(Thread, 0), dict[str, int]()
    for kind, actor, count in work.session.execute(query):
        thread = _THREAD_OF[kind]
        if wanted.person in ("", actor):
            threads[thread] += count
            threads[Thread.ALL] += count
        is_counted = wanted.thread in (Thread.ALL, thread)
        people[actor] = people.get(actor, 0) + (count if is_counted else 0)
    return TimelineCounts(threads, dict(sorted(people.items())[:_PEOPLE]))


def _entry(row: sa.Row[Any]) -> EntryRow:
    entry: Entry = row.Entry
    note = _note(row.Note, row.text) if row.Note else None
    attack = _attack(row.AttackEvent)
    return EntryRow(
        entry.id, entry.at, entry.kind, entry.actor, entry.values, note, row.reference, attack
    )


def _note(note: Note, beginning: str) -> NoteView:
    return NoteView(
        id=note.id,
        text=beginning[:BEGINNING],
        is_cut=len(beginning) > BEGINNING,
        tlp=note.tlp,
        version=note.version,
        edited_at=note.edited_at,
    )


def _attack(event: AttackEvent | None) -> AttackView | None:
    if event is None:
        return None
    return AttackView(
        id=event.id,
        text=event.text,
        precision=event.precision,
        zone=event.zone,
        source=event.source,
        author=event.author,
        written_at=event.written_at,
        edited_at=event.edited_at,
    )
