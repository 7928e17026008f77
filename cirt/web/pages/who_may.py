"""Why can't they see this? For one object the gate's answer for each peer, and whether it concerns persons."""

from http import HTTPStatus

import sqlalchemy as sa
from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from cirt.inputs.release import SayPersonalInput
from cirt.kernel.errors import FieldsInvalid, NotFound
from cirt.objects.index import find_listed
from cirt.objects.models import ObjectFacts, ObjectVersion
from cirt.parties.four_eyes.errors import ReasonNeeded
from cirt.release.personal import say_personal
from cirt.sharing.explain import explain_to_peers
from cirt.sharing.gate import show
from cirt.sharing.narrow import visible_facts
from cirt.sharing.permissions.queries import permissions_for
from cirt.sharing.queries import staff_reader
from cirt.sharing.standing import FACTS, facts_of
from cirt.sharing.uses import pap_of
from cirt.web import outward
from cirt.web.errors import status_of
from cirt.web.forms import Form, refused, sent
from cirt.web.frame import render
from cirt.web.pages.indicators import bp
from cirt.web.paths import path_of
from cirt.web.session import open_work


@bp.get("/indicators/<stix_id>/who-may")
def who_may(stix_id: str) -> Response:
    return _page(stix_id, Form())


@bp.post("/indicators/<stix_id>/personal")
def personal(stix_id: str) -> AnyResponse:
    try:
        with open_work() as work:
            say_personal(work, SayPersonalInput().read(sent(), stix_id=stix_id))
    except (FieldsInvalid, ReasonNeeded) as error:
        return _page(stix_id, refused(error, at="reason"), status_of(error))
    return redirect(path_of("indicators.who_may", stix_id=stix_id, done="personal"), 303)


def _page(stix_id: str, form: Form, status: int = HTTPStatus.OK) -> Response:
    with open_work(write=False) as work:
        shown = visible_facts(staff_reader(work.actor), None, work.now)
        listed = find_listed(work.session, stix_id, shown)
        if listed is None:
            raise NotFound
        show(work, listed.version_id)  # what has no page of its own has none here
        query = sa.select(*FACTS).join(ObjectVersion, ObjectVersion.facts_id == ObjectFacts.id)
        row = work.session.execute(query.where(ObjectVersion.id == listed.version_id)).one()
        facts = facts_of(row)
        lines = explain_to_peers(work, listed.version_id)
        permits = permissions_for(work.session, listed.object_id, facts.origin_id)
    return render(
        "indicators/who_may.html",
        status,
        form=form,
        it=listed,
        facts=facts,
        pap=pap_of(facts),
        lines=lines,
        permits=permits,
        verdicts=outward.VERDICTS,
        because=outward.because,
        standings=outward.PERMISSIONS,
        sign=outward.sign,
        done=request.args.get("done", ""),
    )
