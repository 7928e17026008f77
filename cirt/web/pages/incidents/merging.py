"""Merging an incident into another, and undoing that."""

from http import HTTPStatus

from flask import Response, redirect
from werkzeug.wrappers import Response as AnyResponse

from cirt.inputs.triage import MergeInput, UnmergeInput
from cirt.kernel.errors import FieldsInvalid, Invalid
from cirt.kernel.text import mark
from cirt.register.errors import IncidentChanged, NoSuchIncident
from cirt.register.merging.errors import (
    LeadingClosed,
    LeadingMerged,
    MergeInCircle,
    MergeRefused,
    MergeWithItself,
    RedApart,
)
from cirt.register.merging.service import merge_incident, unmerge_incident
from cirt.register.sight import get_incident
from cirt.web import confirming, i18n
from cirt.web.errors import status_of
from cirt.web.forms import Form, refused, sent, wants
from cirt.web.frame import render
from cirt.web.pages.incidents.bp import bp
from cirt.web.paths import path_of
from cirt.web.session import open_work


class NoSuchLeadingIncident(Invalid):
    """Absent or hidden, the same words."""

    code = "no-such-leading-incident"
    message = mark("There is no incident with this reference that you may see. Check it.")


@bp.get("/incidents/<reference>/merge")
def merge(reference: str) -> Response:
    return _page(reference, Form())


@bp.post("/incidents/<reference>/merge")
def merge_into(reference: str) -> AnyResponse:
    if (form := confirming.went_back()) is not None:
        return _page(reference, form)
    try:
        with open_work() as work:
            get_incident(work, reference)
            cmd = MergeInput().read(sent(without=confirming.ASKED), reference=reference)
            try:
                leading = merge_incident(work, cmd)
            except NoSuchIncident as error:
                raise NoSuchLeadingIncident from error
            confirming.check_sure(leading.reference)
    except confirming.NotSure:
        return _ask(reference)
    except IncidentChanged as error:
        form = Form(refused(error).values)
        return _page(reference, form, status_of(error), i18n.say_error(error))
    except (
        FieldsInvalid,
        NoSuchLeadingIncident,
        MergeWithItself,
        LeadingMerged,
        LeadingClosed,
        MergeInCircle,
        MergeRefused,
        RedApart,
    ) as error:
        form = refused(error, at="leading")
        return _page(reference, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    return redirect(path_of("incidents.incident", reference=leading.reference), 303)


def _ask(reference: str) -> Response:
    with open_work(write=False) as work:
        merged, leading = (
            get_incident(work, reference),
            get_incident(work, wants("leading").upper()),
        )
    question = confirming.of_incident_merge(merged, leading)
    return confirming.ask(question, path_of("incidents.merge_into", reference=reference))


@bp.post("/incidents/<reference>/unmerge")
def unmerge(reference: str) -> AnyResponse:
    with open_work() as work:
        unmerge_incident(work, UnmergeInput().read(sent(), reference=reference))
    return redirect(path_of("incidents.incident", reference=reference), 303)


def _page(reference: str, form: Form, status: int = HTTPStatus.OK, conflict: str = "") -> Response:
    with open_work(write=False) as work:
        work.require("incident:merge")
        incident = get_incident(work, reference)
    return render("incidents/merge.html", status, form=form, incident=incident, conflict=conflict)
