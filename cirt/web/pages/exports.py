"""Saving a file: what it holds, for whom, in which format. It is made and noted in the trail, then handed over."""

from typing import Any

from flask import Blueprint, Response, request

from cirt.inputs.exports import ExportInput
from cirt.kernel.errors import FieldsInvalid, NotFound
from cirt.kernel.text import mark
from cirt.kernel.work import Work
from cirt.objects.catalogue import CatalogueFilter
from cirt.objects.index import find_listed
from cirt.parties.peers import peers
from cirt.release.collections import collections
from cirt.release.exporting.commands import Export, Format, Subject
from cirt.release.exporting.errors import NothingToExport
from cirt.release.exporting.scope import parts
from cirt.release.exporting.service import Exported, make_export, note_export
from cirt.sharing.narrow import visible_facts
from cirt.sharing.queries import staff_reader
from cirt.web.errors import status_of
from cirt.web.forms import Form, member, refused, sent, wants
from cirt.web.frame import render
from cirt.web.listing import FIELDS, catalogue_filter
from cirt.web.saving import to_save
from cirt.web.session import open_work, this_program, visit

bp = Blueprint("exports", __name__)

FORMATS = {
    Format.STIX: (mark("STIX 2.1 bundle"), mark("Every object as it is, byte by byte")),
    Format.CSV: (mark("CSV"), mark("A line for each observable, for spreadsheets and scripts")),
    Format.MISP: (mark("MISP JSON"), mark("One event with an attribute for each observable")),
}
SUBJECTS = {
    Subject.INDICATORS: mark("The indicators of the list, as filtered"),
    Subject.OBJECT: mark("One object"),
    Subject.RELEASE: mark("What leaves with a release"),
    Subject.COLLECTION: mark("What stands in a collection"),
}


@bp.get("/exports")
def export() -> Response:
    """Without anything named: what can be."""
    subject = member(Subject, request.args.get("of", ""))
    return _page(subject, request.args.get("name", "")[:300], request.args, Form())


@bp.post("/exports")
def save() -> Response:
    """Nothing changes by it but the trail, so the same form may be sent again."""
    subject, name = member(Subject, wants("subject")), wants("name")
    try:
        with open_work(write=False) as work:
            wanted = catalogue_filter(work.session, request.form)
            cmd = ExportInput().read(sent(without=FIELDS), wanted=wanted)
            made = make_export(work, cmd)
    except (FieldsInvalid, NothingToExport) as error:
        return _page(subject, name, request.form, refused(error, at="format"), status_of(error))
    try:
        with this_program().work(visit().actor) as work:
            note_export(work, cmd, made)
    except BaseException:
        made.body.close()
        raise
    return handed_over(made)


def handed_over(made: Exported) -> Response:
    """As a file to be saved, from what the trail already knows of."""
    response = to_save(made.chunks(), made.name, made.media_type)
    response.call_on_close(made.body.close)
    response.content_length = made.size
    return response


def _title(work: Work, subject: Subject | None, name: str) -> str:
    """What people call it; its key where it has no other name."""
    if subject is not Subject.OBJECT:
        return name
    listed = find_listed(
        work.session, name, visible_facts(staff_reader(work.actor), None, work.now)
    )
    return (listed and listed.name) or name


def _page(
    subject: Subject | None, name: str, given: Any, form: Form, status: int = 200
) -> Response:
    with open_work(write=False) as work:
        if subject is not None and subject is not Subject.INDICATORS:
            if "\0" in name:
                raise NotFound
            parts(work, Export(subject, name))
        known = peers(work.session)
        title = _title(work, subject, name)
        wanted = catalogue_filter(work.session, given) if subject else CatalogueFilter()
        gathered = collections(work.session) if subject is None else []
    return render(
        "exports/export.html",
        status,
        form=form,
        subject=subject,
        subjects=SUBJECTS,
        formats=FORMATS,
        name=name,
        title=title,
        peers=known,
        wanted=wanted,
        filters={each: given.get(each, "") for each in FIELDS},
        collections=gathered,
    )
