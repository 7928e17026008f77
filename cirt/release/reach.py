"""Where objects went: offered to whom, fetched by whom, by which release; and how much each peer was given."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from cirt.kernel.work import Work
from cirt.parties.models import Peer
from cirt.release.ledger import Offered, fetched_by, offered_to
from cirt.release.models import (
    Collection,
    Feed,
    Member,
    PageRead,
    Proposal,
    ProposalObject,
    ProposalState,
)
from cirt.release.requests import title_for


@dataclass(frozen=True, slots=True)
class ReachLine:
    """One object, one peer, one collection. ``since`` the first offer; open: it can fetch it now."""

    peer: str
    slug: str
    collection: str  # alias
    since: datetime
    is_open: bool
    fetched_at: datetime | None  # the first page with any version of it


@dataclass(frozen=True, slots=True)
class ReleaseRef:
    reference: str
    title: str | None  # None: it is of an incident that is not for the reader
    objects: int
    state: ProposalState


@dataclass(frozen=True, slots=True)
class CollectionLine:
    collection: Collection
    members: list[str]  # names of peers


def reach(session: Session, object_id: int) -> list[ReachLine]:
    """By peer, then collection."""
    offers: dict[tuple[int, int], list[Offered]] = {}
    for each in offered_to(session, object_id):
        offers.setdefault((each.peer_id, each.collection_id), []).append(each)
    if not offers:
        return []
    fetched: dict[tuple[int, int], datetime] = {}
    for page in fetched_by(session, object_id):
        key = page.peer_id, page.collection_id
        fetched[key] = min(page.at, fetched.get(key, page.at))
    peers = _peers(session, {peer_id for peer_id, _ in offers})
    aliases = _aliases(session, {collection_id for _, collection_id in offers})
    lines = [
        ReachLine(
            peer=peers[peer_id].name,
            slug=peers[peer_id].slug,
            collection=aliases[collection_id],
            since=several[0].since,
            is_open=any(each.until is None for each in several),
            fetched_at=fetched.get((peer_id, collection_id)),
        )
        for (peer_id, collection_id), several in offers.items()
    ]
    return sorted(lines, key=lambda line: (line.peer, line.collection))


def _peers(session: Session, ids: set[int]) -> dict[int, Peer]:
    return {each.id: each for each in session.scalars(sa.select(Peer).where(Peer.id.in_(ids)))}


def _aliases(session: Session, ids: set[int]) -> dict[int, str]:
    rows = session.execute(sa.select(Collection.id, Collection.alias).where(Collection.id.in_(ids)))
    return {row[0]: row[1] for row in rows}


def releases_of(work: Work, object_id: int) -> list[ReleaseRef]:
    """Requests that name this object, the youngest first."""
    named = aliased(ProposalObject)
    objects = sa.select(sa.func.count()).where(named.proposal_id == Proposal.id).scalar_subquery()
    query = (
        sa.select(Proposal.reference, title_for(work.actor), objects, Proposal.state)
        .join(ProposalObject, ProposalObject.proposal_id == Proposal.id)
        .where(ProposalObject.object_id == object_id)
        .order_by(Proposal.id.desc())
    )
    return [ReleaseRef(*row) for row in work.session.execute(query)]


def given_since(session: Session, since: datetime) -> dict[int, int]:
    """How many objects each peer was answered with, by peer id; one fetched twice counts twice."""
    query = (
        sa.select(Feed.peer_id, sa.func.sum(PageRead.count))
        .join(Feed, Feed.id == PageRead.feed_id)
        .where(PageRead.at >= since)
        .group_by(Feed.peer_id)
    )
    return {row[0]: int(row[1]) for row in session.execute(query)}


def collection_lines(session: Session) -> list[CollectionLine]:
    """Every collection with the names of its members."""
    members: dict[int, list[str]] = {}
    named = sa.select(Member.collection_id, Peer.name).join(Peer, Peer.id == Member.peer_id)
    for collection_id, name in session.execute(named.order_by(Peer.name)):
        members.setdefault(collection_id, []).append(name)
    found = session.scalars(sa.select(Collection).order_by(Collection.alias))
    return [CollectionLine(each, members.get(each.id, [])) for each in found]
