"""The desk: what needs the reader now."""

from flask import Blueprint, Response

from cirt.register import queries
from cirt.register.dialogue.waiting import answers_waiting
from cirt.register.mine import mine
from cirt.register.models import Severity
from cirt.release.lists import waiting_releases
from cirt.sharing.agreements.expiry import near_ends
from cirt.sharing.agreements.queries import changes_to_decide
from cirt.web.frame import render
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
        answers_waiting=answers,
        may_decide=visit().actor.may("release:decide"),
    )
