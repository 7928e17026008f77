"""Releases: the list, asking, one with who would get what and why, and the decision on it."""

import uuid
from collections import Counter
from dataclasses import dataclass
from http import HTTPStatus

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from cirt.inputs.release import AskAgainInput, AskReleaseInput, DecideReleaseInput
from cirt.kernel.errors import CirtError, Conflict, FieldsInvalid, NotFound, TooMany
from cirt.kernel.work import Work
from cirt.objects.index import find_listed
from cirt.parties.accounts import persons_who
from cirt.parties.errors import PasswordWrong
from cirt.register.queries import indicators_of
from cirt.release.deciding import decide_release
from cirt.release.errors import (
    NothingWouldLeave,
    ReleaseChanged,
    ReleaseDecided,
    ReleaseIncomplete,
)
from cirt.release.lists import ReleaseFilter, release_counts, release_page
from cirt.release.models import CollectionKind, ProposalState
from cirt.release.proposals import ask_again, ask_release, proposal_view
from cirt.release.queries import KIND_LABELS, ProposalView
from cirt.release.reach import collection_lines
from cirt.release.weighing import Change
from cirt.sharing.gate import release as released_bytes
from cirt.sharing.narrow import visible_facts
from cirt.sharing.queries import staff_reader
from cirt.web import i18n, outward
from cirt.web.again import check_password_again
from cirt.web.errors import status_of
from cirt.web.forms import Form, refused, sent, wants
from cirt.web.frame import render
from cirt.web.paths import path_of, ways_on
from cirt.web.session import open_work, visit

bp = Blueprint("release", __name__)

_NAMESPACE = uuid.UUID("6f2a4c1e-3b0d-4f6e-9a57-2f3c1f0f7d11")  # of bundles that staff save


@dataclass(frozen=True, slots=True)
class _Choice:
    """An object that may be named in a request."""

    stix_id: str
    name: str


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


@bp.get("/release/new")
def new() -> Response:
    return _new_page(request.args.get("incident", ""), request.args.getlist("stix_ids"), Form())


@bp.post("/release/new")
def ask() -> AnyResponse:
    incident = wants("incident")
    try:
        with open_work() as work:
            given = sent("stix_ids", "collections", without=["incident"])
            cmd = AskReleaseInput().read(given, incident=incident or None)
            proposal = ask_release(work, cmd)
    except (FieldsInvalid, ReleaseIncomplete, NothingWouldLeave) as error:
        ids = [each for each in request.form.getlist("stix_ids") if "\0" not in each]
        return _new_page(incident, ids, refused(error, at="collections"), status_of(error))
    return redirect(path_of("release.release", reference=proposal.reference, done="asked"), 303)


def _new_page(
    incident: str, stix_ids: list[str], form: Form, status: int = HTTPStatus.OK
) -> Response:
    with open_work(write=False) as work:
        work.require("release:ask")
        choices = _choices(work, incident, stix_ids)
        collections = collection_lines(work.session)
        deciders = [
            name
            for person_id, name in persons_who(work.session, "release:decide")
            if person_id != work.actor.person_id
        ]
    return render(
        "release/new.html",
        status,
        form=form,
        incident=incident,
        choices=choices,
        collections=[
            line for line in collections if line.collection.kind is not CollectionKind.INBOX
        ],
        deciders=deciders,
    )


def _choices(work: Work, incident: str, stix_ids: list[str]) -> list[_Choice]:
    """What the incident gave, or what was named; only what the actor may see."""
    if incident:
        made = indicators_of(work, incident)
        return [_Choice(row.stix_id, row.name) for row in made if not row.revoked]
    shown = visible_facts(staff_reader(work.actor), None, work.now)
    found = [find_listed(work.session, each, shown) for each in stix_ids[:100]]
    return [_Choice(each.stix_id, each.name or each.stix_id) for each in found if each]


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


@bp.post("/release/<reference>/again")
def again(reference: str) -> AnyResponse:
    """What was sent back, asked anew with the newest versions."""
    try:
        with open_work() as work:
            ask_again(work, AskAgainInput().read(sent(), reference=reference))
    except (FieldsInvalid, ReleaseIncomplete, NothingWouldLeave, ReleaseDecided) as error:
        return _page(reference, refused(error, at="reason"), status_of(error))
    return redirect(path_of("release.release", reference=reference, done="asked"), 303)


def _page(
    reference: str,
    form: Form,
    status: int = HTTPStatus.OK,
    conflict: CirtError | None = None,
) -> Response:
    with open_work(write=False) as work:
        view = proposal_view(work, reference)
    is_sent_back_to_me = (
        view.state is ProposalState.SENT_BACK and view.asker_account_id == visit().actor.id
    )
    return render(
        "release/release.html",
        status,
        form=form,
        it=view,
        is_mine=view.asker_person_id == visit().actor.person_id,
        may_ask_again=is_sent_back_to_me and visit().actor.may("release:ask"),
        conflict=i18n.say_error(conflict) if conflict else "",
        changed=_changed(conflict, view),
        done=request.args.get("done", ""),
        sign=outward.sign,
        states=outward.PROPOSALS,
        because=outward.because,
        kinds=KIND_LABELS,
    )


def _changed(conflict: CirtError | None, view: ProposalView) -> list[_Changed]:
    if not isinstance(conflict, ReleaseChanged):
        return []
    names = {line.peer_id: line.name for line in view.peers}
    counts = Counter(
        (each.peer_id, each.what) for each in conflict.changes if isinstance(each, Change)
    )
    return [
        _Changed(
            names.get(peer_id, i18n.translate("A former member")),
            *(counts[peer_id, what] for what in ("gains", "loses", "differs")),
        )
        for peer_id in sorted({peer_id for peer_id, _ in counts})
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
    name = uuid.uuid5(_NAMESPACE, view.digest)
    body = b'{"type":"bundle","id":"bundle--%s","objects":[%s]}' % (
        str(name).encode(),
        b",".join(each.body for each in found),
    )
    response = Response(body, mimetype="application/json")
    label = f"tlp-{strictest.value.replace('+', '-')}-{visit().now:%Y%m%d-%H%M%S}.stix.json"
    response.headers.set("Content-Disposition", "attachment", filename=label)
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response
