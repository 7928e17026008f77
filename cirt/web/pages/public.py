"""The public counter: report an incident without an account, and follow what became of it."""

import json
from datetime import timedelta
from http import HTTPStatus

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from cirt.files.store import MAX_FILE_BYTES
from cirt.inputs.register import AskStatusInput, TakeReportInput
from cirt.kernel.errors import CirtError, FieldsInvalid, NotFound, TooLarge
from cirt.kernel.keys import SecretUnreadable
from cirt.kernel.work import PUBLIC
from cirt.register import intake
from cirt.register.codes import new_form_value
from cirt.register.commands import SentFile, TakeReport
from cirt.register.errors import CodeWrong
from cirt.web.errors import status_of
from cirt.web.forms import Form, open_public_token, public_token, refused, sent
from cirt.web.frame import render
from cirt.web.paths import path_of
from cirt.web.session import FormTooOld, this_program, visit

bp = Blueprint("public", __name__)

_FILE_LIMIT = f"{MAX_FILE_BYTES // 2**20} MB"
_RECEIPT = "report-receipt"
_SHOWN_FOR = timedelta(hours=1)
_KEPT_HEADERS = ("User-Agent", "Accept-Language")


@bp.get("/")
def home() -> Response:
    return render("public/home.html")


@bp.get("/report")
def report() -> Response:
    return _report_page(Form())


@bp.post("/report")
def send_report() -> AnyResponse:
    program = this_program()
    once = open_public_token(program.keys, request.form.get("once", ""))
    try:
        if once is None:
            raise FormTooOld
        cmd = _command(once)
        with program.work(PUBLIC) as work:
            found, code = intake.take_report(work, cmd)
            reference = found.reference
    except CirtError as error:
        at = "files" if isinstance(error, TooLarge) and "what" in error.values else "text"
        return _report_page(refused(error, at=at), status_of(error))
    shown = {"reference": reference, "code": code, "at": visit().now.timestamp()}
    receipt = program.keys.seal(_RECEIPT, json.dumps(shown))
    return redirect(path_of("public.sent_report", receipt=receipt), 303)


@bp.get("/report/sent")
def sent_report() -> Response:
    """The reference and the code, for an hour; the address holds them encrypted."""
    try:
        receipt = request.args.get("receipt", "").encode()
        shown = json.loads(this_program().keys.unseal(_RECEIPT, receipt))
    except SecretUnreadable as error:
        raise NotFound from error
    if visit().now.timestamp() - shown["at"] > _SHOWN_FOR.total_seconds():
        raise NotFound
    return render("public/sent.html", reference=shown["reference"], code=shown["code"])


@bp.get("/status")
def status() -> Response:
    return render("public/status.html", answer="")


@bp.post("/status")
def show_status() -> Response:
    try:
        with this_program().work(PUBLIC, write=False) as work:
            answer = intake.report_status(work, AskStatusInput().read(sent()))
    except (FieldsInvalid, CodeWrong) as error:
        form = refused(error, at="code")
        return render("public/status.html", HTTPStatus.UNPROCESSABLE_ENTITY, form=form, answer="")
    return render("public/status.html", form=Form(sent()), answer=answer)


def _command(once: str) -> TakeReport:
    kept = {name: request.headers.get(name, "")[:300] for name in _KEPT_HEADERS}
    return TakeReportInput().read(
        sent(without=["once", "files"]),
        files=_files(),
        headers=kept,
        form_token=once,
    )


def _files() -> tuple[SentFile, ...]:
    """No more of each than tells that it is too large."""
    sent_files = [file for file in request.files.getlist("files") if file.filename]
    read = tuple(
        SentFile(file.filename or "", file.mimetype or "", file.stream.read(MAX_FILE_BYTES + 1))
        for file in sent_files[: intake.MAX_FILES + 1]
    )
    for file in request.files.values():
        file.close()
    return read


def _report_page(form: Form, status: int = HTTPStatus.OK) -> Response:
    return render(
        "public/report.html",
        status,
        form=form,
        once=public_token(this_program().keys, new_form_value()),
        max_files=intake.MAX_FILES,
        file_limit=_FILE_LIMIT,
    )
