"""Sync, beside the links: two contents of one version, and objects that come too often."""

from flask import redirect
from werkzeug.wrappers import Response as AnyResponse

from cirt.exchange.loops.alarms import lift_alarm
from cirt.exchange.loops.disputes import NotAConflict, solve
from cirt.inputs.exchange import SolveInput
from cirt.kernel.errors import FieldsInvalid
from cirt.web.errors import status_of
from cirt.web.forms import refused, sent
from cirt.web.pages.sync import bp
from cirt.web.pages.sync_quarantine import arrival_page
from cirt.web.paths import path_of
from cirt.web.session import open_work


@bp.post("/sync/quarantine/<int(max=9223372036854775807):arrival_id>/solve")
def solve_arrival(arrival_id: int) -> AnyResponse:
    try:
        with open_work() as work:
            solve(work, SolveInput().read(sent(), arrival_id=arrival_id))
    except (FieldsInvalid, NotAConflict) as error:
        return arrival_page(arrival_id, refused(error, at="solution"), status_of(error))
    return redirect(path_of("sync.arrival", arrival_id=arrival_id, done="solved"), 303)


@bp.post("/sync/alarms/<int(max=2147483647):alarm_id>/lift")
def lift(alarm_id: int) -> AnyResponse:
    with open_work() as work:
        lift_alarm(work, alarm_id)
    return redirect(path_of("sync.health", done="lifted"), 303)
