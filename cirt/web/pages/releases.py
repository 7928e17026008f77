"""Releases: the list, one with who would get what and why, and the decision on it."""

import uuid
from collections import Counter
from dataclasses import dataclass
from http import HTTPStatus

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from cirt.inputs.release import (
    AskAgainInput,
    DecideReleaseInput,
    WithdrawReleaseInput,
)
from cirt.kernel.errors import CirtError, Conflict, FieldsInvalid, NotFound, TooMany
from cirt.kernel.work import Work
from cirt.objects.envelope import bundle as stix_bundle
from cirt.parties.errors import PasswordWrong
from cirt.release.asking import ask_again
from cirt.release.deciding import decide_release, withdraw_release
from cirt.release.errors import (
    NotAsker,
    NothingWouldLeave,
    ReleaseChanged,
    ReleaseDecided,
    ReleaseIncomplete,
)
from cirt.release.eyes import WHY_VOID
from cirt.release.handing.models import HandoverState
from cirt.release.lines import (
    KIND_LABELS,
)
from cirt.release.lists import ReleaseFilter, release_counts, release_page
from cirt.release.models import ProposalState
from cirt.release.previewing.elsewhere import PeerShift, preview_sector
from cirt.release.queries import ProposalView, proposal_view
from cirt.release.recalling.queries import standing_of
from cirt.release.rows import Change
from cirt.sharing.gate import release as released_bytes
from cirt.sharing.queries import staff_reader
from cirt.web import i18n, outward
from cirt.web.again import check_password_again
from cirt.web.errors import status_of
from cirt.web.forms import Form, refused, sent
from cirt.web.frame import render
from cirt.web.paths import path_of, ways_on
from cirt.web.saving import to_save
from cirt.web.session import open_work, visit

bp = Blueprint("release", __name__)

_NAMESPACE = uuid.UUID("6f2a4c1e-3b0d-4f6e-9a57-2f3c1f0f7d11")  # of bundles that staff save


@dataclass(frozen=True, slots=True)
class _Changed:
    """How many objects a peer would get more, fewer or for another reason than was shown."""

    peer: str
    gains: int
    loses: int
    differs: int


@bp.get("/release")
def releases() -> Response:
    views = {each.value: each for each in ReleaseFilter}
    view = views.get(request.args.get("view", ReleaseFilter.WAITING.value))
    if view is None:
        raise NotFound
    with open_work(write=False) as work:
        page = release_page(work, view, request.args.get("page"))
        counts = release_counts(work)
    return render(
        "release/list.html",
        view=view,
        page=page,
        counts=counts,
        **ways_on(page, "release.releases", view=view),
        sign=outward.sign,
        states=outward.PROPOSALS,
    )


@bp.get("/release/<reference>")
def release(reference: str) -> Response:
    return _page(reference, Form())


@bp.post("/release/<reference>/decision")
def decide(reference: str) -> AnyResponse:
    """Approve, send back or refuse what the page showed, which the digest names."""
    try:
        cmd = DecideReleaseInput().read(sent(), reference=reference)
        check_password_again()
        with open_work() as work:
            outcome = decide_release(work, cmd)
    except (PasswordWrong, TooMany) as error:
        return _page(reference, refused(error, at="password"), status_of(error))
    except FieldsInvalid as error:
        return _page(reference, refused(error), status_of(error))
    except Conflict as error:
        return _page(reference, Form(), status_of(error), error)
    if outcome.conflict is not None:
        return _page(reference, Form(), status_of(outcome.conflict), outcome.conflict)
    done = path_of("release.release", reference=reference, done=cmd.ruling.value)
    return redirect(done, 303)


@bp.post("/release/<reference>/withdraw")
def withdraw(reference: str) -> AnyResponse:
    try:
        with open_work() as work:
            withdraw_release(work, WithdrawReleaseInput().read(sent(), reference=reference))
    except FieldsInvalid as error:
        return _page(reference, refused(error), status_of(error))
    except (ReleaseDecided, NotAsker) as error:
        return _page(reference, Form(), status_of(error), error)
    return redirect(path_of("release.release", reference=reference, done="withdrawn"), 303)


