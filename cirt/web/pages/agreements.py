"""Agreements: what waits, one with its terms and history, new ones and changes, and the decision on a change."""

import hashlib
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from cirt.inputs.agreements import CONTACT_PARTS, DecideRequestInput, MoveInput, WriteTermsInput
from cirt.kernel.errors import (
    CirtError,
    Conflict,
    FieldsInvalid,
    Invalid,
    NotFound,
    TooLarge,
    TooMany,
)
from cirt.kernel.work import Work
from cirt.parties.accounts import persons_who
from cirt.parties.errors import PasswordWrong
from cirt.parties.models import Peer
from cirt.parties.peers import ourselves
from cirt.parties.peers import peers as all_peers
from cirt.release import agreeing
from cirt.release.membership.queries import open_member_requests
from cirt.release.visibility import preview_terms
from cirt.sharing import gate
from cirt.sharing.agreements.changes import (
    WRITE,
    draft_agreement,
    get_change,
    propose_change,
    propose_resumption,
)
from cirt.sharing.agreements.commands import Ruling, SignedCopy
from cirt.sharing.agreements.errors import DoesMoreThanNarrow
from cirt.sharing.agreements.expiry import near_ends
from cirt.sharing.agreements.four_eyes import barred
from cirt.sharing.agreements.models import RequestState
from cirt.sharing.agreements.persons import persons_of
from cirt.sharing.agreements.queries import history_lines, names_of, open_changes
from cirt.sharing.agreements.record import Record
from cirt.sharing.agreements.terms import FIELDS, differences, terms_as_of, terms_data
from cirt.sharing.models import Agreement
from cirt.sharing.queries import agreements as all_agreements
from cirt.sharing.queries import find_agreement
from cirt.web import agreed, i18n, outward
from cirt.web.again import check_password_again
from cirt.web.errors import status_of
from cirt.web.forms import Form, refused, sent
from cirt.web.frame import render
from cirt.web.paths import path_of
from cirt.web.session import open_work

bp = Blueprint("agreements", __name__)

_CONTACTS = tuple(f"contact_{part}" for part in CONTACT_PARTS)
_FIELD_OF = {
    "period-wrong": "valid_until",
    "agreement-overlaps": "valid_from",
    "type-name-wrong": "types",
    "reason-needed": "reason",
    "too-large": "copy",
}


@bp.get("/agreements")
def agreements() -> Response:
    with open_work(write=False) as work:
        values: dict[str, Any] = {
            "changes": open_changes(work.session),
            "members": open_member_requests(work.session),
            "ends": near_ends(work.session, work.now),
            "rows": all_agreements(work.session),
        }
    return render("agreements/list.html", **values, **words())


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
        deciders = _deciders(work)
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


@bp.get("/agreements/<reference>")
def agreement(reference: str) -> Response:
    return _page(reference, Form())


def _page(reference: str, form: Form, status: int = HTTPStatus.OK, conflict: str = "") -> Response:
    with open_work(write=False) as work:
        row = find_agreement(work.session, reference)
        record = Record.from_data(row.record)
        values: dict[str, Any] = {
            "peer": work.session.get_one(Peer, row.peer_id),
            "lines": history_lines(work.session, row.id),
            "waiting": open_changes(work.session, row.id),
            "copy": signed_copy(work, row),
            "named": persons_of(work.session, row.id),
            "ends": [
                each for each in near_ends(work.session, work.now) if each.agreement_id == row.id
            ],
        }
    return render(
        "agreements/agreement.html",
        status,
        form=form,
        it=row,
        record=record,
        conflict=conflict,
        done=request.args.get("done", ""),
        **values,
        **words(),
    )


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
        deciders = _deciders(work)
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


@bp.post("/agreements/<reference>/state")
def move(reference: str) -> AnyResponse:
    """Suspend or end at once, with a reason; what would resume it is proposed."""
    try:
        cmd = MoveInput().read(sent())
        with open_work() as work:
            if cmd.act == "resume":
                change_id = propose_resumption(work, reference, cmd.reason).id
            else:
                agreeing.close(work, cmd.act, reference, cmd.reason)
    except FieldsInvalid as error:
        return _page(reference, refused(error), status_of(error))
    except Conflict as error:
        form = Form(refused(error).values)
        return _page(reference, form, status_of(error), i18n.say_error(error))
    if cmd.act == "resume":
        return redirect(path_of("agreements.change", change_id=change_id, done="asked"), 303)
    return redirect(path_of("agreements.agreement", reference=reference, done=cmd.act), 303)


