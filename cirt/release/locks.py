"""What is held until commit, so that acts follow one another.

Locks are taken in the order proposal, agreements, objects, collections, feeds; rows that only refer to what is
locked need not wait (key_share). Whoever changes feeds holds the locks of their collections first, taken
together, so that commits follow the order of dates.
"""

from collections.abc import Collection as Some
from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.among import among
from cirt.kernel.work import Work
from cirt.objects.models import StixObject
from cirt.parties.models import Peer
from cirt.release.models import (
    Collection,
    CollectionEntry,
    Feed,
    FeedRow,
    Member,
    Proposal,
    ProposalCollection,
    ProposalObject,
    ProposalPerson,
)
from cirt.sharing.agreements.persons import AgreementPerson, hold_persons
from cirt.sharing.models import Agreement


def hold(work: Work, proposal: Proposal) -> frozenset[int]:
    """Keep agreements, peers, members, named persons and objects of a release as they are until commit; the peers
    that are held.
    """
    session = work.session
    mine = sa.select(ProposalCollection.collection_id).where(
        ProposalCollection.proposal_id == proposal.id
    )
    persons = persons_asked(session, proposal.id)
    members = sa.select(Member.peer_id).where(Member.collection_id.in_(mine))
    named = (
        sa.select(Agreement.peer_id)
        .join(AgreementPerson, AgreementPerson.agreement_id == Agreement.id)
        .where(AgreementPerson.id.in_(persons))
    )
    peers = sorted({*session.scalars(members), *session.scalars(named)})
    objects = sa.select(ProposalObject.object_id).where(ProposalObject.proposal_id == proposal.id)
    _lock(session, sa.select(Peer.id).where(among(Peer.id, peers)).order_by(Peer.id))
    of_peers = among(Agreement.peer_id, peers)
    _lock(session, sa.select(Agreement.id).where(of_peers).order_by(Agreement.id))
    hold_persons(session, persons)
    # By name, as whoever brings versions locks them.
    of_request = StixObject.id.in_(objects)
    _lock(session, sa.select(StixObject.id).where(of_request).order_by(StixObject.stix_id))
    _lock(session, sa.select(Collection.id).where(Collection.id.in_(mine)).order_by(Collection.id))
    return frozenset(peers)


def persons_asked(session: Session, proposal_id: int) -> list[int]:
    query = sa.select(ProposalPerson.person_id).where(ProposalPerson.proposal_id == proposal_id)
    return list(session.scalars(query.order_by(ProposalPerson.person_id)))


def lock_collections(session: Session, collection_ids: Iterable[int]) -> None:
    """Hold collections until commit, so that their entries, members and feeds change one after another."""
    wanted = sa.select(Collection.id).where(Collection.id.in_(set(collection_ids)))
    session.execute(wanted.order_by(Collection.id).with_for_update(key_share=True)).all()


def lock_around(session: Session, object_ids: Some[int]) -> None:
    """The collections in which any of these objects stands, or was ever offered."""
    entries = sa.select(CollectionEntry.collection_id).where(
        among(CollectionEntry.object_id, object_ids)
    )
    offered = sa.select(Feed.collection_id).join(FeedRow, FeedRow.feed_id == Feed.id)
    offered = offered.where(among(FeedRow.object_id, object_ids)).distinct()
    lock_collections(session, {*session.scalars(entries), *session.scalars(offered)})


def feeds_of(session: Session, *conditions: sa.ColumnElement[bool]) -> list[Feed]:
    """Feeds as they stand now, held until commit."""
    wanted = sa.select(Feed).where(*conditions).order_by(Feed.id).with_for_update(key_share=True)
    return list(session.scalars(wanted.execution_options(populate_existing=True)))


def _lock(session: Session, query: sa.Select[int]) -> None:
    session.execute(query.with_for_update(key_share=True)).all()
