"""What of an incident is shared: its indicators, and asking for their release."""

from http import HTTPStatus

from flask import Response, redirect
from werkzeug.wrappers import Response as AnyResponse

from cirt.inputs.release import AskReleaseInput
from cirt.kernel.errors import FieldsInvalid
from cirt.register import queries
from cirt.register.facts.carrying import counted_of, lets_more
from cirt.release.asking import ask_release
from cirt.release.collections import collections
from cirt.release.errors import NothingWouldLeave, ReleaseIncomplete, TooFewToApprove
from cirt.release.models import CollectionKind
from cirt.release.reach import reaches, spread, spread_of_all
from cirt.web.errors import status_of
from cirt.web.forms import Form, refused, sent
from cirt.web.frame import render
from cirt.web.pages.incidents.bp import bp
from cirt.web.pages.incidents.show import frame_of
from cirt.web.paths import path_of
from cirt.web.session import open_work


@bp.get("/incidents/<reference>/sharing")
def sharing(reference: str) -> Response:
    return _page(reference, Form())


@bp.post("/incidents/<reference>/release")
def ask(reference: str) -> AnyResponse:
    try:
        with open_work() as work:
            given = sent("stix_ids", "collections", "persons", without=["incident"])
            cmd = AskReleaseInput().read(given, incident=reference)
            proposal = ask_release(work, cmd)
    except (FieldsInvalid, ReleaseIncomplete, NothingWouldLeave, TooFewToApprove) as error:
        too_few = isinstance(error, TooFewToApprove)
        return _page(reference, refused(error, at="collections"), status_of(error), too_few=too_few)
    return redirect(path_of("release.release", reference=proposal.reference), 303)


def _page(
    reference: str, form: Form, status: int = HTTPStatus.OK, *, too_few: bool = False
) -> Response:
    with open_work(write=False) as work:
        view = queries.incident_view(work, reference)
        made = queries.indicators_of(work, reference)
        lines = reaches(work, [row.object_id for row in made])
        readable = [c for c in collections(work.session) if c.kind is not CollectionKind.INBOX]
    laxer = {
        row.object_id
        for row in made
        if not row.revoked and lets_more(view.incident, row.pap, row.tlp)
    }
    return render(
        "incidents/sharing.html",
        status,
        form=form,
        **frame_of(view, "sharing"),
        made=made,
        spreads={row.stix_id: spread(lines.get(row.object_id, [])) for row in made},
        spread=spread_of_all(lines),
        laxer=laxer,
        with_laxer=spread_of_all({each: lines.get(each, []) for each in laxer}),
        pap=counted_of(view.incident).pap,
        collections=readable,
        too_few=too_few,
    )
