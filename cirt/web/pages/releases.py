"""Releases: the list, asking, one with who would get what and why, and the decision on it."""

import uuid
from collections import Counter
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, redirect, request
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from cirt.inputs.release import (
    AskAgainInput,
    AskReleaseInput,
    DecideReleaseInput,
    ForeseeReleaseInput,
    WithdrawReleaseInput,
)
from cirt.kernel.errors import CirtError, Conflict, FieldsInvalid, NotFound, TooMany
from cirt.kernel.gpg import find_gpg
from cirt.kernel.work import Work
from cirt.objects.index import find_listed
from cirt.parties.errors import PasswordWrong
from cirt.register.queries import indicators_of
from cirt.release.asking import foresee
from cirt.release.deciding import decide_release, withdraw_release
from cirt.release.errors import (
    NoSuchCollection,
    NoSuchObject,
    NotAsker,
    NothingWouldLeave,
    ReleaseChanged,
    ReleaseDecided,
    ReleaseIncomplete,
    TooFewToApprove,
)
from cirt.release.eyes import WHY_VOID, who_could
from cirt.release.handing.models import HandoverState
from cirt.release.lines import (
    KIND_LABELS,
    KindLine,
    PeerLine,
    PersonLine,
    kind_lines,
    peer_lines,
    person_lines,
)
from cirt.release.lists import ReleaseFilter, release_counts, release_page
from cirt.release.models import CollectionKind, ProposalState
from cirt.release.proposals import ask_again, ask_release, proposal_view
from cirt.release.queries import ProposalView
from cirt.release.reach import collection_lines
from cirt.release.recalling.queries import standing_of
from cirt.release.rows import Change
from cirt.sharing.agreements.persons import choosable
from cirt.sharing.facts import NamedReader
from cirt.sharing.gate import release as released_bytes
from cirt.sharing.queries import staff_reader
from cirt.sharing.red import shown_objects
from cirt.sharing.rules import agreement_rule, named_rule
from cirt.sharing.verdicts import RULES
from cirt.web import i18n, outward
from cirt.web.again import check_password_again
from cirt.web.errors import status_of
from cirt.web.forms import Form, refused, sent, typed_values, wants
from cirt.web.frame import render
from cirt.web.paths import path_of, ways_on
from cirt.web.session import open_work, this_program, visit

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


@dataclass(frozen=True, slots=True)
class _Foreseen:
    """What the request would show, before anybody asks; ``short``: how many persons are missing to approve it."""

    peers: list[PeerLine]
    persons: list[PersonLine]
    kinds: list[KindLine]
    leaving: int
    asked: int
    needed: int | None
    could: list[str]

    @property
    def short(self) -> int:
        return max(0, (self.needed or 0) - len(self.could))


@dataclass(frozen=True, slots=True)
class _Named:
    """A person who may be chosen, or why not."""

    reader: NamedReader
    why_not: Markup | None


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
    """Ask, or only look at what it would do; where too few could approve it, that is said before it is asked."""
    incident = wants("incident")
    given = sent("stix_ids", "collections", "persons", without=["incident", "act"])
    ids = [each for each in request.form.getlist("stix_ids") if "\0" not in each]
    try:
        if wants("act") == "look":
            seen = _foresee(given) if given.keys() & {"collections", "persons"} else None
            return _new_page(incident, ids, Form(typed_values()), foreseen=seen)
        with open_work() as work:
            cmd = AskReleaseInput().read(given, incident=incident or None)
            proposal = ask_release(work, cmd)
    except TooFewToApprove as error:
        form, foreseen = refused(error, at="collections"), _foresee(given)
        return _new_page(incident, ids, form, status_of(error), foreseen)
    except (FieldsInvalid, ReleaseIncomplete, NothingWouldLeave) as error:
        return _new_page(incident, ids, refused(error, at="collections"), status_of(error))
    except (NoSuchCollection, NoSuchObject) as error:
        form = refused(error, at="collections")
        return _new_page(incident, ids, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    return redirect(path_of("release.release", reference=proposal.reference, done="asked"), 303)


def _foresee(given: dict[str, Any]) -> _Foreseen:
    with open_work(write=False) as work:
        weighed = foresee(work, ForeseeReleaseInput().read(given))
        persons = person_lines(work.session, weighed, work.now)
        return _Foreseen(
            peers=peer_lines(work.session, weighed),
            persons=persons,
            kinds=kind_lines(work.session, weighed, persons),
            leaving=len(weighed.going),
            asked=len(weighed.objects),
            needed=weighed.needed,
            could=who_could(work.session, {work.actor.person_id or 0}),
        )


def _new_page(
    incident: str,
    stix_ids: list[str],
    form: Form,
    status: int = HTTPStatus.OK,
    foreseen: _Foreseen | None = None,
) -> Response:
    with open_work(write=False) as work:
        work.require("release:ask")
        choices = _choices(work, incident, stix_ids)
        collections = collection_lines(work.session)
        deciders = who_could(work.session, {work.actor.person_id or 0})
        named = [_Named(each, _why_not(each)) for each in choosable(work.session, work.now)]
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
        named=named,
        foreseen=foreseen,
        done=request.args.get("done", ""),
        can_mail=bool(this_program().settings.smtp_host)
        and find_gpg(this_program().settings) is not None,
        because=outward.because,
        kinds=KIND_LABELS,
    )


def _why_not(reader: NamedReader) -> Markup | None:
    """Why this person cannot be chosen now; None if they can."""
    rule = named_rule(reader, visit().now) or agreement_rule(reader.peer, visit().now)
    if rule is None:
        return None
    values = {
        "person": reader.name,
        "named_in": reader.named_in,
        "reader": reader.peer.name,
        "agreement": reader.named_in,
        "from": "",
    }
    return i18n.say(RULES[rule].sentence, **values)


def _choices(work: Work, incident: str, stix_ids: list[str]) -> list[_Choice]:
    """What the incident gave, or what was named; only what the actor may see."""
    if incident:
        made = indicators_of(work, incident)
        return [_Choice(row.stix_id, row.name) for row in made if not row.revoked]
    shown = shown_objects(work)
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


def _page(
    reference: str,
    form: Form,
    status: int = HTTPStatus.OK,
    conflict: CirtError | None = None,
) -> Response:
    with open_work(write=False) as work:
        view = proposal_view(work, reference)
        standing = standing_of(work, reference)
    actor = visit().actor
    is_sent_back = view.state is ProposalState.SENT_BACK
    is_open = is_sent_back or view.state is ProposalState.ASKED
    return render(
        "release/release.html",
        status,
        form=form,
        it=view,
        standing=standing,
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
