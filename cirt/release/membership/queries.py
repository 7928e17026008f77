"""Requests for membership as pages show them."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.parties.four_eyes.models import RequestState
from cirt.parties.models import Account, Peer, Person
from cirt.release.membership.models import MemberRequest
from cirt.release.models import Collection


@dataclass(frozen=True, slots=True)
class MemberLine:
    id: int
    peer: str
    slug: str
    title: str  # of the collection
    alias: str
    asker: str
    asked_at: datetime


def open_member_requests(session: Session, peer_id: int | None = None) -> list[MemberLine]:
    """Those that wait, the longest wait first."""
    query = (
        sa.select(
            MemberRequest.id,
            Peer.name.label("peer"),
            Peer.slug,
            Collection.title,
            Collection.alias,
            Person.name.label("asker"),
            MemberRequest.asked_at,
        )
        .join(Peer, Peer.id == MemberRequest.peer_id)
        .join(Collection, Collection.id == MemberRequest.collection_id)
        .join(Account, Account.id == MemberRequest.asked_by_id)
        .join(Person, Person.id == Account.person_id)
        .where(MemberRequest.state == RequestState.ASKED)
        .order_by(MemberRequest.asked_at, MemberRequest.id)
    )
    if peer_id is not None:
        query = query.where(MemberRequest.peer_id == peer_id)
    return [MemberLine(*row) for row in session.execute(query)]
