"""Sync: how each link goes, a run out of turn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response, redirect, request
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from cirt.exchange.cases.kinds import MEANINGS, case_of
from cirt.exchange.cases.queries import quarantine_counts
from cirt.exchange.health import Health, LinkHealth, link_health
from cirt.exchange.links.now import LinkBusy, LinkByFile, LinkRests, LinkWaits, run_now
from cirt.exchange.loops.alarms import standing_alarms
from cirt.exchange.queries import next_try
from cirt.exchange.refusals import count_refusals
from cirt.exchange.trouble import LINK_ERRORS
from cirt.exchange.watching.alerts import StandingAlert, standing
from cirt.exchange.watching.days import TREND_DAYS, trends
from cirt.exchange.watching.models import LineDay
from cirt.exchange.watching.queries import worker_seen_at
from cirt.exchange.watching.reasons import RunReason, reasons_of
from cirt.exchange.watching.rules import ALERT_STEPS, ALERT_WORDS, SPANS
from cirt.exchange.watching.telling import Told
from cirt.kernel.errors import Conflict
from cirt.kernel.text import mark
from cirt.sources.health import SourceHealth, next_source_run, source_health
from cirt.web import i18n, outward
from cirt.web.errors import status_of
from cirt.web.frame import render, when
from cirt.web.paths import path_of
from cirt.web.prose import defanged
from cirt.web.session import open_work, this_program, visit
from cirt.web.spark import trend

bp = Blueprint("sync", __name__)

TREND_WORDS = mark("In {days} days {taken} taken in {runs} runs, of which {failed} failed.")


_STALE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class _Line:
    """A link or a connector as the page shows it; ``cause`` says in words why it is in trouble."""

    link: LinkHealth | None
    name: str
    slug: str
    health: Health
    cause: Markup
    told: Markup
    reasons: Sequence[RunReason]
    last_success_at: datetime | None
    last_data_at: datetime | None
    next_at: datetime | None
    run: Any  # the counts of the last run
    runs_path: str
    trend: Markup


@bp.get("/sync")
def health() -> Response:
    return health_page()


@bp.post("/sync/links/<int(max=2147483647):link_id>/run")
def run(link_id: int) -> AnyResponse:
    try:
        with open_work() as work:
            run_now(work, link_id)
    except (LinkBusy, LinkByFile, LinkRests, LinkWaits) as error:
        return health_page(error)
    return redirect(path_of("sync.health", done="asked"), 303)


def health_page(conflict: Conflict | None = None) -> Response:
    now = visit().now
    configured = this_program().settings.connectors
    with open_work(write=False) as work:
        found = link_health(work.session)
        sources = source_health(work.session, configured)
        days = trends(work.session, now.date())
        held = quarantine_counts(work.session)
        alarms = standing_alarms(work.session)
        unsent = count_refusals(work.session)
        alerts = standing(work.session)
        seen_at = worker_seen_at(work.session)
    lines = [_of_link(each, days, now) for each in found]
    return render(
        "sync/health.html",
        status_of(conflict) if conflict else 200,
        lines=[*lines, *(_of_source(each, days, now) for each in sources)],
        held=sum(held.values()),
        unsent=unsent,
        alarms=alarms,
        alerts=[(each, alert_sentence(each), alert_step(each)) for each in alerts],
        worker_seen_at=seen_at,
        is_worker_gone=seen_at is not None and now - seen_at > _STALE,
        conflict=i18n.say_error(conflict) if conflict else "",
        done=request.args.get("done", ""),
        **line_words(),
    )


def _of_link(it: LinkHealth, days: Mapping[str, Sequence[LineDay]], now: datetime) -> _Line:
    return _Line(
        link=it,
        name=it.peer_name,
        slug=it.peer,
        health=it.health,
        cause=outward.sentence(it.message, it.values),
        told=told_words(it.told),
        reasons=reasons_of(it.last_run.reasons) if it.last_run else (),
        last_success_at=it.last_success_at,
        last_data_at=it.last_data_at,
        next_at=next_try(it, now),
        run=it.last_run,
        runs_path=path_of("sync.link_runs", link_id=it.id),
        trend=_trend(days.get(it.line, ()), now),
    )


def _of_source(it: SourceHealth, days: Mapping[str, Sequence[LineDay]], now: datetime) -> _Line:
    return _Line(
        link=None,
        name=it.name,
        slug=it.peer,
        health=it.health,
        cause=own_words(it.error),
        told=told_words(it.told),
        reasons=reasons_of(it.last_run.reasons) if it.last_run else (),
        last_success_at=it.last_success_at,
        last_data_at=it.last_data_at,
        next_at=next_source_run(now),
        run=it.last_run,
        runs_path=path_of("sync.source_runs", name=it.name),
        trend=_trend(days.get(it.line, ()), now),
    )


def own_words(error: str) -> Markup:
    """What a connector says, which speaks English in every language of the desk."""
    return Markup("<bdi>{}</bdi>").format(defanged(error)) if error else Markup()


def told_words(told: Told | None) -> Markup:
    if told is None:
        return Markup()
    values = {
        name: when(value) if isinstance(value, datetime) else value
        for name, value in told.values.items()
    }
    return i18n.say(told.message, **values)


def _trend(days: Sequence[LineDay], now: datetime) -> Markup:
    if not days:
        return Markup()
    taken, failed = sum(row.taken for row in days), sum(row.failed for row in days)
    runs = sum(row.runs for row in days)
    words = i18n.say(TREND_WORDS, days=TREND_DAYS, taken=taken, runs=runs, failed=failed)
    return trend(days, now.date(), str(words))


def alert_sentence(alert: StandingAlert) -> Markup:
    """With its spans in the reader's words."""
    values = {
        name: i18n.span(timedelta(minutes=value)) if name in SPANS else value
        for name, value in alert.values.items()
    }
    return i18n.say(ALERT_WORDS[alert.kind], **values)


def alert_step(alert: StandingAlert) -> Markup:
    return i18n.say(ALERT_STEPS[alert.kind])


def line_words() -> dict[str, Any]:
    return {
        "sign": outward.sign,
        "signs": outward.HEALTH,
        "outcomes": outward.OUTCOMES,
        "endings": outward.ENDINGS,
        "cases": MEANINGS,
        "case_of": case_of,
        "ways": outward.LINKS,
        "sentence": outward.sentence,
        "errors": LINK_ERRORS,
    }