@bp.post("/release/<reference>/again")
def again(reference: str) -> AnyResponse:
    """What was sent back, asked anew with the newest versions."""
    try:
        with open_work() as work:
            ask_again(work, AskAgainInput().read(sent(), reference=reference))
    except (FieldsInvalid, ReleaseIncomplete, NothingWouldLeave, ReleaseDecided) as error:
        return _page(reference, refused(error, at="reason"), status_of(error))
    return redirect(path_of("release.release", reference=reference, done="asked"), 303)


def _restated(work: Work, view: ProposalView) -> list[PeerShift]:
    """What the sector that it states opens and closes where its objects stand already, while it waits."""
    if not view.sector or view.state is not ProposalState.ASKED:
        return []
    asked = {
        each.version_id: each.stix_id for each in view.objects if each.version_id in view.going
    }
    return preview_sector(work, view.sector, asked, {each.id for each in view.collections})


def _page(
    reference: str,
    form: Form,
    status: int = HTTPStatus.OK,
    conflict: CirtError | None = None,
) -> Response:
    with open_work(write=False) as work:
        view = proposal_view(work, reference)
        standing = standing_of(work, reference)
        restated = _restated(work, view)
    actor = visit().actor
    is_sent_back = view.state is ProposalState.SENT_BACK
    is_open = is_sent_back or view.state is ProposalState.ASKED
    return render(
        "release/release.html",
        status,
        form=form,
        it=view,
        standing=standing,
        restated=restated,
        is_mine=view.asker_person_id == actor.person_id,
        may_ask_again=is_sent_back and view.may_read and actor.may("release:ask"),
        may_withdraw=is_open and view.is_asker,
        conflict=i18n.say_error(conflict) if conflict else "",
        changed=_changed(conflict, view),
        done=request.args.get("done", ""),
        sign=outward.sign,
        states=outward.PROPOSALS,
        because=outward.because,
        kinds=KIND_LABELS,
        why_void=WHY_VOID,
        handed=outward.HANDOVERS,
        may_pass_on=outward.MAY_PASS_ON,
        has_failed=any(each.state is HandoverState.STAYED for each in view.handovers),
    )


def _changed(conflict: CirtError | None, view: ProposalView) -> list[_Changed]:
    if not isinstance(conflict, ReleaseChanged):
        return []
    names = {("peer", line.peer_id): line.name for line in view.peers}
    names |= {("person", line.person_id): line.name for line in view.persons}
    counts = Counter(
        (("person", each.person_id) if each.person_id else ("peer", each.peer_id), each.what)
        for each in conflict.changes
        if isinstance(each, Change)
    )
    return [
        _Changed(
            names.get(who, i18n.translate("A former member")),
            *(counts[who, what] for what in ("gains", "loses", "differs")),
        )
        for who in sorted({who for who, _ in counts})
    ]


@bp.get("/release/<reference>/bundle.json")
def bundle(reference: str) -> Response:
    """The exact bytes of what would leave or left, as far as the actor may read them; audited as an export."""
    with open_work() as work:
        view = proposal_view(work, reference)
        version_ids = [each.version_id for each in view.objects if each.version_id in view.going]
        found = released_bytes(work, staff_reader(work.actor), None, version_ids)
        if not found:
            raise NotFound
        saved = {each.version_id for each in found}
        strictest = max(each.tlp for each in view.objects if each.version_id in saved)
        work.audit("release.save", reference, objects=len(found), digest=view.digest)
    body = stix_bundle(uuid.uuid5(_NAMESPACE, view.digest), (each.body for each in found))
    label = f"tlp-{strictest.value.replace('+', '-')}-{visit().now:%Y%m%d-%H%M%S}.stix.json"
    return to_save(body, label, "application/json")
