"""The desk: what needs the reader now."""

from flask import Blueprint, Response

from cirt.exchange.watching.alerts import standing
from cirt.register import queries
from cirt.register.dialogue.waiting import answers_waiting
from cirt.register.mine import mine
from cirt.register.models import Severity
from cirt.release.lists import waiting_releases
from cirt.sharing.agreements.expiry import near_ends
from cirt.sharing.agreements.queries import changes_to_decide
from cirt.web.frame import render
from cirt.web.pages.sync import alert_sentence, alert_step
from cirt.web.session import open_work, visit

bp = Blueprint("desk", __name__)


@bp.get("/desk")
def desk() -> Response:
    with open_work(write=False) as work:
        figures = queries.desk(work)
        line = queries.next_in_line(work)
        my_work = mine(work)
        waiting = waiting_releases(work)
        answers = answers_waiting(work)
        ends = near_ends(work.session, work.now)
        changes = changes_to_decide(work)
        may_run = work.actor.may("sync:run")
        alerts = standing(work.session) if may_run else []
    return render(
        "desk/desk.html",
        figures=figures,
        line=line,
        mine=my_work,
        critical=figures.by_severity[Severity.CRITICAL],
        high=figures.by_severity[Severity.HIGH],
        most=max((count for _, count in figures.by_class), default=1),
        waiting=waiting,
        ends=ends,
        changes=changes,
        alerts=[(each, alert_sentence(each), alert_step(each)) for each in alerts],
        answers_waiting=answers,
        may_decide=visit().actor.may("release:decide"),
    )
