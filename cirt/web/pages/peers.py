"""Peers: the directory, one with what its agreement allows today, and an agreement's terms."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response

from cirt.exchange.health import link_health
from cirt.kernel.errors import NotFound
from cirt.objects.index import brought_since
from cirt.parties.models import Peer, PeerCredential
from cirt.parties.peers import find_peer
from cirt.parties.peers import peers as all_peers
from cirt.release.collections import collections_for
from cirt.release.reach import given_since
from cirt.sharing.agreements.persons import persons_of
from cirt.sharing.facts import PeerReader
from cirt.sharing.ladder import ladder
from cirt.sharing.queries import agreements, find_agreement, history, peer_reader, peer_readers
from cirt.sharing.rules import agreement_rule
from cirt.web import outward
from cirt.web.frame import render
from cirt.web.session import open_work, visit

bp = Blueprint("peers", __name__)

_COUNTED = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class _Line:
    peer: Peer
    reader: PeerReader
    standing: str | None  # the rule that keeps the agreement from being in force
    given: int
    received: int


@bp.get("/peers")
def peers() -> Response:
    with open_work(write=False) as work:
        found = all_peers(work.session)
        readers = peer_readers(work.session, [peer.id for peer in found], work.now)
        given = given_since(work.session, work.now - _COUNTED)
        received = brought_since(work.session, work.now - _COUNTED)
    lines = [
        _Line(
            peer,
            readers[peer.id],
            agreement_rule(readers[peer.id], visit().now),
            given.get(peer.id, 0),
            received.get(peer.id, 0),
        )
        for peer in found
    ]
    return render("peers/list.html", lines=lines, sign=outward.sign, standings=outward.STANDINGS)


@bp.get("/peers/<slug>")
def peer(slug: str) -> Response:
    with open_work(write=False) as work:
        found = find_peer(work.session, slug)
        reader = peer_reader(work.session, found.id, work.now)
        values: dict[str, Any] = {
            "agreements": agreements(work.session, slug),
            "collections": collections_for(work.session, found.id),
            "links": link_health(work.session, found.id),
            "credential": work.session.get(PeerCredential, found.id),
            "given": given_since(work.session, work.now - _COUNTED).get(found.id, 0),
            "received": brought_since(work.session, work.now - _COUNTED).get(found.id, 0),
        }
    return render(
        "peers/peer.html",
        peer=found,
        reader=reader,
        standing=agreement_rule(reader, visit().now),
        ladder=ladder(reader.terms) if reader.terms else [],
        **_words(),
        **values,
    )


@bp.get("/peers/<slug>/agreements/<reference>")
def agreement(slug: str, reference: str) -> Response:
    with open_work(write=False) as work:
        found = find_peer(work.session, slug)
        row = find_agreement(work.session, reference)
        if row.peer_id != found.id:
            raise NotFound
        versions = history(work.session, row.id)
        named = persons_of(work.session, row.id)
    return render(
        "peers/agreement.html", peer=found, it=row, versions=versions, named=named, **_words()
    )


def _words() -> dict[str, Any]:
    return {
        "sign": outward.sign,
        "standings": outward.STANDINGS,
        "states": outward.AGREEMENTS,
        "health": outward.HEALTH,
        "levels": outward.LEVELS,
        "directions": outward.DIRECTIONS,
        "ways": outward.LINKS,
        "kinds": outward.COLLECTION_KINDS,
        "steps": outward.STEPS,
        "sentence": outward.sentence,
        "gone": outward.percent_gone,
    }
