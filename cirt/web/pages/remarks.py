"""Notes, opinions and relationships of ours about any object; its page shows them with those of peers."""

from http import HTTPStatus

from flask import Response, redirect
from werkzeug.wrappers import Response as AnyResponse

from cirt.exchange.remarks.errors import (
    Itself,
    MarkingLower,
    NoSuchObject,
    OtherType,
    RedNotSaid,
    SeveralFit,
)
from cirt.exchange.remarks.relating import relate_objects
from cirt.exchange.remarks.service import judge_object, note_object
from cirt.inputs.exchange import JudgeObjectInput, NoteObjectInput, RelateObjectsInput
from cirt.kernel.errors import FieldsInvalid
from cirt.web import i18n, outward
from cirt.web.errors import status_of
from cirt.web.forms import Form, refused, sent
from cirt.web.frame import render
from cirt.web.pages.indicator_view import look_up
from cirt.web.pages.indicators import bp
from cirt.web.paths import path_of
from cirt.web.session import open_work


@bp.get("/indicators/<stix_id>/notes/new")
def note(stix_id: str) -> Response:
    return _page("indicators/note.html", stix_id, Form())


@bp.post("/indicators/<stix_id>/notes/new")
def save_note(stix_id: str) -> AnyResponse:
    try:
        with open_work() as work:
            note_object(work, NoteObjectInput().read(sent(), stix_id=stix_id))
    except (FieldsInvalid, MarkingLower, RedNotSaid) as error:
        form = refused(error, at="tlp")
        return _page("indicators/note.html", stix_id, form, status_of(error))
    return redirect(path_of("indicators.indicator", stix_id=stix_id, done="said"), 303)


@bp.get("/indicators/<stix_id>/opinions/new")
def opinion(stix_id: str) -> Response:
    return _page("indicators/opinion.html", stix_id, Form())


@bp.post("/indicators/<stix_id>/opinions/new")
def save_opinion(stix_id: str) -> AnyResponse:
    try:
        with open_work() as work:
            judge_object(work, JudgeObjectInput().read(sent(), stix_id=stix_id))
    except (FieldsInvalid, MarkingLower, RedNotSaid) as error:
        form = refused(error, at="tlp")
        return _page("indicators/opinion.html", stix_id, form, status_of(error))
    return redirect(path_of("indicators.indicator", stix_id=stix_id, done="said"), 303)


@bp.get("/indicators/<stix_id>/relations/new")
def relation(stix_id: str) -> Response:
    return _page("indicators/relation.html", stix_id, Form())


@bp.post("/indicators/<stix_id>/relations/new")
def save_relation(stix_id: str) -> AnyResponse:
    try:
        with open_work() as work:
            look_up(work, stix_id)  # another one that is missing is a fault in the form
            found = relate_objects(work, RelateObjectsInput().read(sent(), stix_id=stix_id))
    except (
        FieldsInvalid,
        MarkingLower,
        RedNotSaid,
        NoSuchObject,
        SeveralFit,
        Itself,
        OtherType,
    ) as error:
        at = "tlp" if isinstance(error, MarkingLower | RedNotSaid) else "target"
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return _page("indicators/relation.html", stix_id, refused(error, at=at), status)
    done = "there" if found.was_there else "said"
    return redirect(path_of("indicators.indicator", stix_id=stix_id, done=done), 303)


def _page(template: str, stix_id: str, form: Form, status: int = 200) -> Response:
    with open_work(write=False) as work:
        work.require("sighting:write")
        shown = look_up(work, stix_id)
    relations = [(kind.value, i18n.translate(words)) for kind, words in outward.RELATIONS.items()]
    return render(
        template,
        status,
        form=form,
        it=shown,
        relations=relations,
        signs=outward.OPINIONS,
        sign=outward.sign,
    )
