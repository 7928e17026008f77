"""The bin: what was deleted in the last thirty days, and bringing it back."""

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from cirt.register.bin.commands import Restore
from cirt.register.bin.models import BINNED, KEPT, BinAct, Binned
from cirt.register.bin.queries import bin_page
from cirt.register.bin.service import restore
from cirt.register.models import Incident
from cirt.web.frame import render
from cirt.web.paths import path_of, ways_on
from cirt.web.session import open_work

bp = Blueprint("bin", __name__)


@bp.get("/bin")
def contents() -> Response:
    with open_work(write=False) as work:
        page = bin_page(work, cursor=request.args.get("page"))
    return render(
        "bin/bin.html",
        page=page,
        kinds=BINNED,
        kept=KEPT,
        **ways_on(page, "bin.contents"),
    )


@bp.post("/bin/<int(max=9223372036854775807):act_id>/restore")
def bring_back(act_id: int) -> AnyResponse:
    with open_work() as work:
        act = restore(work, Restore(act_id))
        incident = work.session.get_one(Incident, act.incident_id)
    if incident.bin_id is not None:
        return redirect(path_of("bin.contents"), 303)
    return redirect(_place(act, incident.reference), 303)


def _place(act: BinAct, reference: str) -> str:
    if act.kind is Binned.TASK:
        return path_of("incidents.tasks", reference=reference)
    place = path_of("incidents.incident", reference=reference)
    return place if act.kind is Binned.INCIDENT else f"{place}#{act.kind}-{act.row_id}"
