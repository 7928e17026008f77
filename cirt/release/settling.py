"""Brings a reader's feed into line with what it may have now: what it lost is closed, what it gained appended.

Losing a whole collection closes nothing, for no reader can pass a row meanwhile (rulings 15, 17).
"""

from collections.abc import Collection as Collected
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from cirt.kernel.work import Work
from cirt.release.locks import feeds_of, lock_collections
from cirt.release.models import Collection, CollectionKind, Feed, Member
from cirt.release.offers import Candidate, Offered, close_rows, offer, offered_now
from cirt.release.previewing.grounds import Ground, ground_of
from cirt.release.previewing.hanging import hanging_on, naming, standing_in
from cirt.release.readers import has_access
from cirt.release.unnamed import close_unnamed
from cirt.sharing.consent import consent_key
from cirt.sharing.facts import Consent, PeerReader
from cirt.sharing.queries import peer_reader

_IS_READ = (
    Collection.kind != CollectionKind.INBOX
)  # nothing is offered from what peers only write to


@dataclass(frozen=True, slots=True)
class Settled:
    offered: int = 0
    closed: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """What settling does to one feed: versions that it closes, that stay open, and that are offered anew."""

    closing: frozenset[int] = frozenset()
    staying: Mapping[int, int] = field(default_factory=dict)  # with their objects
    offering: Sequence[Candidate] = ()


def plan(
    work: Work,
    reader: PeerReader,
    offered: Offered,
    ground: Ground,
    *,
    consent: Consent | None = None,
) -> Plan:
    """Of each object the newest version that may go is offered; nothing is written.

    ``offered`` is of the objects that the ground is about. ``reader`` and ``consent`` may be as they would be.
    """
    if not has_access(reader, work.now):
        return Plan()
    open_now = offered.versions
    may = ground.allowed(work, reader, consent)
    places = ground.newest(may)
    along = ground.along_with(work, {ground.version_ids[place] for place in places})
    first = [each for each in along if each.version_id in may and each.version_id not in open_now]
    going = [ground.at(place) for place in places if ground.version_ids[place] not in open_now]
    staying = {each: object_id for each, object_id in open_now.items() if each in may}
    return Plan(frozenset(open_now.keys() - may), staying, [*first, *going])


def settle(
    work: Work,
    feed: Feed,
    collection: Collection,
    object_ids: Collected[int] | None = None,
    ground: Ground | None = None,
) -> Settled:
    """The caller holds the collection. ``object_ids`` are those that it is about; None means all.

    ``ground`` is of these, where it was read in this transaction already.
    """
    reader = peer_reader(work.session, feed.peer_id, work.now)
    if not has_access(reader, work.now):
        feed.settled_for = None  # made good when access returns
        return Settled()
    ground = ground or ground_of(work, collection, object_ids)
    planned = plan(work, reader, offered_now(work.session, feed.id, object_ids), ground)
    closed = close_rows(work, feed, planned.closing)
    offered = offer(work, feed, planned.offering)
    closed += close_unnamed(work, feed, collection.id, planned.closing)
    if object_ids is None:
        feed.settled_for = _settled_for(work, reader)
    return Settled(len(offered), closed)


def offer_missing(work: Work, peer_id: int) -> int:
    """After a peer's agreement or state has changed: make its feeds right. How many versions were offered.

    What it brought, and what names that, hangs on that agreement too, so the feeds of others follow.
    """
    collections = work.session.scalars(
        sa.select(Collection)
        .join(Member)
        .where(Member.peer_id == peer_id, _IS_READ)
        .order_by(Collection.id)
    ).all()
    brought = hanging_on(work.session, peer_id)
    others = standing_in(work.session, brought) if brought else []
    lock_collections(work.session, {each.id for each in (*collections, *others)})
    offered = 0
    for collection in collections:
        mine = (Feed.peer_id == peer_id, Feed.collection_id == collection.id)
        for feed in feeds_of(work.session, *mine):
            settled = settle(work, feed, collection)
            offered += settled.offered
            if settled.offered or settled.closed:
                work.audit(
                    "feed.settle",
                    collection.alias,
                    peer=peer_id,
                    offered=settled.offered,
                    closed=settled.closed,
                )
    _settle_in(work, others, brought)
    return offered


def settle_objects(
    work: Work, object_ids: Collected[int], also_held: Collected[int] = ()
) -> Settled:
    """After facts of these objects, or a permission for them, have changed: every feed that they stand in.

    ``also_held`` are collections that the caller changes next: all are taken together.
    """
    return settle_concerned(work, hold_concerned(work, object_ids, also_held))


@dataclass(frozen=True, slots=True)
class Concerned:
    """Objects whose right to leave may have changed, and the collections in which they stand, held until commit."""

    object_ids: frozenset[int]
    collections: Sequence[Collection]


def hold_concerned(
    work: Work, object_ids: Collected[int], also_held: Collected[int] = ()
) -> Concerned:
    """These and what names them: a relationship stays where its end does, and comes again when that does."""
    concerned = frozenset(object_ids) | naming(work.session, object_ids)
    collections = standing_in(work.session, concerned) if concerned else []
    lock_collections(work.session, {each.id for each in collections} | set(also_held))
    return Concerned(concerned, collections)


def settle_concerned(work: Work, concerned: Concerned) -> Settled:
    return _settle_in(work, concerned.collections, concerned.object_ids)


def _settle_in(
    work: Work, collections: Sequence[Collection], object_ids: Collected[int]
) -> Settled:
    """The caller holds the collections. Feeds of who has left are taken up again, whole, on their return."""
    is_member = sa.exists().where(
        Member.collection_id == Feed.collection_id, Member.peer_id == Feed.peer_id
    )
    offered = closed = 0
    for collection in collections:
        ground: Ground | None = None
        for feed in feeds_of(work.session, Feed.collection_id == collection.id, is_member):
            ground = ground or ground_of(work, collection, object_ids)
            settled = settle(work, feed, collection, object_ids, ground)
            offered += settled.offered
            closed += settled.closed
    return Settled(offered, closed)


def _settled_for(work: Work, reader: PeerReader) -> str | None:
    """What a feed is made for, in a form that changes when that does."""
    terms = reader.agreement
    consent = consent_key(work.connection, reader, work.now)
    return f"{terms} {consent}" if terms and consent else terms


def settle_due(work: Work) -> int:
    """Settle peers whose terms, or the consent of others, came into force or changed by themselves since.

    For a periodic job.
    """
    return sum(offer_missing(work, peer_id) for peer_id in sorted(behind(work)))


def behind(work: Work) -> set[int]:
    """Peers with a feed that was made for other terms than those that hold now."""
    feeds = work.session.execute(
        sa.select(Feed.peer_id, Feed.settled_for)
        .join(
            Member,
            sa.and_(Member.peer_id == Feed.peer_id, Member.collection_id == Feed.collection_id),
        )
        .join(Collection, Collection.id == Feed.collection_id)
        .where(_IS_READ)
    )
    found: set[int] = set()
    for peer_id, settled_for in feeds:
        reader = peer_reader(work.session, peer_id, work.now)
        if has_access(reader, work.now) and settled_for != _settled_for(work, reader):
            found.add(peer_id)
    return found
