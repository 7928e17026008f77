"""Notes on an incident: nobody overwrites anybody, earlier texts stay, and nothing typed is lost."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import sqlalchemy as sa

from cirt.kernel.errors import CirtError
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.register import texts, three_way
from cirt.register.commands import EditNote, WriteNote
from cirt.register.errors import NoteChanged, NoteEmpty, NoteTooLong
from cirt.register.findings import offer_note
from cirt.register.incidents import add_entry, name_of
from cirt.register.models import Draft, EntryKind, Incident, Note, NoteText
from cirt.register.sight import get_incident, get_note, name_person, note_name

MAX_NOTE_BYTES = 1024 * 1024
NOTE_LIMIT = "1 MB"


@dataclass(frozen=True, slots=True)
class WrittenText:
    """A text that a note has or had, who wrote it and when."""

    version: int
    text: str
    author: str
    at: datetime


OpenWork: TypeAlias = Callable[[], AbstractContextManager[Work]]


def save_note(open_work: OpenWork, cmd: WriteNote | EditNote) -> Note:
    """Write or edit a note in a work of its own; if that fails, keep the text as a draft, then say why.

    The draft needs its own work, for the failed one is rolled back with all that was in it.

    Raises:
        NoteChanged: somebody saved this note first, and both changed the same lines.
        NoteEmpty, NoteTooLong, NoSuchIncident, NoSuchNote, NotAllowed.
    """
    try:
        with open_work() as work:
            return write_note(work, cmd) if isinstance(cmd, WriteNote) else edit_note(work, cmd)
    except CirtError:
        if cmd.text.strip():
            with open_work() as work:
                if work.actor.id is not None:
                    keep_draft(work, place_of(work, cmd), cmd.text)
        raise


def write_note(work: Work, cmd: WriteNote) -> Note:
    """A new note; its observables are offered on the incident, and the draft for it is dropped.

    Raises:
        NoteEmpty, NoteTooLong, NoSuchIncident, NotAllowed.
    """
    work.require("incident:write")
    incident = get_incident(work, cmd.incident)
    _check_text(cmd.text)
    note = Note(
        incident_id=incident.id,
        author_id=work.actor.id,
        tlp=cmd.tlp or incident.tlp,
        text=texts.storable(cmd.text),
        version=1,
        written_at=work.now,
    )
    work.session.add(note)
    work.session.flush()
    if note.tlp is Tlp.RED:
        name_person(work, note_name(note.id))
    add_entry(work, incident.id, EntryKind.NOTE, {}, note.id)
    found = offer_note(work, note)
    drop_draft(work, incident.reference)
    work.audit("note.write", incident.reference, note=note.id, tlp=note.tlp, offered=found)
    return note


def edit_note(work: Work, cmd: EditNote) -> Note:
    """Replace the text; the one before is kept. Prefer :func:`save_note`, which keeps the new text too.

    Where somebody saved first and the two changed different lines, the new text has the changes of both.

    Raises:
        NoteChanged: somebody saved this note first, and both changed the same lines; nothing was changed.
        NoteEmpty, NoteTooLong, NoSuchNote, NotAllowed.
    """
    work.require("incident:write")
    note = get_note(work, cmd.note_id, lock=True)
    _check_text(cmd.text)
    text = _with_theirs(work, note, cmd)
    reference = work.session.get_one(Incident, note.incident_id).reference
    if text != note.text:
        _check_text(text)
        _keep_text(work, note)
        note.text, note.edited_at, note.edited_by_id = text, work.now, work.actor.id
        note.version += 1
        work.session.flush()
        offer_note(work, note)
        work.audit("note.edit", reference, note=note.id, version=note.version)
    drop_draft(work, f"{reference}/{note_name(note.id)}")
    return note


def _with_theirs(work: Work, note: Note, cmd: EditNote) -> str:
    """What is to be saved: the text as written, or together with what was saved since it was begun."""
    text = texts.storable(cmd.text)
    if note.version == cmd.version or text == note.text:
        return text
    begun_from = work.session.get(NoteText, (note.id, cmd.version))
    both = three_way.merged(begun_from.text, text, note.text) if begun_from else None
    if both is None:
        raise NoteChanged(name=_last_writer(work, note), note=note.id)
    return both


def texts_of(work: Work, note: Note, limit: int = 20) -> list[WrittenText]:
    """Every text of a note, the present one first; older than ``limit`` are left out."""
    query = sa.select(NoteText).where(NoteText.note_id == note.id)
    earlier = work.session.scalars(query.order_by(NoteText.version.desc()).limit(limit)).all()
    written = [one.replaced_at for one in earlier]  # each began where the one before it ended
    if len(earlier) < limit:
        written.append(note.written_at)
    present = (note.version, note.text, _last_writer(work, note))
    all_of = [present, *((one.version, one.text, one.author) for one in earlier)]
    return [WrittenText(*one, at) for one, at in zip(all_of, written, strict=False)]


def history_of(work: Work, note_id: int) -> list[NoteText]:
    """The texts that a note had before, oldest first.

    Raises:
        NoSuchNote.
    """
    note = get_note(work, note_id)
    query = sa.select(NoteText).where(NoteText.note_id == note.id).order_by(NoteText.version)
    return list(work.session.scalars(query))


def place_of(work: Work, cmd: WriteNote | EditNote) -> str:
    """Where a draft for this belongs: INC-… for a new note, INC-…/note-7 for an edited one."""
    if isinstance(cmd, WriteNote):
        return cmd.incident
    query = sa.select(Incident.reference).join(Note).where(Note.id == cmd.note_id)
    reference = work.session.scalars(query).one_or_none()
    return f"{reference or 'note'}/{note_name(cmd.note_id)}"


def keep_draft(work: Work, place: str, text: str) -> None:
    """Keep what somebody typed and has not saved; only they see it."""
    if work.actor.id is None:
        return
    draft = Draft(
        account_id=work.actor.id,
        place=texts.storable(place)[:64],
        text=texts.storable(text),
        kept_at=work.now,
    )
    work.session.merge(draft)
    work.session.flush()


def draft_of(work: Work, place: str) -> Draft | None:
    if work.actor.id is None:
        return None
    return work.session.get(Draft, (work.actor.id, place))


def drop_draft(work: Work, place: str) -> None:
    work.session.execute(
        sa.delete(Draft).where(Draft.account_id == work.actor.id, Draft.place == place)
    )


def _check_text(text: str) -> None:
    if not text.strip():
        raise NoteEmpty
    if len(texts.as_sent(text)) > MAX_NOTE_BYTES:
        raise NoteTooLong(limit=NOTE_LIMIT)


def _keep_text(work: Work, note: Note) -> None:
    before = NoteText(
        note_id=note.id,
        version=note.version,
        text=note.text,
        author=_last_writer(work, note),
        replaced_at=work.now,
    )
    work.session.add(before)


def _last_writer(work: Work, note: Note) -> str:
    return name_of(work, note.edited_by_id or note.author_id)
