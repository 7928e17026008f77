"""Notes: nobody overwrites anybody, and nothing that was typed is lost."""

from functools import partial

import pytest

from cirt.kernel.errors import NotAllowed
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.parties.roles import Role
from cirt.register import queries, service
from cirt.register.commands import EditNote, WriteNote
from cirt.register.errors import NoSuchNote, NoteChanged, NoteEmpty, NoteTooLong
from cirt.register.models import ObservableState
from tests.support.register import a_person, an_incident, observables_of


def test_a_note_stands_on_the_timeline_and_its_observables_are_offered(program: Program) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    incident = an_incident(program, tomas, tlp=Tlp.GREEN)

    note = service.save_note(
        partial(program.work, tomas),
        WriteNote(incident.reference, "It called 192[.]0[.]2[.]44:443."),
    )

    with program.work(tomas, write=False) as work:
        entry = queries.timeline(work, incident.reference).rows[0]
        (offered,) = observables_of(work, incident)
    assert entry.note is not None
    assert (entry.note.text, entry.note.tlp) == ("It called 192[.]0[.]2[.]44:443.", Tlp.GREEN)
    assert (offered.value, offered.source) == ("192.0.2.44", f"note-{note.id}")
    assert offered.state is ObservableState.OFFERED


def test_an_edit_keeps_the_text_before_with_its_writer(program: Program) -> None:
    tomas, lin = (a_person(program, name, Role.HANDLER) for name in ("Tomas", "Lin"))
    incident = an_incident(program, tomas)
    note = service.save_note(partial(program.work, tomas), WriteNote(incident.reference, "first"))
    service.save_note(partial(program.work, lin), EditNote(note.id, 1, "second"))
    edited = service.save_note(partial(program.work, tomas), EditNote(note.id, 2, "third"))

    with program.work(lin, write=False) as work:
        history = service.history_of(work, note.id)

    assert (edited.text, edited.version) == ("third", 3)
    assert [(one.version, one.text, one.author) for one in history] == [
        (1, "first", "Tomas"),
        (2, "second", "Lin"),
    ]


def test_of_two_who_save_the_same_note_the_second_keeps_their_text_as_a_draft(
    program: Program,
) -> None:
    tomas, lin = (a_person(program, name, Role.HANDLER) for name in ("Tomas", "Lin"))
    incident = an_incident(program, tomas)
    note = service.save_note(partial(program.work, tomas), WriteNote(incident.reference, "first"))
    service.save_note(partial(program.work, lin), EditNote(note.id, 1, "from Lin"))

    with pytest.raises(NoteChanged, match="Lin"):
        service.save_note(partial(program.work, tomas), EditNote(note.id, 1, "from Tomas"))

    place = f"{incident.reference}/note-{note.id}"
    with program.work(tomas, write=False) as work:
        draft = service.draft_of(work, place)
        entry = queries.timeline(work, incident.reference).rows[0]
    assert draft is not None
    assert draft.text == "from Tomas"
    assert entry.note is not None
    assert entry.note.text == "from Lin"
    with program.work(lin, write=False) as work:
        assert service.draft_of(work, place) is None


def test_a_saved_note_drops_its_draft(program: Program) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    incident = an_incident(program, tomas)
    with program.work(tomas) as work:
        service.keep_draft(work, incident.reference, "half a sent\x00ence")
    with program.work(tomas, write=False) as work:
        draft = service.draft_of(work, incident.reference)
        assert draft is not None
        assert draft.text == "half a sent\u2400ence"

    service.save_note(
        partial(program.work, tomas), WriteNote(incident.reference, "a whole sentence")
    )

    with program.work(tomas, write=False) as work:
        assert service.draft_of(work, incident.reference) is None


@pytest.mark.parametrize(
    ("text", "refusal"), [(" \n", NoteEmpty), ("x" * (1024 * 1024 + 1), NoteTooLong)]
)
def test_a_note_that_says_nothing_or_too_much_is_refused(
    program: Program, text: str, refusal: type[Exception]
) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    incident = an_incident(program, tomas)

    with pytest.raises(refusal):
        service.save_note(partial(program.work, tomas), WriteNote(incident.reference, text))

    with program.work(tomas, write=False) as work:
        draft = service.draft_of(work, incident.reference)
    assert (draft.text if draft else " \n") == text


def test_those_who_only_read_keep_what_they_typed_but_write_no_note(program: Program) -> None:
    tomas, nia = a_person(program, "Tomas", Role.HANDLER), a_person(program, "Nia", Role.AUDITOR)
    incident = an_incident(program, tomas)

    with pytest.raises(NotAllowed):
        service.save_note(partial(program.work, nia), WriteNote(incident.reference, "mine"))

    with program.work(nia, write=False) as work:
        draft = service.draft_of(work, incident.reference)
        assert draft is not None
        assert queries.timeline(work, incident.reference).total == 1


def test_a_red_note_cannot_be_edited_or_read_back_by_others(program: Program) -> None:
    tomas, lin = (a_person(program, name, Role.HANDLER) for name in ("Tomas", "Lin"))
    incident = an_incident(program, tomas)
    note = service.save_note(
        partial(program.work, tomas), WriteNote(incident.reference, "secret", Tlp.RED)
    )

    with pytest.raises(NoSuchNote):
        service.save_note(partial(program.work, lin), EditNote(note.id, 1, "x"))
    with pytest.raises(NoSuchNote), program.work(lin, write=False) as work:
        service.history_of(work, note.id)


def test_a_note_with_what_no_database_holds_is_kept_with_a_sign_for_it(program: Program) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    incident = an_incident(program, tomas)

    note = service.save_note(
        partial(program.work, tomas), WriteNote(incident.reference, "a\x00b\ud800")
    )

    assert note.text == "a\u2400b\ufffd"
