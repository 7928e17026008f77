"""Before an agreement is suspended or ended: what vanishes for the peer and for others."""

from http import HTTPStatus
from typing import Any

from flask import Response, request

from cirt.parties.models import Peer
from cirt.release.previewing.elsewhere import preview_elsewhere
from cirt.release.previewing.visibility import preview_terms
from cirt.sharing.agreements.changes import WRITE
from cirt.sharing.agreements.service import CLOSED, may_move
from cirt.sharing.agreements.terms import terms_as_of, terms_data
from cirt.sharing.queries import find_agreement
from cirt.web import agreed
from cirt.web.forms import Form
from cirt.web.frame import render
from cirt.web.session import open_work


def page(reference: str, act: str, form: Form, status: int = HTTPStatus.OK) -> Response:
    """``act`` is one of ``CLOSED``; with what was wrong in the form."""
    with open_work(write=False) as work:
        work.require(WRITE)
        row = find_agreement(work.session, reference)
        wanted = terms_as_of(row, {**terms_data(row), "state": CLOSED[act].value})
        values: dict[str, Any] = {
            "can": may_move(row, act),
            "peer": work.session.get_one(Peer, row.peer_id),
            "preview": preview_terms(work, row.peer_id, wanted),
            "elsewhere": preview_elsewhere(work, row.peer_id, wanted),
        }
    return render(
        "agreements/stop.html",
        status,
        form=form,
        it=row,
        act=act,
        starts=None,
        **values,
        **agreed.words(),
    )


def asked_for() -> str:
    """What the address asks for; suspending, which can be undone, where it says nothing that is known."""
    act = request.args.get("act", "")
    return act if act in CLOSED else "suspend"
