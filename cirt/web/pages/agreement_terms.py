"""The terms of an agreement in a form: of a new one, and of a change that is proposed or only narrows."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from cirt.inputs.agreements import CONTACT_PARTS, WriteTermsInput
from cirt.kernel.errors import (
    CirtError,
    Conflict,
    FieldsInvalid,
    Invalid,
    NotFound,
    TooLarge,
)
from cirt.parties.models import Peer
from cirt.parties.peers import ourselves
from cirt.parties.peers import peers as all_peers
from cirt.parties.rights import names_who
from cirt.release import agreeing
from cirt.sharing.agreements.changes import (
    WRITE,
    draft_agreement,
    propose_change,
)
from cirt.sharing.agreements.commands import SignedCopy
from cirt.sharing.agreements.errors import DoesMoreThanNarrow
from cirt.sharing.agreements.queries import open_changes
from cirt.sharing.agreements.terms import FIELDS, terms_data
from cirt.sharing.queries import find_agreement
from cirt.web import agreed, i18n, outward
from cirt.web.errors import status_of
from cirt.web.forms import Form, refused, sent
from cirt.web.frame import render
from cirt.web.pages.agreements import bp
from cirt.web.paths import path_of
from cirt.web.session import open_work

_CONTACTS = tuple(f"contact_{part}" for part in CONTACT_PARTS)
_FIELD_OF = {
    "period-wrong": "valid_until",
    "agreement-overlaps": "valid_from",
    "type-name-wrong": "types",
    "reason-needed": "reason",
    "too-large": "copy",
}


@bp.get("/agreements/new")
def new() -> Response:
    return _new_page(request.args.get("peer", ""), Form())


@bp.post("/agreements/new")
def save_new() -> AnyResponse:
    peer = request.form.get("peer", "").replace("\0", "")
    try:
        with open_work() as work:
            cmd = WriteTermsInput().read(sent(*_CONTACTS, without=["peer", "copy"]), copy=_copy())
            change_id = draft_agreement(work, peer, cmd).id
    except (FieldsInvalid, Invalid, Conflict, TooLarge) as error:
        return _new_page(peer, _refused(error), status_of(error))
    except NotFound as error:
        return _new_page(peer, refused(error, at="peer"), HTTPStatus.UNPROCESSABLE_ENTITY)
    return redirect(path_of("agreements.change", change_id=change_id, done="asked"), 303)


def _new_page(peer: str, form: Form, status: int = HTTPStatus.OK) -> Response:
    with open_work(write=False) as work:
        work.require(WRITE)
        known = all_peers(work.session)
        ours = ourselves(work.session).name
        deciders = names_who(work.session, WRITE, {work.actor.person_id})
    chosen = next((each.name for each in known if each.slug == peer), "")
    if not form.values:
        form = Form({**_START, "our_name": ours, "their_name": chosen, "peer": peer})
    return render(
        "agreements/new.html", status, form=form, peers=known, deciders=deciders, **_fields(form)
    )


_START: Mapping[str, Any] = {
    "level": "mou",
    "direction": "both",
    "ceiling": "amber",
    "ceiling_in": "amber+strict",
    "tlp": "amber",
    "attribution": "true",
    "version": 0,
}


@bp.get("/agreements/<reference>/change")
def edit(reference: str) -> Response:
    return _edit_page(reference, None)


@bp.post("/agreements/<reference>/change")
def save_change(reference: str) -> AnyResponse:
    """Propose these terms, or put them in force at once where they only narrow."""
    is_at_once = request.form.get("do") == "now"
    try:
        with open_work() as work:
            given = sent(*_CONTACTS, without=["do", "copy"])
            cmd = WriteTermsInput().read(given, copy=_copy())
            if is_at_once:
                agreeing.narrow(work, reference, cmd)
            else:
                change_id = propose_change(work, reference, cmd).id
    except (FieldsInvalid, Invalid, Conflict, TooLarge) as error:
        return _edit_page(reference, _refused(error), status_of(error))
    if is_at_once:
        return redirect(path_of("agreements.agreement", reference=reference, done="narrowed"), 303)
    return redirect(path_of("agreements.change", change_id=change_id, done="asked"), 303)


def _edit_page(reference: str, form: Form | None, status: int = HTTPStatus.OK) -> Response:
    with open_work(write=False) as work:
        work.require(WRITE)
        row = find_agreement(work.session, reference)
        peer = work.session.get_one(Peer, row.peer_id)
        waiting = open_changes(work.session, row.id)
        deciders = names_who(work.session, WRITE, {work.actor.person_id})
    form = form or agreed.filled_in(terms_data(row), row.version)
    return render(
        "agreements/edit.html",
        status,
        form=form,
        it=row,
        peer=peer,
        waiting=waiting,
        deciders=deciders,
        **_fields(form),
    )


def _copy() -> SignedCopy | None:
    file = request.files.get("copy")
    if file is None or not file.filename:
        return None
    return SignedCopy(file.filename, file.mimetype, file.read())


def _refused(error: CirtError) -> Form:
    """The form as it was sent; what only narrowing may do is told field by field."""
    form = refused(error, at=_FIELD_OF.get(error.code, "reason"))
    if isinstance(error, DoesMoreThanNarrow):
        named = ", ".join(i18n.translate(FIELDS[each]) for each in error.values["fields"])
        form = Form(form.values, {"reason": [f"{i18n.say_error(error)} {named}"]})
    return form


def _fields(form: Form) -> dict[str, Any]:
    return {
        "contacts": agreed.contact_rows(form),
        "levels": outward.LEVELS,
        "directions": outward.DIRECTIONS,
        "copy_lost": "copy" in request.files and bool(request.files["copy"].filename),
    }
