"""Whom an incident concerns: names with their roles."""

from http import HTTPStatus

from flask import Response, redirect
from werkzeug.wrappers import Response as AnyResponse

from cirt.inputs.facts import AddPartyInput, EditPartyInput
from cirt.kernel.errors import FieldsInvalid
from cirt.register import queries, service
from cirt.register.constituents.commands import RemoveParty, RestoreParty
from cirt.register.constituents.errors import PartyChanged, PartyThere
from cirt.register.constituents.labels import PARTY_ROLES
from cirt.register.constituents.service import get_party
from cirt.register.facts.places import SECTORS
from cirt.register.sight import get_incident
from cirt.web import i18n
from cirt.web.errors import status_of
from cirt.web.forms import Form, refused, sent
from cirt.web.frame import render
from cirt.web.pages.incidents.bp import bp
from cirt.web.pages.incidents.show import frame_of
from cirt.web.paths import path_of
from cirt.web.session import open_work

_PARTY = "/incidents/<reference>/constituents/<int(max=9223372036854775807):party_id>"


@bp.get("/incidents/<reference>/constituents")
def constituents(reference: str) -> Response:
    return _page(reference, Form())


@bp.post("/incidents/<reference>/constituents")
def add_party(reference: str) -> AnyResponse:
    try:
        with open_work() as work:
            service.add_party(work, AddPartyInput().read(sent(), incident=reference))
    except (FieldsInvalid, PartyThere) as error:
        return _page(reference, refused(error, at="name"), status_of(error))
    return _back(reference)


@bp.get(_PARTY)
def party(reference: str, party_id: int) -> Response:
    return _edit_page(reference, party_id, Form())


@bp.post(_PARTY)
def save_party(reference: str, party_id: int) -> AnyResponse:
    try:
        with open_work() as work:
            cmd = EditPartyInput().read(sent(), incident=reference, party_id=party_id)
            service.edit_party(work, cmd)
    except (FieldsInvalid, PartyThere, PartyChanged) as error:
        return _edit_page(reference, party_id, refused(error, at="name"), status_of(error))
    return _back(reference)


@bp.post(f"{_PARTY}/remove")
def remove_party(reference: str, party_id: int) -> AnyResponse:
    with open_work() as work:
        service.remove_party(work, RemoveParty(reference, party_id))
    return _back(reference)


@bp.post(f"{_PARTY}/restore")
def restore_party(reference: str, party_id: int) -> AnyResponse:
    with open_work() as work:
        service.restore_party(work, RestoreParty(reference, party_id))
    return _back(reference)


def _back(reference: str) -> AnyResponse:
    return redirect(path_of("incidents.constituents", reference=reference), 303)


def _page(reference: str, form: Form, status: int = HTTPStatus.OK) -> Response:
    with open_work(write=False) as work:
        view = queries.incident_view(work, reference)
        there = service.parties_of(work, view.incident.id)
        removed = service.parties_of(work, view.incident.id, removed=True)
    return render(
        "incidents/constituents.html",
        status,
        form=form,
        **frame_of(view, "constituents"),
        parties=there,
        removed=removed,
        **_lists(),
    )


def _edit_page(reference: str, party_id: int, form: Form, status: int = HTTPStatus.OK) -> Response:
    with open_work(write=False) as work:
        work.require("incident:write")
        incident = get_incident(work, reference)
        row = get_party(work, incident, party_id)
    return render(
        "incidents/constituent.html",
        status,
        form=form,
        incident=incident,
        party=row,
        **_lists(),
    )


def _lists() -> dict[str, list[tuple[str, str]]]:
    sectors = [(code, i18n.translate(words)) for code, words in SECTORS.items()]
    return {
        "roles": [(each.value, i18n.translate(words)) for each, words in PARTY_ROLES.items()],
        "sectors": sorted(sectors, key=lambda each: each[1].casefold()),
    }
