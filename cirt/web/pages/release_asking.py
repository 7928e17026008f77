"""Asking for a release: what, where to and why, and what that would do before anybody asks."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Response, redirect, request
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from cirt.inputs.release import (
    AskReleaseInput,
    ForeseeReleaseInput,
)
from cirt.kernel.errors import FieldsInvalid
from cirt.kernel.gpg import find_gpg
from cirt.kernel.work import Work
from cirt.objects.index import find_listed
from cirt.parties.rights import names_who
from cirt.register.queries import indicators_of
from cirt.release.asking import ask_release, foresee
from cirt.release.errors import (
    NoSuchCollection,
    NoSuchObject,
    NothingWouldLeave,
    ReleaseIncomplete,
    TooFewToApprove,
)
from cirt.release.eyes import DECIDE
from cirt.release.lines import (
    KIND_LABELS,
    KindLine,
    PeerLine,
    PersonLine,
    kind_lines,
    peer_lines,
    person_lines,
)
from cirt.release.models import CollectionKind
from cirt.release.reach import collection_lines
from cirt.sharing.agreements.persons import choosable
from cirt.sharing.case import agreement_rule
from cirt.sharing.facts import NamedReader
from cirt.sharing.giving import named_rule
from cirt.sharing.red import shown_objects
from cirt.sharing.verdicts import RULES
from cirt.web import i18n, outward
from cirt.web.errors import status_of
from cirt.web.forms import Form, refused, sent, typed_values, wants
from cirt.web.frame import render
from cirt.web.pages.releases import bp
from cirt.web.paths import path_of
from cirt.web.session import open_work, this_program, visit


@dataclass(frozen=True, slots=True)
class _Choice:
    """An object that may be named in a request."""

    stix_id: str
    name: str


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
        peers = peer_lines(work.session, weighed)
        persons = person_lines(work.session, weighed, work.now)
        return _Foreseen(
            peers=peers,
            persons=persons,
            kinds=kind_lines(work.session, weighed, peers, persons),
            leaving=len(weighed.going),
            asked=len(weighed.objects),
            needed=weighed.needed,
            could=names_who(work.session, DECIDE, {work.actor.person_id}),
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
        deciders = names_who(work.session, DECIDE, {work.actor.person_id})
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
