"""Sync: how each link goes, a run out of turn, and what was held or refused."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from cirt.exchange.health import LinkHealth, link_health
from cirt.exchange.loops.alarms import standing_alarms
from cirt.exchange.loops.disputes import conflict_of
from cirt.exchange.now import LinkBusy, LinkByFile, LinkRests, run_now
from cirt.exchange.quarantine import drop
from cirt.exchange.queries import next_try, quarantine_counts, quarantine_line, quarantine_page
from cirt.exchange.trouble import LINK_ERRORS
from cirt.kernel.errors import Conflict, NotFound
from cirt.parties.peers import peers
from cirt.web import i18n, outward
from cirt.web.errors import status_of
from cirt.web.forms import Form
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
    return render(
        "sync/health.html",
        status_of(conflict) if conflict else 200,
        lines=[_Line(each, next_try(each, visit().now)) for each in found],
        held=sum(held.values()),
        alarms=alarms,
        conflict=i18n.say_error(conflict) if conflict else "",
        done=request.args.get("done", ""),
        **_words(),
    )


@bp.get("/sync/quarantine")
def quarantine() -> Response:
    args = request.args
    wanted = {each.value: each for each in outward.OUTCOMES}
    outcome = wanted.get(args.get("outcome", ""))
    with open_work(write=False) as work:
        known = peers(work.session)
        peer = args.get("peer", "")
        peer = peer if peer in {each.slug for each in known} else ""
        page = quarantine_page(
            work.session, peer=peer or None, outcome=outcome, cursor=args.get("page")
        )
        counts = quarantine_counts(work.session)
    chosen = {"peer": peer or None, "outcome": outcome}
    return render(
        "sync/quarantine.html",
        page=page,
        counts=counts,
        chosen=chosen,
        peers=known,
        address=lambda **changed: path_of("sync.quarantine", **{**chosen, **changed}),
        **_words(),
    )


@bp.get("/sync/quarantine/<int(max=9223372036854775807):arrival_id>")
def arrival(arrival_id: int) -> Response:
    return arrival_page(arrival_id, Form())


def arrival_page(arrival_id: int, form: Form, status: int = 200) -> Response:
    with open_work(write=False) as work:
        line = quarantine_line(work.session, arrival_id)
        if line is None:
            raise NotFound
        conflict = conflict_of(work, arrival_id)
        named = {each.id: each for each in peers(work.session)}
    return render(
        "sync/arrival.html",
        status,
        form=form,
        it=line,
        conflict=conflict,
        first=named.get(conflict.origin_id or 0) if conflict else None,
        **_words(),
    )


@bp.post("/sync/quarantine/<int(max=9223372036854775807):arrival_id>/drop")
def drop_arrival(arrival_id: int) -> AnyResponse:
    with open_work() as work:
        drop(work, arrival_id)
    return redirect(path_of("sync.quarantine"), 303)


def _words() -> dict[str, Any]:
    return {
        "sign": outward.sign,
        "signs": outward.HEALTH,
        "outcomes": outward.OUTCOMES,
        "ways": outward.LINKS,
        "sentence": outward.sentence,
        "errors": LINK_ERRORS,
    }
