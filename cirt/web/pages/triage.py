"""Triage: the queue with its reading pane."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.register import rsit, workflow
from cirt.register.dialogue.waiting import answers_waiting
from cirt.register.facts.places import SECTORS
from cirt.register.forwarding.service import forwardings_of, recipients
from cirt.register.labels import LANES, REPORT_SOURCES
from cirt.register.models import Lane, ReportSource
from cirt.register.queue.counts import queue_counts
from cirt.register.queue.filters import QueueFilter, QueueSort, QueueView
from cirt.register.queue.lines import queue as queue_page
from cirt.register.queue.opened import open_report
from cirt.register.queue.reading import ReportView, view_beside
from cirt.register.urgency.targets import targets_of
from cirt.register.views.service import views_of
from cirt.web import prose, talk
from cirt.web.forms import member
from cirt.web.frame import render
from cirt.web.paths import path_of
from cirt.web.sectors import sector_choices
from cirt.web.session import open_work, this_program

bp = Blueprint("triage", __name__)

_SHORT = 1200  # characters of a report in the pane
_DAYS = ("1", "7", "30")
_NOT_NARROWING = ("view", "sort")


@bp.get("/triage")
def queue() -> Response:
    given = asked(request.args)
    targets = targets_of(this_program().settings)
    cursor, selected = request.args.get("page", ""), request.args.get("selected", "")
    with open_work(write=False) as work:
        wanted = _filter(given, work.now)
        counts = queue_counts(work)
        total = None if wanted.is_narrowed else counts.of(wanted.view)
        opened = open_report(work, selected) if selected else None
        page = queue_page(work, wanted, targets=targets, cursor=cursor, total=total, also=opened)
        views = views_of(work)
        shown = view_beside(work, opened, page) if opened else None
        waiting = answers_waiting(work)
        pane = pane_of(work, shown, wanted.view)
    return render(
        "triage/queue.html",
        page=page,
        counts=counts,
        cursor=cursor,
        selected=selected,
        views=views,
        query=urlencode(given),
        given=given,
        narrowed={name: said for name, said in given.items() if name not in _NOT_NARROWING},
        sort=_sort(wanted),
        sectors=sector_choices(),
        newer=path_of("triage.queue", **given, page=page.before) if page.before else "",
        older=path_of("triage.queue", **given, page=page.after) if page.after else "",
        answers_waiting=waiting,
        **pane,
    )


def asked(given: Mapping[str, str]) -> dict[str, str]:
    """What of an address narrows or sorts the queue and can be read; an old bookmark still shows a list."""
    found = {
        "view": member(QueueView, given.get("view", "")),
        "source": member(ReportSource, given.get("source", "")),
        "lane": member(Lane, given.get("lane", "")),
        "sector": given.get("sector") if given.get("sector") in SECTORS else None,
        "tlp": member(Tlp, given.get("tlp", "")),
        "days": given.get("days") if given.get("days") in _DAYS else None,
        "late": "1" if given.get("late") == "1" else None,
        "words": given.get("words", "").strip()[:200],
        "sort": member(QueueSort, given.get("sort", "")),
    }
    return {name: str(value) for name, value in found.items() if value}


def _filter(given: Mapping[str, str], now: datetime) -> QueueFilter:
    return QueueFilter(
        view=member(QueueView, given.get("view", "")) or QueueView.WAITING,
        source=member(ReportSource, given.get("source", "")),
        lane=member(Lane, given.get("lane", "")),
        sector=given.get("sector"),
        words=given.get("words", ""),
        tlp=member(Tlp, given.get("tlp", "")),
        since=now - timedelta(days=int(given["days"])) if "days" in given else None,
        is_late="late" in given,
        sort=member(QueueSort, given.get("sort", "")),
    )


def _sort(wanted: QueueFilter) -> QueueSort:
    """By which the page is sorted, said or not."""
    if wanted.by_target:
        return QueueSort.URGENT
    if wanted.sort in (QueueSort.OLDEST, QueueSort.NEWEST):
        return wanted.sort
    return QueueSort.NEWEST if wanted.is_decided else QueueSort.OLDEST


def pane_of(work: Work, shown: ReportView | None, view: str) -> dict[str, Any]:
    """What the reading pane needs."""
    text = shown.report.text if shown else ""
    is_open = shown is not None and shown.report.state in workflow.WAITING
    return {
        "shown": shown,
        "view": view,
        "short": text[:_SHORT],
        "title": prose.defanged(shown.report.title) if shown else "",
        "suggested": shown.hits.incidents if shown else (),
        "classes": rsit.CLASSES,
        "sources": REPORT_SOURCES,
        "lanes": LANES,
        "recipients": recipients(work) if is_open else [],
        "forwardings": forwardings_of(work, shown.report) if shown else [],
        **talk.mail_of(work, shown.report.headers if shown else {}),
    }


def list_path(query: str, **more: str) -> str:
    """The list that was on the page, as its form sent it along."""
    given = {"view": QueueView.WAITING.value, **asked(dict(parse_qsl(query)))}
    return path_of("triage.queue", **given, **more)


def back_to(reference: str, query: str) -> AnyResponse:
    return redirect(list_path(query, selected=reference) + "#rep", 303)
