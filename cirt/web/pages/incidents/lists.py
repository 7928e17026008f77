"""The list of incidents."""

from flask import Response, request

from cirt.register import queries, rsit
from cirt.register.labels import INCIDENT_STATES, SEVERITIES
from cirt.register.models import IncidentState, Severity
from cirt.register.queries import IncidentFilter, Who
from cirt.web.forms import member
from cirt.web.frame import render
from cirt.web.pages.incidents.bp import bp
from cirt.web.paths import ways_on
from cirt.web.session import open_work

_FIELDS = ("state", "class", "severity", "who", "border", "sort", "q")
_LONGEST = 200  # characters of what is looked for
_CROSSES = {"yes": True, "no": False}


@bp.get("/incidents")
def incidents() -> Response:
    given = {name: request.args.get(name, "")[:_LONGEST] for name in _FIELDS}
    with open_work(write=False) as work:
        page = queries.incidents(work, _filter(given), cursor=request.args.get("page"))
    filters = {name: value for name, value in given.items() if value}
    return render(
        "incidents/list.html",
        page=page,
        given=given,
        filters=filters,
        **ways_on(page, "incidents.incidents", **filters),
        states=INCIDENT_STATES,
        severities=SEVERITIES,
        classes=rsit.CLASSES,
    )


def _filter(given: dict[str, str]) -> IncidentFilter:
    """What cannot be read is no filter: an old bookmark still shows a list."""
    state = member(IncidentState, given["state"])
    return IncidentFilter(
        states=(state,) if state else (),
        rsit_class=given["class"] if given["class"] in rsit.CLASSES else "",
        severity=member(Severity, given["severity"]),
        who=member(Who, given["who"]) or Who.ANYBODY,
        words=given["q"],
        is_cross_border=_CROSSES.get(given["border"]),
        by_priority=given["sort"] == "priority",
    )
