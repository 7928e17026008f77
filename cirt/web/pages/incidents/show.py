"""One incident: its timeline beside its facts."""

from http import HTTPStatus
from typing import Any

from flask import Response, request

from cirt.kernel.text import mark
from cirt.kernel.tlp import Tlp
from cirt.parties.rights import names_behind
from cirt.register import queries, service
from cirt.register.dialogue.waiting import answers_in_incident
from cirt.register.overview import overview
from cirt.register.queries import IncidentView, Thread, TimelineFilter
from cirt.register.tasks.queries import next_tasks
from cirt.web import signs
from cirt.web.changes import changes, owners_in
from cirt.web.forms import Form, member
from cirt.web.frame import render
from cirt.web.pages.incidents.bp import bp
from cirt.web.paths import ways_on
from cirt.web.session import open_work

_OLDEST = "oldest"
_THREADS = {
    Thread.ALL: mark("Everything"),
    Thread.NOTES: mark("Notes"),
    Thread.DECISIONS: mark("Decisions"),
    Thread.OBSERVABLES: mark("Observables"),
    Thread.EXCHANGE: mark("Exchange"),
    Thread.ATTACK: mark("Attack"),
    Thread.TASKS: mark("Tasks"),
}


@bp.get("/incidents/<reference>")
def incident(reference: str) -> Response:
    return incident_page(reference, Form())


def incident_page(reference: str, form: Form, status: int = HTTPStatus.OK) -> Response:
    """The page with its note form; ``form`` holds a note that was not saved."""
    wanted = TimelineFilter(
        thread=member(Thread, request.args.get("show", "")) or Thread.ALL,
        person=request.args.get("person", ""),
        oldest_first=request.args.get("order") == _OLDEST,
    )
    with open_work(write=False) as work:
        view = queries.incident_view(work, reference)
        page = queries.entries_of(work, view.family, wanted, cursor=request.args.get("page"))
        owners = names_behind(work.session, owners_in(page.rows))
        counts = queries.counts_of(work, view.family, wanted)
        tasks = next_tasks(work, view.incident.id)
        draft = service.draft_of(work, reference)
        answers = answers_in_incident(work, view.incident.id)
        more = overview(work, view.incident)
    here = {
        "reference": reference,
        "show": wanted.thread.value or None,
        "person": wanted.person or None,
        "order": _OLDEST if wanted.oldest_first else None,
    }
    return render(
        "incidents/incident.html",
        status,
        form=form,
        **frame_of(view, "timeline"),
        more=more,
        page=page,
        changes=lambda entry: changes(entry, owners),
        answers_waiting=answers,
        wanted=wanted,
        threads=_THREADS,
        counts=counts,
        tasks=tasks,
        draft=draft.text if draft and not form.values else "",
        **ways_on(page, "incidents.incident", **here),
        markings=[level for level in Tlp if level > view.incident.tlp],
        key_entries=signs.KEY_ENTRIES,
    )


def frame_of(view: IncidentView, tab: str) -> dict[str, Any]:
    """What the head and the tabs of an incident's pages need."""
    counts = {
        "timeline": view.entries,
        "observables": view.confirmed + view.offered,
        "tasks": f"{view.tasks_ended} / {view.tasks}" if view.tasks else "",
        "sharing": view.indicators,
    }
    return {"view": view, "incident": view.incident, "tab": tab, "tabs": counts}
