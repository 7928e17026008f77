"""Where objects went: offered to whom, fetched by whom, by which release; and how much each peer was given."""

from collections.abc import Collection as Some
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from cirt.kernel.clock import to_us
from cirt.kernel.work import Work
from cirt.parties.models import Peer
from cirt.release.holdings.holds import Got, Hold
from cirt.release.holdings.models import Accounted, Exit, FetchedRow
from cirt.release.holdings.sight import holds_shown
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
    """One object, one peer, one way to it: a collection, or an exit, by mail to one ``person`` there. ``since`` the first
    offer; open: it can fetch it now."""

    peer_id: int
    peer: str
    slug: str
    collection: str | None  # alias
    exit: Exit | None
    person: str | None
    since: datetime | None
    is_open: bool
    first: Got | None  # the first version that went there
    newest: Got | None  # the newest one
    had_it: bool
    knows: bool  # that it is revoked
    owed: bool  # the revocation is offered and was not fetched

    @property
    def fetched_at(self) -> datetime | None:
        return self.first.at if self.first else None

    @property
    def is_of_peer(self) -> bool:
        """As ``Hold.is_of_peer``."""
        return self.exit is not Exit.MAIL


@dataclass(frozen=True, slots=True)
class Spread:
    """Of one object, in peers: how many were offered it, which have it, which could fetch it and have not."""

    offered: int
    have: list[str]
    not_yet: list[str]
    know: list[str]  # of those who have it, who were told that it is revoked
    not_told: list[str]  # who have not fetched the revocation yet


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


def reach(work: Work, object_id: int) -> list[ReachLine]:
    """By peer, then way, as far as the actor may know."""
    return reaches(work, [object_id]).get(object_id, [])


def reaches(work: Work, object_ids: Some[int]) -> dict[int, list[ReachLine]]:
    """The same of several, in as many statements."""
    session, holds = work.session, holds_shown(work, object_ids)
    every = [hold for each in holds.values() for hold in each]
    peers = _peers(session, {hold.peer_id for hold in every})
    aliases = _aliases(session, {hold.collection_id for hold in every if hold.collection_id})
    return {
        object_id: sorted(
            (_line(hold, peers[hold.peer_id], aliases) for hold in mine),
            key=lambda line: (line.peer, line.collection or "", line.exit or "", line.person or ""),
        )
        for object_id, mine in holds.items()
    }


def _line(hold: Hold, peer: Peer, aliases: dict[int, str]) -> ReachLine:
    return ReachLine(
        peer_id=peer.id,
        peer=peer.name,
        slug=peer.slug,
        collection=aliases.get(hold.collection_id or 0),
        exit=hold.exit,
        person=hold.person,
        since=hold.since,
        is_open=hold.is_open,
        first=hold.first,
        newest=hold.newest,
        had_it=hold.had_it,
        knows=hold.knows,
        owed=hold.owed,
    )


def spread(lines: Sequence[ReachLine]) -> Spread:
    """By peer, whatever the way; a mail to a person tells of a revocation only who had it by mail alone."""
    have = {line.peer for line in lines if line.had_it}
    of_peer = {line.peer for line in lines if line.is_of_peer and line.had_it}
    know = {
        line.peer for line in lines if line.knows and (line.is_of_peer or line.peer not in of_peer)
    }
    could = {line.peer for line in lines if line.is_open and not line.owed}
    return Spread(
        offered=len({line.peer for line in lines if line.since is not None}),
        have=sorted(have),
        not_yet=sorted(could - have - know),
        know=sorted(have & know),
        not_told=sorted({line.peer for line in lines if line.owed} - know),
    )


def spread_of_all(reached: Mapping[int, Sequence[ReachLine]]) -> Spread:
    """Of several objects together: who was offered or has anything of them, who owes any revocation."""
    each = [spread(lines) for lines in reached.values()]
    whole = spread([line for lines in reached.values() for line in lines])
    not_told = sorted({name for one in each for name in one.not_told})
    return replace(whole, not_told=not_told)


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
    """How many versions each peer fetched for the first time since then, by peer id; what it is counts once."""
    rows = (
        sa.select(Feed.peer_id, sa.func.count())
        .select_from(Feed)
        .join(FetchedRow, FetchedRow.feed_id == Feed.id)
        .where(FetchedRow.at_us >= to_us(since))
        .group_by(Feed.peer_id)
    )
    given = {row[0]: int(row[1]) for row in session.execute(rows)}
    for peer_id, count in _not_accounted(session, since):
        given[peer_id] = given.get(peer_id, 0) + count
    return given


def _not_accounted(session: Session, since: datetime) -> list[tuple[int, int]]:
    """What stands on the pages of the last moments."""
    mark = sa.func.coalesce(Accounted.page_id, 0)
    query = (
        sa.select(Feed.peer_id, sa.func.sum(PageRead.count))
        .select_from(Feed)
        .outerjoin(Accounted, Accounted.feed_id == Feed.id)
        .join(PageRead, sa.and_(PageRead.feed_id == Feed.id, PageRead.id > mark))
        .where(PageRead.at >= since)
        .group_by(Feed.peer_id)
    )
    return [(row[0], int(row[1])) for row in session.execute(query)]


def collection_lines(session: Session) -> list[CollectionLine]:
    """Every collection with the names of its members."""
    members: dict[int, list[str]] = {}
    named = sa.select(Member.collection_id, Peer.name).join(Peer, Peer.id == Member.peer_id)
    for collection_id, name in session.execute(named.order_by(Peer.name)):
        members.setdefault(collection_id, []).append(name)
    found = session.scalars(sa.select(Collection).order_by(Collection.alias))
    return [CollectionLine(each, members.get(each.id, [])) for each in found]
