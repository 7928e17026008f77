"""What a link would do, said before it is added."""

from dataclasses import dataclass

import sqlalchemy as sa

from cirt.exchange.links.filtering import NEEDED
from cirt.exchange.links.service import AddLink
from cirt.exchange.models import LinkDirection
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.objects.models import ObjectVersion, StixObject
from cirt.parties.models import Peer
from cirt.parties.peers import find_peer
from cirt.release.collections import find_collection
from cirt.release.models import Feed, FeedRow, Member
from cirt.sharing.case import agreement_rule
from cirt.sharing.queries import peer_reader


@dataclass(frozen=True, slots=True)
class Foreseen:
    """``standing`` is the rule that keeps the agreement from being in force; ``waiting`` what a push would send."""

    peer: Peer
    standing: str | None
    ceiling: Tlp | None
    is_member: bool
    waiting: int


def foresee(work: Work, cmd: AddLink) -> Foreseen:
    """
    Raises:
        NoSuchPeer, NoSuchCollection, NotAllowed.
    """
    work.require("peer:write")
    peer = find_peer(work.session, cmd.peer)
    reader = peer_reader(work.session, peer.id, work.now)
    is_member, waiting = False, 0
    if cmd.direction is LinkDirection.PUSH and cmd.collection:
        mine = find_collection(work.session, cmd.collection).id
        is_member = work.session.get(Member, (mine, peer.id)) is not None
        waiting = _open_rows(work, peer.id, mine, cmd.types) if is_member else 0
    ceiling = reader.terms.ceiling if reader.terms else None
    return Foreseen(peer, agreement_rule(reader, work.now), ceiling, is_member, waiting)


def _open_rows(work: Work, peer_id: int, collection_id: int, types: tuple[str, ...]) -> int:
    query = (
        sa.select(sa.func.count())
        .select_from(FeedRow)
        .join(Feed, Feed.id == FeedRow.feed_id)
        .where(
            Feed.peer_id == peer_id,
            Feed.collection_id == collection_id,
            FeedRow.closed_us.is_(None),
        )
    )
    if types:
        query = (
            query.join(ObjectVersion, ObjectVersion.id == FeedRow.version_id)
            .join(StixObject, StixObject.id == ObjectVersion.object_id)
            .where(StixObject.type.in_(sorted(NEEDED.union(types))))
        )
    return work.session.scalar(query) or 0
