"""The directory of agencies to which reports are forwarded; leads keep it."""

from http import HTTPStatus

from flask import Response, redirect
from werkzeug.wrappers import Response as AnyResponse

from cirt.inputs.triage import SaveAgencyInput
from cirt.kernel.errors import FieldsInvalid
from cirt.register.forwarding.commands import RetireAgency
from cirt.register.forwarding.errors import AgencyChanged, AgencyExists
from cirt.register.forwarding.service import (
    get_agency,
    present_agencies,
    retire_agency,
    save_agency,
)
from cirt.web import i18n
from cirt.web.errors import status_of
from cirt.web.forms import Form, refused, sent
from cirt.web.frame import render
from cirt.web.pages.triage import bp
from cirt.web.paths import path_of
from cirt.web.session import open_work


@bp.get("/triage/agencies")
def agencies() -> Response:
    with open_work(write=False) as work:
        rows = present_agencies(work)
    return render("triage/agencies.html", agencies=rows)


@bp.get("/triage/agencies/new")
def new_agency() -> Response:
    return _page(None, Form())


@bp.post("/triage/agencies/new")
def add_agency() -> AnyResponse:
    return _save(None)


@bp.get("/triage/agencies/<int(max=2147483647):agency_id>")
def agency(agency_id: int) -> Response:
    return _page(agency_id, Form())


@bp.post("/triage/agencies/<int(max=2147483647):agency_id>")
def change_agency(agency_id: int) -> AnyResponse:
    return _save(agency_id)


@bp.post("/triage/agencies/<int(max=2147483647):agency_id>/retire")
def drop_agency(agency_id: int) -> AnyResponse:
    with open_work() as work:
        retire_agency(work, RetireAgency(agency_id))
    return redirect(path_of("triage.agencies"), 303)


def _save(agency_id: int | None) -> AnyResponse:
    try:
        with open_work() as work:
            save_agency(work, SaveAgencyInput().read(sent(), agency_id=agency_id))
    except AgencyChanged as error:
        form = Form(refused(error).values)
        return _page(agency_id, form, status_of(error), i18n.say_error(error))
    except (FieldsInvalid, AgencyExists) as error:
        return _page(agency_id, refused(error, at="name"), status_of(error))
    return redirect(path_of("triage.agencies"), 303)


def _page(
    agency_id: int | None, form: Form, status: int = HTTPStatus.OK, conflict: str = ""
) -> Response:
    with open_work(write=False) as work:
        work.require("agency:write")
        row = get_agency(work, agency_id) if agency_id is not None else None
    return render("triage/agency.html", status, form=form, agency=row, conflict=conflict)
