"""Indicators: the list, one with all that is known of it, reporting a sighting."""

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from cirt.exchange.remarks.errors import MarkingLower, RedNotSaid
from cirt.exchange.sightings import (
    KEPT,
    CountWrong,
    DaysWrong,
    report_sighting,
    where_it_goes,
)
from cirt.inputs.exchange import ReportSightingInput
from cirt.kernel.clock import from_us, to_us
from cirt.kernel.errors import FieldsInvalid
from cirt.objects.catalogue import catalogue, life_of
from cirt.objects.models import ObjectObservable
from cirt.objects.observables.kinds import Observable
from cirt.parties.peers import peers
from cirt.register.labels import INDICATOR_TYPES
from cirt.sharing.narrow import visible_facts
from cirt.sharing.queries import staff_reader
from cirt.web import outward
from cirt.web.errors import status_of
from cirt.web.forms import Form, refused, sent
from cirt.web.frame import render
from cirt.web.listing import catalogue_filter
from cirt.web.pages.indicator_view import look_up
from cirt.web.paths import path_of
from cirt.web.session import open_work, visit

bp = Blueprint("indicators", __name__)

_SIGHTING_FIELDS = {CountWrong: "count", MarkingLower: "tlp", RedNotSaid: "tlp"}


@bp.get("/indicators")
def indicators() -> Response:
    args = request.args
    typed, source = args.get("words", "").strip()[:500], args.get("source", "")
    with open_work(write=False) as work:
        known = peers(work.session)
        wanted = catalogue_filter(work.session, args)
        shown = visible_facts(staff_reader(work.actor), None, work.now)
        page = catalogue(work.session, wanted, shown, to_us(work.now), args.get("page", ""))
    chosen = {
        "words": typed or None,
        "state": wanted.life,
        "source": source if wanted.source is not None else None,
        "tlp": wanted.tlp,
    }
    return render(
        "indicators/list.html",
        page=page,
        chosen=chosen,
        names={None: visit().team, **{peer.id: peer.name for peer in known}},
        peers=known,
        lives=outward.LIVES,
        sign=outward.sign,
        from_us=from_us,
        observed=_observed,
        export=path_of("exports.export", of="indicators", **chosen),
        address=lambda **changed: path_of("indicators.indicators", **{**chosen, **changed}),
    )


def _observed(row: ObjectObservable) -> Observable:
    return Observable(row.kind, row.value)


@bp.get("/indicators/<stix_id>")
def indicator(stix_id: str) -> Response:
    with open_work(write=False) as work:
        shown = look_up(work, stix_id)
        goes = where_it_goes(work.session, shown.listed.brought_by_id)
    return render(
        "indicators/indicator.html",
        it=shown,
        goes=outward.sentence(*goes),
        ways=outward.WAYS,
        done=request.args.get("done", ""),
        sign=outward.sign,
        lives=outward.LIVES,
        proposals=outward.PROPOSALS,
        standings=outward.PERMISSIONS,
        kinds=INDICATOR_TYPES,
        opinions=outward.OPINIONS,
        came_by=outward.CAME_BY,
        relation_words=outward.RELATIONS,
        sentence=outward.sentence,
        from_us=from_us,
        life_of=lambda listed: life_of(listed, to_us(visit().now)),
        how_sure=outward.how_sure,
    )


@bp.get("/indicators/<stix_id>/sightings/new")
def sighting(stix_id: str) -> Response:
    return _sighting_page(stix_id, Form())


@bp.post("/indicators/<stix_id>/sightings/new")
def save_sighting(stix_id: str) -> AnyResponse:
    try:
        with open_work() as work:
            cmd = ReportSightingInput().read(sent(), stix_id=stix_id)
            reported = report_sighting(work, cmd)
    except (FieldsInvalid, CountWrong, DaysWrong, MarkingLower, RedNotSaid) as error:
        at = _SIGHTING_FIELDS.get(type(error), "last")
        return _sighting_page(stix_id, refused(error, at=at), status_of(error))
    done = "kept" if reported.message == KEPT else "sighting"
    return redirect(path_of("indicators.indicator", stix_id=stix_id, done=done), 303)


def _sighting_page(stix_id: str, form: Form, status: int = 200) -> Response:
    with open_work(write=False) as work:
        work.require("sighting:write")
        shown = look_up(work, stix_id)
        goes = where_it_goes(work.session, shown.listed.brought_by_id)
    return render(
        "indicators/sighting.html",
        status,
        form=form,
        it=shown,
        goes=outward.sentence(*goes),
        today=f"{visit().now:%Y-%m-%d}",
    )
