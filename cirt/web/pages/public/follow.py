"""How a report stands, what we asked, and the reporter's answer; all of it with reference and code, without a cookie."""

import json
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from cirt.inputs.intake import AskStatusInput, TakeAnswerInput
from cirt.kernel.errors import CirtError, FieldsInvalid, TooMany
from cirt.kernel.keys import SecretUnreadable
from cirt.kernel.work import PUBLIC
from cirt.register import intake, service
from cirt.register.commands import AskStatus
from cirt.register.dialogue.follow import follow_up
from cirt.register.errors import CodeWrong
from cirt.web import advice
from cirt.web.errors import status_of
from cirt.web.forms import Form, refused, sent, wants
from cirt.web.frame import render
from cirt.web.guesses import counted
from cirt.web.pages.public.bp import bp
from cirt.web.pages.public.exact import read_exactly
from cirt.web.pages.public.sending import (
    FILE_LIMIT,
    has_files,
    kept_headers,
    new_once,
    sent_back,
    sent_files,
    sent_once,
    typed_so_far,
    wants_language,
)
from cirt.web.paths import path_of
from cirt.web.session import this_program, visit

_RECEIPT = "follow-up"
_OPEN_FOR = timedelta(hours=1)


@bp.get("/status")
def status() -> Response:
    return _status_page(Form())


@bp.post("/status")
def show_status() -> Response:
    if wants_language():
        return _status_page(typed_so_far())
    try:
        cmd = AskStatusInput().read(sent())
        return _followed(cmd, Form())
    except (FieldsInvalid, CodeWrong, TooMany) as error:
        return _ask_again(error)


@bp.post("/status/answer")
def answer() -> AnyResponse:
    program = this_program()
    read_exactly()
    shown = AskStatus(wants("reference"), wants("code"))
    try:
        if wants_language():
            return _followed(shown, typed_so_far())
        cmd = TakeAnswerInput().read(
            sent(without=["once", "files"]),
            files=sent_files(),
            headers=kept_headers(),
            form_token=sent_once(program.keys),
        )
        with counted(cmd.reference), program.work(PUBLIC) as work:
            service.take_answer(work, cmd)
    except CodeWrong as error:
        return _ask_again(error)
    except TooMany:
        raise  # the page that follows gives the text back
    except CirtError as error:
        try:
            return _followed(shown, sent_back(error), status_of(error))
        except CodeWrong as wrong:
            return _ask_again(wrong)
    kept = {"reference": cmd.reference, "code": cmd.code, "at": visit().now.timestamp()}
    receipt = program.keys.seal(_RECEIPT, json.dumps(kept))
    return redirect(path_of("public.answered", receipt=receipt), 303)


@bp.get("/status/answered")
def answered() -> AnyResponse:
    """The same page after an answer, for an hour; the address holds reference and code encrypted."""
    try:
        receipt = request.args.get("receipt", "").encode()
        kept: dict[str, Any] = json.loads(this_program().keys.unseal(_RECEIPT, receipt))
        if visit().now.timestamp() - kept["at"] > _OPEN_FOR.total_seconds():
            return redirect(path_of("public.status"), 303)
        return _followed(AskStatus(kept["reference"], kept["code"]), Form(), has_answered=True)
    except (SecretUnreadable, CodeWrong, TooMany):
        return redirect(path_of("public.status"), 303)


def _ask_again(error: CirtError) -> Response:
    is_limit = isinstance(error, TooMany)
    status = HTTPStatus.TOO_MANY_REQUESTS if is_limit else HTTPStatus.UNPROCESSABLE_ENTITY
    return _status_page(refused(error, at="code"), status)


def _status_page(form: Form, status: int = HTTPStatus.OK) -> Response:
    return render(
        "public/status.html", status, form=form, keeps="status", keeps_at="public.show_status"
    )


def _followed(
    cmd: AskStatus, form: Form, status: int = HTTPStatus.OK, *, has_answered: bool = False
) -> Response:
    """
    Raises:
        CodeWrong, TooMany.
    """
    program = this_program()
    with counted(cmd.reference), program.work(PUBLIC, write=False) as work:
        found = follow_up(work, cmd)
    return render(
        "public/follow.html",
        status,
        form=form,
        found=found,
        code=cmd.code,
        keeps="answer",
        keeps_at="public.answer",
        has_answered=has_answered,
        advice=advice.AFTER[found.lane],
        once=new_once(program.keys),
        max_files=intake.MAX_FILES,
        file_limit=FILE_LIMIT,
        files_lost=has_files(),
    )
