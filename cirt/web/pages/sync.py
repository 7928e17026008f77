"""Sync: how each link goes, and a run out of turn."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from cirt.exchange.cases.kinds import MEANINGS
from cirt.exchange.cases.queries import quarantine_counts
from cirt.exchange.health import LinkHealth, link_health
from cirt.exchange.loops.alarms import standing_alarms
from cirt.exchange.now import LinkBusy, LinkByFile, LinkRests, run_now
from cirt.exchange.queries import next_try
from cirt.exchange.refusals import count_refusals
from cirt.exchange.trouble import LINK_ERRORS
from cirt.kernel.errors import Conflict
from cirt.web import i18n, outward
from cirt.web.errors import status_of
from cirt.web.frame import render
from cirt.web.paths import path_of
from cirt.web.session import open_work, visit

bp = Blueprint("sync", __name__)


@dataclass(frozen=True, slots=True)
class _Line:
    health: LinkHealth
    next_at: datetime | None


@bp.get("/sync")
def health() -> Response:
    return _health_page()


@bp.post("/sync/links/<int(max=2147483647):link_id>/run")
def run(link_id: int) -> AnyResponse:
    try:
        with open_work() as work:
            run_now(work, link_id)
    except (LinkBusy, LinkByFile, LinkRests) as error:
        return _health_page(error)
    return redirect(path_of("sync.health", done="asked"), 303)


def _health_page(conflict: Conflict | None = None) -> Response:
    with open_work(write=False) as work:
        found = link_health(work.session)
        held = quarantine_counts(work.session)
        alarms = standing_alarms(work.session)
        unsent = count_refusals(work.session)
    return render(
        "sync/health.html",
        status_of(conflict) if conflict else 200,
        lines=[_Line(each, next_try(each, visit().now)) for each in found],
        held=sum(held.values()),
        unsent=unsent,
        alarms=alarms,
        conflict=i18n.say_error(conflict) if conflict else "",
        done=request.args.get("done", ""),
        **words(),
    )


def words() -> dict[str, Any]:
    return {
        "sign": outward.sign,
        "signs": outward.HEALTH,
        "outcomes": outward.OUTCOMES,
        "endings": outward.ENDINGS,
        "cases": MEANINGS,
        "ways": outward.LINKS,
        "sentence": outward.sentence,
        "errors": LINK_ERRORS,
    }
