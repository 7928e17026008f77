"""Members of collections: asked for with a preview, decided by another, removed at once; and the exchange as a peer sees it."""

from functools import partial
from http import HTTPStatus
from typing import Any

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from cirt.inputs.agreements import MembershipInput
from cirt.kernel.errors import CirtError, Conflict, FieldsInvalid, Invalid, NotFound
from cirt.parties.four_eyes.errors import OwnChange
from cirt.parties.four_eyes.models import RequestState
from cirt.parties.four_eyes.service import barred, find_request
from cirt.parties.models import Peer
from cirt.parties.peers import find_peer
from cirt.parties.rights import names_behind
from cirt.release.collections import find_collection
from cirt.release.membership.models import MemberRequest
from cirt.release.membership.service import (
    WRITE,
    ask_member,
    decide_member,
    take_out_member,
)
from cirt.release.models import Collection, CollectionKind
from cirt.release.previewing.surroundings import surroundings
from cirt.release.previewing.visibility import preview_member
from cirt.release.seeing import seen_collections, seen_page
from cirt.sharing.case import agreement_rule
from cirt.sharing.queries import peer_reader
from cirt.web import agreed, i18n, outward
from cirt.web.deciding import decide_request
from cirt.web.errors import status_of
from cirt.web.forms import Form, refused, sent
from cirt.web.frame import render
from cirt.web.pages import agreements, peers
from cirt.web.paths import path_of
from cirt.web.session import open_work

_DIGITS = 18


@peers.bp.post("/peers/<slug>/members")
def ask(slug: str) -> AnyResponse:
    try:
        cmd = MembershipInput().read(sent())
        with open_work() as work:
            request_id = ask_member(work, cmd.collection, slug, cmd.reason).id
    except (FieldsInvalid, Conflict, Invalid) as error:
        return peers.show(slug, refused(error, at="collection"), status_of(error))
    return redirect(path_of("agreements.member", request_id=request_id, done="asked"), 303)


@peers.bp.post("/peers/<slug>/members/remove")
def take_out(slug: str) -> AnyResponse:
    try:
        cmd = MembershipInput().read(sent())
        with open_work() as work:
            take_out_member(work, cmd.collection, slug, cmd.reason)
    except (FieldsInvalid, Conflict, Invalid) as error:
        form = refused(error, at="collection", names={"collection": "out", "reason": "out_reason"})
        return peers.show(slug, form, status_of(error))
    return redirect(path_of("peers.peer", slug=slug, done="out"), 303)


@agreements.bp.get("/agreements/members/<int(max=2147483647):request_id>")
def member(request_id: int) -> Response:
    return _page(request_id, Form())


@agreements.bp.post("/agreements/members/<int(max=2147483647):request_id>/decision")
def decide_membership(request_id: int) -> AnyResponse:
    return decide_request(
        request_id,
        lambda work, cmd: decide_member(work, cmd).conflict,
        partial(_page, request_id),
        lambda ruling: path_of("agreements.member", request_id=request_id, done=ruling),
    )


def _page(
    request_id: int, form: Form, status: int = HTTPStatus.OK, conflict: CirtError | None = None
) -> Response:
    with open_work(write=False) as work:
        found = find_request(work.session, MemberRequest, request_id)
        collection = work.session.get_one(Collection, found.collection_id)
        is_open = found.state is RequestState.ASKED
        bar = barred(work, found, WRITE)
        values: dict[str, Any] = {
            "peer": work.session.get_one(Peer, found.peer_id),
            "preview": preview_member(work, found.peer_id, collection) if is_open else None,
            "seen": surroundings(work) if is_open else "",
            "names": names_behind(work.session, [found.asked_by_id, found.decided_by_id]),
        }
    return render(
        "agreements/member.html",
        status,
        form=form,
        it=found,
        collection=collection,
        barred=bar,
        is_mine=bar == OwnChange.code,
        starts=None,
        conflict=i18n.say_error(conflict) if conflict else "",
        done=request.args.get("done", ""),
        **values,
        **agreed.words(),
    )


@peers.bp.get("/peers/<slug>/view")
def view(slug: str) -> Response:
    """Which collections exist for it now, and how much it could fetch from each."""
    with open_work(write=False) as work:
        work.require("content:read")
        peer = find_peer(work.session, slug)
        reader = peer_reader(work.session, peer.id, work.now)
        found = seen_collections(work, reader)
        standing = agreement_rule(reader, work.now)
    _note_reading(slug)
    return render(
        "peers/view.html",
        peer=peer,
        found=found,
        standing=standing,
        standings=outward.STANDINGS,
        **agreed.words(),
    )


@peers.bp.get("/peers/<slug>/view/<alias>")
def view_collection(slug: str, alias: str) -> Response:
    """The objects that it would get, page by page, as it would ask by default."""
    with open_work(write=False) as work:
        work.require("content:read")
        peer = find_peer(work.session, slug)
        reader = peer_reader(work.session, peer.id, work.now)
        collection = find_collection(work.session, alias)
        if collection.kind is CollectionKind.INBOX:
            raise NotFound
        shown = seen_page(work, reader, collection, _date(request.args.get("after", "")))
    _note_reading(slug, collection.alias)
    return render("peers/view_collection.html", peer=peer, collection=collection, shown=shown)


def _note_reading(slug: str, alias: str = "") -> None:
    with open_work() as work:
        work.audit("peer.view-as", slug, collection=alias)


def _date(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else None
