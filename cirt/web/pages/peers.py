"""Peers: the directory, and one with what its agreement allows today, its members and links."""

from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from cirt.exchange.health import link_health
from cirt.inputs.parties import SendBackInput
from cirt.kernel.errors import FieldsInvalid
from cirt.objects.index import brought_since
from cirt.parties.models import Peer, PeerCredential
from cirt.parties.peers import find_peer, set_sightings
from cirt.parties.peers import peers as all_peers
from cirt.release.collections import collections as all_collections
from cirt.release.collections import collections_for
from cirt.release.membership.queries import open_member_requests
from cirt.release.reach import given_since
from cirt.sharing.agreements.expiry import NearEnd, near_ends
from cirt.sharing.agreements.queries import history_lines, open_changes
from cirt.sharing.agreements.record import Record
from cirt.sharing.case import agreement_rule
from cirt.sharing.facts import PeerReader
from cirt.sharing.ladder import reasons
from cirt.sharing.queries import agreements, peer_reader, peer_readers
from cirt.web import agreed, outward
from cirt.web.errors import status_of
from cirt.web.forms import Form, refused, sent
from cirt.web.frame import render
from cirt.web.pages.agreements import signed_copy
from cirt.web.paths import path_of
from cirt.web.session import open_work, visit

bp = Blueprint("peers", __name__)

_COUNTED = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class _Line:
    peer: Peer
    reader: PeerReader
    standing: str | None  # the rule that keeps the agreement from being in force
    end: NearEnd | None
    given: int
    received: int


@bp.get("/peers")
def peers() -> Response:
    with open_work(write=False) as work:
        found = all_peers(work.session)
        readers = peer_readers(work.session, [peer.id for peer in found], work.now)
        given = given_since(work.session, work.now - _COUNTED)
        received = brought_since(work.session, work.now - _COUNTED)
        ends = {each.slug: each for each in near_ends(work.session, work.now)}
        waiting = len(open_changes(work.session)) + len(open_member_requests(work.session))
    lines = [
        _Line(
            peer,
            readers[peer.id],
            agreement_rule(readers[peer.id], visit().now),
            ends.get(peer.slug),
            given.get(peer.id, 0),
            received.get(peer.id, 0),
        )
        for peer in found
    ]
    return render("peers/list.html", lines=lines, waiting=waiting, **_words())


@bp.get("/peers/<slug>")
def peer(slug: str) -> Response:
    return show(slug, Form())


@bp.post("/peers/<slug>/sightings")
def sightings(slug: str) -> AnyResponse:
    """What goes back to it when we see something that it sent."""
    try:
        cmd = SendBackInput().read(sent())
        with open_work() as work:
            set_sightings(work, slug, cmd.back)
    except FieldsInvalid as error:
        return show(slug, refused(error, at="back"), status_of(error))
    return redirect(path_of("peers.peer", slug=slug, done="back"), 303)


def show(slug: str, form: Form, status: int = HTTPStatus.OK) -> Response:
    """One peer; with what was wrong in the forms about its memberships."""
    with open_work(write=False) as work:
        found = find_peer(work.session, slug)
        reader = peer_reader(work.session, found.id, work.now)
        rows = agreements(work.session, slug)
        nearest = reader.terms.reference if reader.terms else ""
        now_holds = next((row for row, _ in rows if row.reference == nearest), None)
        mine = collections_for(work.session, found.id)
        values: dict[str, Any] = {
            "agreements": rows,
            "it": now_holds,
            "record": Record.from_data(now_holds.record if now_holds else {}),
            "copy": signed_copy(work, now_holds) if now_holds else None,
            "lines": history_lines(work.session, now_holds.id)[:6] if now_holds else [],
            "changes": open_changes(work.session, now_holds.id) if now_holds else [],
            "ends": [each for each in near_ends(work.session, work.now) if each.slug == slug],
            "collections": mine,
            "others": [each for each in all_collections(work.session) if each not in mine],
            "asked": open_member_requests(work.session, found.id),
            "links": link_health(work.session, found.id),
            "credential": work.session.get(PeerCredential, found.id),
            "given": given_since(work.session, work.now - _COUNTED).get(found.id, 0),
            "received": brought_since(work.session, work.now - _COUNTED).get(found.id, 0),
        }
    return render(
        "peers/peer.html",
        status,
        form=form,
        peer=found,
        reader=reader,
        standing=agreement_rule(reader, visit().now),
        reasons=reasons(reader, visit().now) if reader.terms else [],
        done=request.args.get("done", ""),
        **_words(),
        **values,
    )


def _words() -> dict[str, Any]:
    return {
        **agreed.words(),
        "standings": outward.STANDINGS,
        "health": outward.HEALTH,
        "ways": outward.LINKS,
        "steps": outward.STEPS,
        "sentence": outward.sentence,
        "because": outward.because,
    }
