"""What comes by telephone or in person: one of us writes it down and reads the reference and the code out."""

import json
from datetime import timedelta
from http import HTTPStatus

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from cirt.inputs.intake import EnterReportInput
from cirt.kernel.errors import CirtError, FieldsInvalid, Invalid, NotFound, TooLarge
from cirt.kernel.keys import SecretUnreadable
from cirt.register import intake
from cirt.register.errors import CameAtWrong, TooManyFiles
from cirt.register.labels import AFFECTED, LANES
from cirt.register.models import ReportSource
from cirt.web import advice
from cirt.web.errors import status_of
from cirt.web.forms import Form, refused, sent
from cirt.web.frame import render
from cirt.web.pages.public.sending import FILE_LIMIT, has_files, sent_files
from cirt.web.pages.triage import bp
from cirt.web.paths import path_of
from cirt.web.sectors import sector_choices
from cirt.web.session import open_work, this_program, visit

_RECEIPT = "desk-receipt"
_SHOWN_FOR = timedelta(hours=1)


@bp.get("/triage/new")
def new_report() -> Response:
    return _page(Form())


@bp.post("/triage/new")
def enter_report() -> AnyResponse:
    try:
        with open_work() as work:
            given = sent("affected", without=["files"])
            cmd = EnterReportInput().read(given, source=ReportSource.DESK, files=sent_files())
            found, code = intake.take_report(work, cmd)
            reference = found.reference
    except (FieldsInvalid, Invalid, TooLarge) as error:
        return _page(refused(error, at=_field_of(error)), status_of(error))
    who = visit()
    shown = {"account": who.actor.id, "at": who.now.timestamp()}
    said = {"reference": reference, "code": code, "lane": cmd.lane}
    receipt = this_program().keys.seal(_RECEIPT, json.dumps({**shown, **said}))
    return redirect(path_of("triage.entered", receipt=receipt), 303)


@bp.get("/triage/new/entered")
def entered() -> Response:
    """The reference and the code to read out, for an hour and for who wrote it down."""
    try:
        receipt = request.args.get("receipt", "").encode()
        shown = json.loads(this_program().keys.unseal(_RECEIPT, receipt))
    except SecretUnreadable as error:
        raise NotFound from error
    age = visit().now.timestamp() - shown["at"]
    if shown["account"] != visit().actor.id or age > _SHOWN_FOR.total_seconds():
        raise NotFound
    lane = next((lane for lane in LANES if lane.value == shown["lane"]), None)
    return render(
        "dialogue/entered.html",
        reference=shown["reference"],
        code=shown["code"],
        advice=(*advice.BEFORE[lane], *advice.AFTER[lane]),
    )


def _field_of(error: CirtError) -> str:
    if isinstance(error, TooManyFiles) or (isinstance(error, TooLarge) and "what" in error.values):
        return "files"
    return "came_at" if isinstance(error, CameAtWrong) else "text"


def _page(form: Form, status: int = HTTPStatus.OK) -> Response:
    with open_work(write=False) as work:
        work.require("report:decide")
    return render(
        "dialogue/new.html",
        status,
        form=form,
        lanes=LANES,
        affected=AFFECTED,
        sectors=sector_choices(),
        max_files=intake.MAX_FILES,
        file_limit=FILE_LIMIT,
        files_lost=has_files(),
    )
