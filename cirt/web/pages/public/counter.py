"""The form with which anybody reports, what stands before and after it, and the page that stores nothing."""

import json
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from cirt.inputs.intake import TakeReportInput
from cirt.kernel.errors import CirtError, NotFound
from cirt.kernel.keys import SecretUnreadable
from cirt.kernel.work import PUBLIC
from cirt.register import intake
from cirt.register.labels import AFFECTED, LANES
from cirt.register.models import Lane
from cirt.web import advice
from cirt.web.errors import status_of
from cirt.web.forms import Form, member, sent
from cirt.web.frame import render
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
from cirt.web.sectors import sector_choices
from cirt.web.session import this_program, visit

_RECEIPT = "report-receipt"
_SHOWN_FOR = timedelta(hours=1)


@bp.get("/")
def home() -> Response:
    return render("public/home.html", lanes=LANES, first_aid=advice.BEFORE[None])


@bp.get("/report")
def report() -> Response:
    lane = member(Lane, request.args.get("lane", ""))
    return _report_page(Form({"lane": lane.value} if lane else {}))


@bp.post("/report")
def send_report() -> AnyResponse:
    program = this_program()
    read_exactly()
    if (lane := member(Lane, request.form.get("to_lane", ""))) is not None:
        typed = typed_so_far()
        return _report_page(Form({**typed.values, "lane": lane.value}))
    if wants_language():
        return _report_page(typed_so_far())
    try:
        once = sent_once(program.keys)
        cmd = TakeReportInput().read(
            sent("affected", without=["once", "files"]),
            files=sent_files(),
            headers=kept_headers(),
            form_token=once,
        )
        with program.work(PUBLIC) as work:
            found, code = intake.take_report(work, cmd)
            reference = found.reference
    except CirtError as error:
        return _report_page(sent_back(error), status_of(error))
    shown = {"reference": reference, "code": code, "at": visit().now.timestamp(), "lane": cmd.lane}
    receipt = program.keys.seal(_RECEIPT, json.dumps(shown))
    return redirect(path_of("public.sent_report", receipt=receipt), 303)


@bp.get("/report/sent")
def sent_report() -> Response:
    """The reference and the code, for an hour; the address holds them encrypted."""
    shown = _open_receipt(request.args.get("receipt", ""))
    lane = member(Lane, shown.get("lane") or "")
    return render(
        "public/sent.html",
        reference=shown["reference"],
        code=shown["code"],
        advice=advice.AFTER[lane],
    )


@bp.get("/report/child")
def child() -> Response:
    """Hands over to the hotline. Nothing can be typed here, so nothing is kept."""
    settings = this_program().settings
    return render(
        "public/child.html", hotline=settings.child_hotline, address=settings.child_hotline_url
    )


def _open_receipt(receipt: str) -> dict[str, Any]:
    """
    Raises:
        NotFound: it is not ours, or too old.
    """
    try:
        shown: dict[str, Any] = json.loads(this_program().keys.unseal(_RECEIPT, receipt.encode()))
    except SecretUnreadable as error:
        raise NotFound from error
    if visit().now.timestamp() - shown["at"] > _SHOWN_FOR.total_seconds():
        raise NotFound
    return shown


def _report_page(form: Form, status: int = HTTPStatus.OK) -> Response:
    program = this_program()
    lane = member(Lane, form.value("lane"))
    return render(
        "public/report.html",
        status,
        form=form,
        keeps="report",
        keeps_at="public.send_report",
        lane=lane,
        lanes=LANES,
        affected=AFFECTED,
        sectors=sector_choices(),
        first_aid=advice.BEFORE[lane],
        duty_phone=program.settings.duty_phone,
        once=new_once(program.keys),
        max_files=intake.MAX_FILES,
        file_limit=FILE_LIMIT,
        files_lost=has_files(),
    )
