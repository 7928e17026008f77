"""Agreements: what waits, one with its terms and history, its signed text, and moving it to another state."""

import hashlib
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from cirt.inputs.agreements import MoveInput
from cirt.kernel.errors import (
    Conflict,
    FieldsInvalid,
    NotFound,
)
from cirt.kernel.work import Work
from cirt.parties.models import Peer
from cirt.release import agreeing
from cirt.release.membership.queries import open_member_requests
from cirt.sharing import gate
from cirt.sharing.agreements.changes import (
    propose_resumption,
)
from cirt.sharing.agreements.expiry import near_ends
from cirt.sharing.agreements.persons import persons_of
from cirt.sharing.agreements.queries import (
    copies_asked_for,
    copies_kept,
    history_lines,
    open_changes,
)
from cirt.sharing.agreements.record import Record
from cirt.sharing.agreements.service import CLOSED
from cirt.sharing.models import Agreement
from cirt.sharing.queries import agreements as all_agreements
from cirt.sharing.queries import find_agreement
from cirt.web import agreed, i18n, stopping
from cirt.web.errors import status_of
from cirt.web.forms import Form, refused, sent
from cirt.web.frame import render
from cirt.web.paths import path_of
from cirt.web.saving import to_save
from cirt.web.session import open_work

bp = Blueprint("agreements", __name__)


@bp.get("/agreements")
def agreements() -> Response:
    with open_work(write=False) as work:
        values: dict[str, Any] = {
            "changes": open_changes(work.session),
            "members": open_member_requests(work.session),
            "ends": near_ends(work.session, work.now),
            "rows": all_agreements(work.session),
        }
    return render("agreements/list.html", **values, **agreed.words())


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
        **agreed.words(),
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
        return _again(reference, refused(error), status_of(error))
    except Conflict as error:
        form = refused(error, at="reason")
        return _again(reference, form, status_of(error), i18n.say_error(error))
    if cmd.act == "resume":
        return redirect(path_of("agreements.change", change_id=change_id, done="asked"), 303)
    return redirect(path_of("agreements.agreement", reference=reference, done=cmd.act), 303)


def _again(reference: str, form: Form, status: int, conflict: str = "") -> Response:
    """Where it was asked for: resuming on the agreement's own page."""
    act = form.value("act")
    if act in CLOSED:
        return stopping.page(reference, act, form, status)
    return _page(reference, form, status, conflict)


@bp.get("/agreements/<reference>/stop")
def stop(reference: str) -> Response:
    """What suspending or ending would close, for whom, before its button."""
    return stopping.page(reference, stopping.asked_for(), Form())


@bp.get("/agreements/<reference>/copy/<int(max=2147483647):attachment_id>")
def copy(reference: str, attachment_id: int) -> Response:
    """The signed text of a version, now or before, or of a change that waits; through the gate, for saving, never for
    showing."""
    with open_work() as work:
        row = find_agreement(work.session, reference)
        kept = copies_kept(work.session, row.id) | copies_asked_for(work.session, row.id)
        if attachment_id not in kept:
            raise NotFound
        file = gate.show_file(work, attachment_id)
        facts = {"attachment": attachment_id, "sha256": hashlib.sha256(file.body).hexdigest()}
        work.audit("agreement.save-copy", reference, **facts)
    return to_save(file.body, file.name)


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
