"""Permissions of sources: the list, one of them with its evidence, recording and ending."""

from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from cirt.inputs.permissions import EndPermissionInput, RecordPermissionInput
from cirt.kernel.errors import CirtError, FieldsInvalid, NotFound, TooLarge
from cirt.parties.peers import peers
from cirt.release.permitting import end_permission, record_permission
from cirt.sharing import gate
from cirt.sharing.permissions.commands import EvidenceFile
from cirt.sharing.permissions.errors import (
    AlreadyEnded,
    EvidenceMissing,
    OwnObject,
    PermissionCircle,
    PermissionObject,
    PermissionPeer,
    PermissionPeriod,
    PermissionRed,
)
from cirt.sharing.permissions.queries import (
    files_of,
    permission_line,
    permission_page,
)
from cirt.sharing.permissions.service import find_permission
from cirt.web import outward
from cirt.web.errors import status_of
from cirt.web.forms import Form, refused, sent
from cirt.web.frame import render
from cirt.web.listing import begins_before
from cirt.web.pages.public.sending import has_files, sent_files
from cirt.web.paths import path_of
from cirt.web.saving import to_save
from cirt.web.session import open_work

bp = Blueprint("permissions", __name__)

_AT: dict[type[CirtError], str] = {
    PermissionObject: "stix_id",
    OwnObject: "stix_id",
    PermissionPeer: "origin",
    PermissionCircle: "reader",
    PermissionRed: "up_to",
    EvidenceMissing: "evidence",
    PermissionPeriod: "until",
    TooLarge: "files",
    FieldsInvalid: "",
}


@bp.get("/permissions")
def permissions() -> Response:
    with open_work(write=False) as work:
        page = permission_page(work.session, before=begins_before(request.args))
    older = path_of("permissions.permissions", before=page.older) if page.older else ""
    return render("permissions/list.html", page=page, older=older, **_words())


@bp.get("/permissions/new")
def new() -> Response:
    return _new_page(Form({"stix_id": request.args.get("stix_id", "")[:300]}))


@bp.post("/permissions/new")
def record() -> AnyResponse:
    try:
        files = tuple(EvidenceFile(one.name, one.media_type, one.body) for one in sent_files())
        cmd = RecordPermissionInput().read(sent(without=["files"]), files=files)
        with open_work() as work:
            reference = record_permission(work, cmd).reference
    except tuple(_AT) as error:
        return _new_page(refused(error, at=_AT[type(error)]), status_of(error))
    return redirect(path_of("permissions.permission", reference=reference, done="recorded"), 303)


@bp.get("/permissions/<reference>")
def permission(reference: str) -> Response:
    return _page(reference, Form())


@bp.post("/permissions/<reference>/end")
def end(reference: str) -> AnyResponse:
    try:
        with open_work() as work:
            end_permission(work, EndPermissionInput().read(sent(), reference=reference))
    except (FieldsInvalid, AlreadyEnded) as error:
        return _page(reference, refused(error, at="reason"), status_of(error))
    return redirect(path_of("permissions.permission", reference=reference, done="ended"), 303)


@bp.get("/permissions/<reference>/files/<int(max=9223372036854775807):attachment_id>")
def evidence(reference: str, attachment_id: int) -> Response:
    """A file for saving, never for showing: what it is only its sender claims."""
    with open_work() as work:
        found = find_permission(work, reference)
        if attachment_id not in {file.id for file in files_of(work.session, found.reference)}:
            raise NotFound
        file = gate.show_file(work, attachment_id)
    return to_save(file.body, file.name)


def _page(reference: str, form: Form, status: int = HTTPStatus.OK) -> Response:
    with open_work(write=False) as work:
        found = find_permission(work, reference)
        line = permission_line(work.session, found)
        files = files_of(work.session, found.reference)
    return render(
        "permissions/permission.html",
        status,
        form=form,
        line=line,
        files=files,
        done=request.args.get("done", ""),
        **_words(),
    )


def _new_page(form: Form, status: int = HTTPStatus.OK) -> Response:
    with open_work(write=False) as work:
        work.require("permission:write")
        known = [(peer.slug, peer.name) for peer in peers(work.session)]
    lost = status != HTTPStatus.OK and has_files()
    return render("permissions/new.html", status, form=form, peers=known, files_lost=lost)


def _words() -> dict[str, Any]:
    return {"sign": outward.sign, "standings": outward.PERMISSIONS}
