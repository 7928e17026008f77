"""Members of collections at the desk: one lead asks, another decides on what it would open, one alone removes."""

import hashlib
import json
from dataclasses import dataclass

from cirt.kernel.errors import Conflict
from cirt.kernel.work import Work
from cirt.parties.four_eyes.commands import DecideRequest, Ruling
from cirt.parties.four_eyes.errors import RequestVoided, ShownIsOld
from cirt.parties.four_eyes.models import RequestState
from cirt.parties.four_eyes.service import (
    VERBS,
    barred,
    find_request,
    person_acting,
    reason_of,
    rule_on,
)
from cirt.parties.models import Peer
from cirt.parties.peers import find_peer
from cirt.release.collections import add_member, find_collection, remove_member
from cirt.release.errors import AlreadyMember
from cirt.release.membership.models import MemberRequest
from cirt.release.models import Collection, Member
from cirt.release.previewing.surroundings import surroundings
from cirt.sharing.agreements.service import hold_every_peer, hold_peer
from cirt.sharing.queries import peer_reader

WRITE = "member:write"


@dataclass(frozen=True, slots=True)
class MemberDecided:
    """``offered`` is how many versions were offered by it; ``conflict`` as for a change of an agreement."""

    request: MemberRequest
    offered: int = 0
    conflict: Conflict | None = None


def ask_member(work: Work, alias: str, slug: str, reason: str) -> MemberRequest:
    """
    Raises:
        NoSuchCollection, NoSuchPeer, AlreadyMember, ReasonNeeded, PersonAsks, NotAllowed.
    """
    work.require(WRITE)
    account_id, _ = person_acting(work)
    collection, peer = find_collection(work.session, alias), find_peer(work.session, slug)
    said = reason_of(reason)
    if work.session.get(Member, (collection.id, peer.id)) is not None:
        raise AlreadyMember(peer=peer.name, collection=collection.alias)
    request = MemberRequest(
        collection_id=collection.id,
        peer_id=peer.id,
        reason=said,
        digest=_digest(work, collection, peer),
        asked_by_id=account_id,
        asked_at=work.now,
    )
    work.session.add(request)
    work.session.flush()
    work.audit("member.ask", collection.alias, peer=peer.slug, request=request.id)
    return request


def decide_member(work: Work, cmd: DecideRequest) -> MemberDecided:
    """Approve, refuse or withdraw; an approved member reads from this transaction on.

    An approval counts only while every peer stands as on the page that said what it opens: what others let go on
    to this one is a part of that.

    Raises:
        NoSuchRequest, RequestDecided, OwnChange, NotYours, WordsNeeded, ShownIsOld, PersonAsks, NotAllowed.
    """
    work.require(WRITE)
    session = work.session
    # First its peer, whose terms it is bound to.
    asked = find_request(session, MemberRequest, cmd.id)
    if cmd.ruling is Ruling.APPROVED:
        hold_every_peer(work)
        if barred(work, asked, WRITE) is None and cmd.seen != surroundings(work):
            raise ShownIsOld
    else:
        hold_peer(work, asked.peer_id)
    request = find_request(session, MemberRequest, cmd.id, lock=True)
    collection = session.get_one(Collection, request.collection_id)
    peer = session.get_one(Peer, request.peer_id)
    state = rule_on(work, request, cmd, WRITE, _digest(work, collection, peer))
    work.audit(f"member.{VERBS[state]}", collection.alias, peer=peer.slug, request=request.id)
    if state is RequestState.APPROVED:
        return MemberDecided(request, add_member(work, collection, peer))
    is_void = state is RequestState.VOIDED
    return MemberDecided(request, conflict=RequestVoided() if is_void else None)


def take_out_member(work: Work, alias: str, slug: str, reason: str) -> None:
    """At once, by one lead.

    Raises:
        NoSuchCollection, NoSuchPeer, NotAMember, ReasonNeeded, NotAllowed.
    """
    work.require(WRITE)
    said = reason_of(reason)
    collection, peer = find_collection(work.session, alias), find_peer(work.session, slug)
    remove_member(work, collection, peer)
    work.audit("member.reason", collection.alias, peer=peer.slug, reason=said)


def _digest(work: Work, collection: Collection, peer: Peer) -> str:
    terms = peer_reader(work.session, peer.id, work.now).agreement
    said = json.dumps([collection.uuid, peer.slug, terms])
    return hashlib.sha256(said.encode()).hexdigest()
