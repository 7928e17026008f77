"""An incident and a release as they are printed: the strictest marking of what is on them above and below, and an
audit line, for paper walks off.
"""

from flask import Response

from cirt.kernel.tlp import Tlp
from cirt.parties.rights import names_behind
from cirt.register import queries
from cirt.register.marking import strictest_of
from cirt.register.models import ObservableState
from cirt.register.queries import TimelineFilter
from cirt.register.sight import get_incident
from cirt.register.tasks.queries import tasks_of
from cirt.release.lines import KIND_LABELS
from cirt.release.queries import proposal_view
from cirt.web import outward
from cirt.web.changes import changes, owners_in
from cirt.web.frame import render
from cirt.web.pages.incidents.bp import bp as incidents
from cirt.web.pages.releases import bp as releases
from cirt.web.session import open_work

_MOST = 500  # entries, and as many objects; what is left out is counted
_PAGE = {Tlp.AMBER_STRICT: "strict"}


@incidents.get("/incidents/<reference>/print", endpoint="paper")
def incident_on_paper(reference: str) -> Response:
    with open_work() as work:
        view = queries.incident_view(work, reference)
        wanted = TimelineFilter(oldest_first=True)
        page = queries.entries_of(work, view.family, wanted, limit=_MOST)
        found = queries.observables(work, reference, state=ObservableState.CONFIRMED)
        tasks = tasks_of(work, reference)
        owners = names_behind(work.session, owners_in(page.rows))
        notes = [entry.note.tlp for entry in page.rows if entry.note]
        level = max([strictest_of(work, view.family), *notes])
        work.audit("incident.print", reference, tlp=level)
    return render(
        "print/incident.html",
        view=view,
        incident=view.incident,
        page=page,
        observables=found,
        tasks=tasks,
        changes=lambda entry: changes(entry, owners),
        level=level,
        paper=_paper(level),
    )


@releases.get("/release/<reference>/print", endpoint="paper")
def release_on_paper(reference: str) -> Response:
    with open_work() as work:
        view = proposal_view(work, reference)
        objects = [each for each in view.objects if each.tlp is not Tlp.RED]
        levels = [each.tlp for each in objects]
        if view.incident:
            levels.append(get_incident(work, view.incident).tlp)
        level = max(levels, default=Tlp.AMBER)
        work.audit("release.print", reference, tlp=level)
    return render(
        "print/release.html",
        it=view,
        objects=objects[:_MOST],
        left_out=max(0, len(objects) - _MOST),
        states=outward.PROPOSALS,
        sign=outward.sign,
        because=outward.because,
        kinds=KIND_LABELS,
        level=level,
        paper=_paper(level),
    )


def _paper(level: Tlp) -> str:
    """The kind of page whose margins bear this label, in the style sheet."""
    return f"pg-{_PAGE.get(level, level.value)}"
