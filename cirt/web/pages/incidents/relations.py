"""What stands around an incident: a drawing, and the same as a list."""

from http import HTTPStatus

from flask import Response, redirect
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from cirt.inputs.facts import LinkIncidentsInput, UnlinkIncidentsInput
from cirt.kernel.errors import FieldsInvalid
from cirt.kernel.text import mark
from cirt.register import queries, service
from cirt.register.constituents.models import IncidentParty
from cirt.register.models import Incident
from cirt.register.relations.commands import Wish
from cirt.register.relations.errors import (
    LinkedAlready,
    LinkInCircle,
    LinkRefused,
    LinkToItself,
    OtherUnknown,
)
from cirt.register.relations.labels import LINK_WORDS
from cirt.register.relations.neighbours import (
    MadeIndicator,
    Neighbours,
    Sharing,
    important,
    neighbours,
)
from cirt.register.relations.neighbours import Node as Near
from cirt.register.relations.queries import Link
from cirt.web import graph, i18n, words
from cirt.web.errors import status_of
from cirt.web.forms import Form, refused, sent
from cirt.web.frame import render
from cirt.web.pages.incidents.bp import bp
from cirt.web.pages.incidents.show import frame_of
from cirt.web.paths import path_of
from cirt.web.prose import defanged
from cirt.web.session import open_work

_REFUSALS = (FieldsInvalid, OtherUnknown, LinkToItself, LinkedAlready, LinkInCircle, LinkRefused)


@bp.get("/incidents/<reference>/relations")
def relations(reference: str) -> Response:
    return _page(reference, Form())


@bp.post("/incidents/<reference>/relations")
def link(reference: str) -> AnyResponse:
    try:
        with open_work() as work:
            cmd = LinkIncidentsInput().read(sent(), reference=reference)
            service.link_incidents(work, cmd)
    except _REFUSALS as error:
        return _page(reference, refused(error, at="other"), status_of(error))
    return redirect(path_of("incidents.relations", reference=reference), 303)


@bp.post("/incidents/<reference>/relations/remove")
def unlink(reference: str) -> AnyResponse:
    try:
        with open_work() as work:
            cmd = UnlinkIncidentsInput().read(sent(), reference=reference)
            service.unlink_incidents(work, cmd)
    except _REFUSALS as error:
        return _page(reference, refused(error, at="other"), status_of(error))
    return redirect(path_of("incidents.relations", reference=reference), 303)


def _page(reference: str, form: Form, status: int = HTTPStatus.OK) -> Response:
    with open_work(write=False) as work:
        view = queries.incident_view(work, reference)
        around = neighbours(work, view.incident)
    return render(
        "incidents/relations.html",
        status,
        form=form,
        **frame_of(view, "relations"),
        around=around,
        drawing=_drawing(view.incident, around),
        wishes=[(each.value, i18n.translate(LINK_WORDS[each])) for each in Wish],
    )


def _drawing(incident: Incident, around: Neighbours) -> Markup | None:
    shown = important(around, graph.MOST)
    if not shown:
        return None
    title = defanged(incident.title)
    return graph.draw(
        graph.Node(incident.reference, title, "", "", is_start=True),
        [_node(incident.reference, near) for near in shown],
        title=str(i18n.say(mark("Around {incident}"), incident=incident.reference)),
        words=i18n.translate(mark("The same stands in the list below.")),
        rtl=i18n.direction() == "rtl",
    )


def _node(here: str, near: Near) -> graph.Node:
    """Own records at the start side, what comes from elsewhere at the other."""
    each = near[1]
    if isinstance(each, Link):
        edge = words.link_words(each.kind, each.is_from)
        return _incident_node(each.reference, each.title, edge)
    if isinstance(each, Sharing):
        edge = str(i18n.say(mark("{count} in common"), count=each.count))
        return _incident_node(each.reference, each.title, edge)
    if isinstance(each, MadeIndicator):
        path = path_of("indicators.indicator", stix_id=each.stix_id)
        kind = i18n.translate(mark("Indicator"))
        return graph.Node(kind, each.observable.defanged, "", path, is_start=False)
    if isinstance(each, IncidentParty):
        path = path_of("incidents.constituents", reference=here)
        role = words.role_words(each.role)
        return graph.Node(role, defanged(each.name), "", path, is_start=False)
    path = path_of("triage.intake", reference=each.reference)
    return graph.Node(each.reference, defanged(each.title), "", path, is_start=True)


def _incident_node(reference: str, title: str, edge: str) -> graph.Node:
    path = path_of("incidents.incident", reference=reference)
    return graph.Node(reference, defanged(title), edge, path, is_start=True)