@bp.get("/agreements/<reference>/copy/<int(max=2147483647):attachment_id>")
def copy(reference: str, attachment_id: int) -> Response:
    """The signed text, through the gate; for saving, never for showing."""
    with open_work() as work:
        row = find_agreement(work.session, reference)
        kept = {row.record.get("copy_id")}
        kept |= {each["copy_id"] for each in _copies_asked_for(work, row)}
        if attachment_id not in kept:
            raise NotFound
        file = gate.show_file(work, attachment_id)
        work.audit("agreement.save-copy", reference, attachment=attachment_id)
    response = Response(file.body, mimetype="application/octet-stream")
    name = file.name.replace("/", "_").replace("\\", "_")  # never a path on the reader's disk
    response.headers.set("Content-Disposition", "attachment", filename=name)
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def _copies_asked_for(work: Work, row: Agreement) -> list[dict[str, Any]]:
    """Of changes that wait: whoever decides reads the signed text first."""
    waiting = [get_change(work, each.id) for each in open_changes(work.session, row.id)]
    return [each.wanted["record"] for each in waiting if "copy_id" in each.wanted["record"]]


def signed_copy(work: Work, row: Agreement) -> dict[str, Any] | None:
    """Its name and digest, and whether what is kept still has that digest; None if there is none for the actor."""
    copy_id = row.record.get("copy_id")
    if copy_id is None:
        return None
    try:
        file = gate.show_file(work, copy_id)
    except NotFound:
        return None
    is_whole = hashlib.sha256(file.body).hexdigest() == row.record["copy_sha256"]
    return {"id": copy_id, "name": file.name, "sha256": file.sha256, "is_whole": is_whole}


@bp.get("/agreements/changes/<int(max=2147483647):change_id>")
def change(change_id: int) -> Response:
    return _change_page(change_id, Form())


@bp.post("/agreements/changes/<int(max=2147483647):change_id>/decision")
def decide(change_id: int) -> AnyResponse:
    try:
        cmd = DecideRequestInput().read(sent(), id=change_id)
        if cmd.ruling is not Ruling.WITHDRAWN:
            check_password_again()
        with open_work() as work:
            outcome = agreeing.decide(work, cmd)
    except (PasswordWrong, TooMany) as error:
        return _change_page(change_id, refused(error, at="password"), status_of(error))
    except (FieldsInvalid, Invalid) as error:
        return _change_page(change_id, refused(error, at="comment"), status_of(error))
    except Conflict as error:
        return _change_page(change_id, Form(), status_of(error), error)
    if outcome.decided.conflict is not None:
        conflict = outcome.decided.conflict
        return _change_page(change_id, Form(), status_of(conflict), conflict)
    done = path_of("agreements.change", change_id=change_id, done=cmd.ruling.value)
    return redirect(done, 303)


def _change_page(
    change_id: int, form: Form, status: int = HTTPStatus.OK, conflict: CirtError | None = None
) -> Response:
    with open_work(write=False) as work:
        found = get_change(work, change_id)
        row = work.session.get_one(Agreement, found.agreement_id)
        before = terms_data(row)
        is_open = found.state is RequestState.ASKED
        preview = (
            preview_terms(work, row.peer_id, terms_as_of(row, found.wanted)) if is_open else None
        )
        starts = terms_as_of(row, found.wanted).valid_from
        values: dict[str, Any] = {
            "peer": work.session.get_one(Peer, row.peer_id),
            "preview": preview,
            "starts": starts if starts > work.now else None,
            "barred": barred(work, found, WRITE),
            "names": names_of(work.session, [found.asked_by_id, found.decided_by_id]),
            "deciders": _deciders(work),
            "record": Record.from_data(row.record),
            "copy": signed_copy(work, row),
        }
        values["is_mine"] = values["barred"] == "own-change"
    wanted = found.wanted.get("record", {})
    return render(
        "agreements/change.html",
        status,
        form=form,
        it=found,
        row=row,
        changes=differences(before, found.wanted) if is_open else [],
        copy_id=wanted.get("copy_id")
        if wanted.get("copy_id") != row.record.get("copy_id")
        else None,
        conflict=i18n.say_error(conflict) if conflict else "",
        done=request.args.get("done", ""),
        **values,
        **words(),
    )


def _deciders(work: Work) -> list[str]:
    """Others who could approve."""
    return [
        name
        for person_id, name in persons_who(work.session, WRITE)
        if person_id != work.actor.person_id
    ]


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


def words() -> dict[str, Any]:
    return {
        "sign": outward.sign,
        "states": outward.AGREEMENTS,
        "requests": agreed.REQUESTS,
        "levels": outward.LEVELS,
        "directions": outward.DIRECTIONS,
        "kinds": outward.COLLECTION_KINDS,
        "field_words": agreed.field_words,
        "value_words": agreed.value_words,
        "begins": agreed.moment_words,
        "last": agreed.last_words,
        "gone": outward.percent_gone,
    }
