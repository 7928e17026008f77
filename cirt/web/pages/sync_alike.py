"""Quarantine: all of one peer that wait for the same reason, counted and then decided at once."""

from http import HTTPStatus

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from cirt.exchange.cases.commands import Alike
from cirt.exchange.cases.errors import NothingLikeIt, NotTakeable
from cirt.exchange.cases.together import decide_alike as decide
from cirt.exchange.cases.together import group_of
from cirt.exchange.cases.together import undo_alike as undo
from cirt.inputs.exchange import DecideAlikeInput
from cirt.kernel.clock import to_us
from cirt.kernel.errors import FieldsInvalid, NotFound
from cirt.parties.four_eyes.errors import ReasonNeeded
from cirt.web.errors import status_of
from cirt.web.forms import Form, refused, sent, wants
from cirt.web.frame import render
from cirt.web.pages.sync import bp, line_words
from cirt.web.paths import path_of
from cirt.web.session import open_work


@bp.get("/sync/quarantine/alike")
def alike() -> Response:
    return _page(request.args.get("peer", ""), request.args.get("code", ""), Form())


@bp.post("/sync/quarantine/alike")
def decide_alike() -> AnyResponse:
    try:
        with open_work() as work:
            decision = decide(work, DecideAlikeInput().read(sent()))
    except (FieldsInvalid, ReasonNeeded, NotTakeable) as error:
        form = refused(error, at="reason" if isinstance(error, ReasonNeeded) else "do")
        return _page(wants("peer"), wants("code"), form, status_of(error))
    return _outcome(decision.id)


@bp.post("/sync/quarantine/alike/<int(max=9223372036854775807):decision_id>/undo")
def undo_alike(decision_id: int) -> AnyResponse:
    """Take up again what was dropped by one decision."""
    with open_work() as work:
        undo(work, decision_id)
    return _outcome(decision_id)


def _outcome(decision_id: int) -> AnyResponse:
    return redirect(path_of("sync.quarantine", decision=decision_id), HTTPStatus.SEE_OTHER)


def _page(peer: str, code: str, form: Form, status: int = HTTPStatus.OK) -> Response:
    with open_work(write=False) as work:
        work.require("sync:run")
        try:
            group = group_of(work.session, Alike(peer.replace("\0", ""), code.replace("\0", "")))
        except NothingLikeIt:
            raise NotFound from None
        shown_us = to_us(work.now)
    return render(
        "sync/alike.html",
        status,
        form=form,
        group=group,
        shown_us=shown_us,
        **line_words(),
    )
