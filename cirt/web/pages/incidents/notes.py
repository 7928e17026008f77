"""Notes of an incident. Two people who save the same note are told; neither loses a word."""

from http import HTTPStatus

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from cirt.inputs.register import EditNoteInput, WriteNoteInput
from cirt.kernel.errors import FieldsInvalid, NotFound
from cirt.register import service
from cirt.register.errors import NoteChanged, NoteEmpty, NoteTooLong
from cirt.register.sight import get_incident, get_note
from cirt.register.three_way import differences
from cirt.web import i18n
from cirt.web.errors import status_of
from cirt.web.forms import Form, refused, sent
from cirt.web.frame import render
from cirt.web.pages.incidents.bp import bp
from cirt.web.pages.incidents.show import incident_page
from cirt.web.paths import path_of
from cirt.web.session import open_work


@bp.post("/incidents/<reference>/notes")
def write_note(reference: str) -> AnyResponse:
    try:
        cmd = WriteNoteInput().read(sent(), incident=reference)
        note = service.save_note(open_work, cmd)
    except (FieldsInvalid, NoteEmpty, NoteTooLong) as error:
        return incident_page(reference, refused(error, at="text"), status_of(error))
    return redirect(path_of("incidents.incident", reference=reference) + f"#note-{note.id}", 303)


@bp.get("/incidents/<reference>/notes/<int(max=9223372036854775807):note_id>")
def note(reference: str, note_id: int) -> Response:
    return _note_page(reference, note_id, Form())


@bp.post("/incidents/<reference>/notes/<int(max=9223372036854775807):note_id>")
def save_note(reference: str, note_id: int) -> AnyResponse:
    try:
        cmd = EditNoteInput().read(sent(), note_id=note_id)
        saved = service.save_note(open_work, cmd)
    except NoteChanged as error:
        form = Form(refused(error).values)
        return _note_page(reference, note_id, form, status_of(error), i18n.say_error(error))
    except (FieldsInvalid, NoteEmpty, NoteTooLong) as error:
        return _note_page(reference, note_id, refused(error, at="text"), status_of(error))
    if saved.version > cmd.version + 1:  # somebody else's changes are in it too
        return redirect(
            path_of("incidents.note_history", reference=reference, note_id=note_id, merged=1), 303
        )
    return redirect(path_of("incidents.incident", reference=reference) + f"#note-{note_id}", 303)


@bp.get("/incidents/<reference>/notes/<int(max=9223372036854775807):note_id>/history")
def note_history(reference: str, note_id: int) -> Response:
    """Every text of a note, with what each changed in the one before it."""
    with open_work(write=False) as work:
        incident = get_incident(work, reference)
        row = get_note(work, note_id)
        if row.incident_id != incident.id:
            raise NotFound
        written = service.texts_of(work, row)
    befores = [*(each.text for each in written[1:]), None]
    return render(
        "incidents/note_history.html",
        incident=incident,
        note_row=row,
        was_merged="merged" in request.args,
        changes=[
            (each, differences(before, each.text) if before is not None else None, before is None)
            for each, before in zip(written, befores, strict=True)
        ],
    )


def _note_page(
    reference: str, note_id: int, form: Form, status: int = HTTPStatus.OK, conflict: str = ""
) -> Response:
    with open_work(write=False) as work:
        work.require("incident:write")
        incident = get_incident(work, reference)
        row = get_note(work, note_id)
        if row.incident_id != incident.id:
            raise NotFound
        draft = service.draft_of(work, f"{reference}/note-{note_id}")
    typed = form.value("text").replace("\r\n", "\n")
    return render(
        "incidents/note.html",
        status,
        form=form,
        incident=incident,
        note_row=row,
        differing=differences(row.text, typed) if conflict else None,
        draft=None if form.values else draft,
        conflict=conflict,
    )
