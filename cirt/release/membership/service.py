"""Members of collections at the desk: one lead asks, another decides on what it would open, one alone removes."""

import hashlib
import json
from dataclasses import dataclass

import sqlalchemy as sa

from cirt.kernel.errors import Conflict
from cirt.kernel.work import Work
from cirt.parties.models import Peer
from cirt.parties.peers import find_peer
from cirt.release.collections import add_member, find_collection, remove_member
from cirt.release.errors import AlreadyMember
from cirt.release.membership.models import MemberRequest
from cirt.release.models import Collection, Member
from cirt.release.readers import terms_key
from cirt.sharing.agreements.commands import DecideRequest, Ruling
from cirt.sharing.agreements.errors import NoSuchRequest, ReasonNeeded, RequestVoided
from cirt.sharing.agreements.four_eyes import (
    account_of_actor,
    check_decider,
    close_request,
    still_may,
)
from cirt.sharing.agreements.models import RequestState
from cirt.sharing.agreements.service import hold_peer
from cirt.sharing.gate import peer_reader

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
    account_id = account_of_actor(work)
    collection, peer = find_collection(work.session, alias), find_peer(work.session, slug)
    if not reason.strip():
        raise ReasonNeeded
    if work.session.get(Member, (collection.id, peer.id)) is not None:
        raise AlreadyMember(peer=peer.name, collection=collection.alias)
    request = MemberRequest(
        collection_id=collection.id,
        peer_id=peer.id,
        reason=reason.strip(),
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

    Raises:
        NoSuchRequest, RequestDecided, OwnChange, NotYours, WordsNeeded, ShownIsOld, PersonAsks, NotAllowed.
    """
    work.require(WRITE)
    hold_peer(work, get_request(work, cmd.id).peer_id)  # whose terms it is bound to
    request = get_request(work, cmd.id, lock=True)
    collection = work.session.get_one(Collection, request.collection_id)
    peer = work.session.get_one(Peer, request.peer_id)
    check_decider(work, request, cmd, WRITE)
    if cmd.ruling is Ruling.APPROVED:
        return _approve(work, request, collection, peer, cmd)
    close_request(work, request, RequestState(cmd.ruling.value), cmd.comment)
    act = "refuse" if cmd.ruling is Ruling.REFUSED else "withdraw"
    work.audit(f"member.{act}", collection.alias, peer=peer.slug, request=request.id)
    return MemberDecided(request)


def take_out_member(work: Work, alias: str, slug: str, reason: str) -> None:
    """At once, by one lead.

    Raises:
        NoSuchCollection, NoSuchPeer, NotAMember, ReasonNeeded, NotAllowed.
    """
    work.require(WRITE)
    if not reason.strip():
        raise ReasonNeeded
    collection, peer = find_collection(work.session, alias), find_peer(work.session, slug)
    remove_member(work, collection, peer)
    work.audit("member.reason", collection.alias, peer=peer.slug, reason=reason.strip())


def get_request(work: Work, request_id: int, *, lock: bool = False) -> MemberRequest:
    """
    Raises:
        NoSuchRequest.
    """
    query = sa.select(MemberRequest).where(MemberRequest.id == request_id)
    if lock:
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    found = work.session.scalars(query).one_or_none()
    if found is None:
        raise NoSuchRequest
    return found


def _approve(
    work: Work, request: MemberRequest, collection: Collection, peer: Peer, cmd: DecideRequest
) -> MemberDecided:
    is_as_shown = request.digest == _digest(work, collection, peer)
    if not is_as_shown or not still_may(work.session, request.asked_by_id, WRITE):
        close_request(work, request, RequestState.VOIDED)
        work.audit("member.void", collection.alias, peer=peer.slug, request=request.id)
        return MemberDecided(request, conflict=RequestVoided())
    close_request(work, request, RequestState.APPROVED, cmd.comment)
    work.audit("member.approve", collection.alias, peer=peer.slug, request=request.id)
    return MemberDecided(request, add_member(work, collection, peer))


def _digest(work: Work, collection: Collection, peer: Peer) -> str:
    terms = terms_key(peer_reader(work.session, peer.id, work.now))
    said = json.dumps([collection.uuid, peer.slug, terms])
    return hashlib.sha256(said.encode()).hexdigest()
