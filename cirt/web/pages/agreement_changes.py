"""One change of an agreement with what it would open and close, and the decision on it."""

from functools import partial
from http import HTTPStatus
from typing import Any

from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from cirt.kernel.errors import (
    CirtError,
)
from cirt.parties.four_eyes.errors import OwnChange
from cirt.parties.four_eyes.models import RequestState
from cirt.parties.four_eyes.service import barred, find_request
from cirt.parties.models import Peer
from cirt.parties.rights import names_behind, names_who
from cirt.release import agreeing
from cirt.release.previewing.elsewhere import preview_elsewhere
from cirt.release.previewing.surroundings import surroundings
from cirt.release.previewing.visibility import preview_terms
from cirt.sharing.agreements.changes import (
    WRITE,
)
from cirt.sharing.agreements.models import AgreementChange
from cirt.sharing.agreements.record import Record
from cirt.sharing.agreements.terms import differences, terms_as_of, terms_data
from cirt.sharing.models import Agreement
from cirt.web import agreed, i18n
from cirt.web.deciding import decide_request
from cirt.web.forms import Form
from cirt.web.frame import render
from cirt.web.pages.agreements import bp, signed_copy
from cirt.web.paths import path_of
from cirt.web.session import open_work


@bp.get("/agreements/changes/<int(max=2147483647):change_id>")
def change(change_id: int) -> Response:
    return _page(change_id, Form())


@bp.post("/agreements/changes/<int(max=2147483647):change_id>/decision")
def decide(change_id: int) -> AnyResponse:
    return decide_request(
        change_id,
        lambda work, cmd: agreeing.decide(work, cmd).decided.conflict,
        partial(_page, change_id),
        lambda ruling: path_of("agreements.change", change_id=change_id, done=ruling),
    )


def _page(
    change_id: int, form: Form, status: int = HTTPStatus.OK, conflict: CirtError | None = None
) -> Response:
    with open_work(write=False) as work:
        found = find_request(work.session, AgreementChange, change_id)
        row = work.session.get_one(Agreement, found.agreement_id)
        is_open = found.state is RequestState.ASKED
        wanted = terms_as_of(row, found.wanted)
        bar = barred(work, found, WRITE)
        values: dict[str, Any] = {
            "peer": work.session.get_one(Peer, row.peer_id),
            "preview": preview_terms(work, row.peer_id, wanted) if is_open else None,
            "elsewhere": preview_elsewhere(work, row.peer_id, wanted) if is_open else None,
            "seen": surroundings(work) if is_open else "",
            "starts": wanted.valid_from if wanted.valid_from > work.now else None,
            "barred": bar,
            "is_mine": bar == OwnChange.code,
            "names": names_behind(work.session, [found.asked_by_id, found.decided_by_id]),
            "deciders": names_who(work.session, WRITE, {work.actor.person_id}),
            "record": Record.from_data(row.record),
            "copy": signed_copy(work, row),
        }
    copy_id = found.wanted.get("record", {}).get("copy_id")
    return render(
        "agreements/change.html",
        status,
        form=form,
        it=found,
        row=row,
        changes=differences(terms_data(row), found.wanted) if is_open else [],
        copy_id=copy_id if copy_id != row.record.get("copy_id") else None,
        conflict=i18n.say_error(conflict) if conflict else "",
        done=request.args.get("done", ""),
        **values,
        **agreed.words(),
    )
