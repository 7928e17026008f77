"""What an act opens and closes for others than it is about: what a peer brought may go on, or no longer, with its terms; what a
release states of a sector holds wherever its objects stand.

Only objects are read that hang on this peer's agreement. Who is touched says the gate; what comes of it is planned as
settling plans it.
"""

from collections import defaultdict
from collections.abc import Collection as Collected
from collections.abc import Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa

from cirt.kernel.among import among
from cirt.kernel.work import Work
from cirt.objects.models import ObjectVersion
from cirt.parties.models import Peer
from cirt.release.collections import collections_for
from cirt.release.models import CollectionKind, Feed, Member
from cirt.release.offers import offered_now
from cirt.release.previewing.grounds import Ground, ground_of
from cirt.release.previewing.hanging import hanging_on, naming, standing_in
from cirt.release.previewing.shifts import Shift, shift_of
from cirt.release.previewing.visibility import feeds_by_collection, fetchable, fetchable_then
from cirt.release.readers import has_access
from cirt.sharing.consent import consent_under, load_consent
from cirt.sharing.facts import Consent, PeerReader, Terms
from cirt.sharing.queries import peer_reader_under, peer_readers


@dataclass(frozen=True, slots=True)
class PeerShift:
    """What one other peer gains and loses, each object once."""

    name: str
    slug: str
    opens: Shift
    closes: Shift


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """By name; ``untouched`` is how many other peers there are for whom nothing changes."""

    shifts: list[PeerShift]
    untouched: int


@dataclass(slots=True)
class _Gathered:
    """By object a version that can be fetched, now and then, and where that was looked up."""

    collections: set[int] = field(default_factory=set)
    before: dict[int, int] = field(default_factory=dict)
    after: dict[int, int] = field(default_factory=dict)


def preview_elsewhere(work: Work, peer_id: int, terms: Terms) -> Elsewhere:
    """For everybody but this peer, if these were its terms now; terms that begin later count as begun."""
    others = {
        each.id: each for each in work.session.scalars(sa.select(Peer).where(Peer.id != peer_id))
    }
    now = load_consent(work.connection)
    then = consent_under(now, peer_reader_under(work.session, peer_id, terms, work.now))
    found = _gather(work, peer_id, then) if _lets(work, now, peer_id, then) else {}
    changed = _shifts(work, found, others)
    return Elsewhere(changed, len(others) - len(changed))


def preview_sector(
    work: Work, sector: str, asked: Mapping[int, str], besides: Collected[int]
) -> list[PeerShift]:
    """What a release that states this sector opens and closes where its objects stand already.

    ``asked`` are versions that would leave, with the ids of their objects; ``besides`` are the collections of the
    release itself, of which its page says who gets what.
    """
    session = work.session
    named = sa.select(ObjectVersion.object_id).where(among(ObjectVersion.id, asked))
    object_ids = set(session.scalars(named))
    object_ids |= naming(session, object_ids)
    found: dict[int, _Gathered] = defaultdict(_Gathered)
    for collection in standing_in(session, object_ids) if object_ids else []:
        if collection.id in besides:
            continue
        ground = ground_of(work, collection, object_ids)
        would = ground.restated(asked, sector)
        feeds = _feeds_of_members(work, collection.id)
        for reader in peer_readers(session, feeds, work.now).values():
            if has_access(reader, work.now) and (
                ground.shown(work, reader) != would.shown(work, reader)
            ):
                offered = offered_now(session, feeds[reader.peer_id], object_ids)
                gathered = found[reader.peer_id]
                gathered.collections.add(collection.id)
                gathered.before |= fetchable(work, reader, offered, ground)
                gathered.after |= fetchable_then(work, reader, offered, would)
    _add_the_rest(work, found)
    peers = session.scalars(sa.select(Peer).where(among(Peer.id, found)))
    return _shifts(work, found, {each.id: each for each in peers})


def _shifts(
    work: Work, found: Mapping[int, _Gathered], peers: Mapping[int, Peer]
) -> list[PeerShift]:
    """By name, those for whom anything changes."""
    alike: dict[frozenset[tuple[int, int]], Shift] = {}  # many gain and lose the same
    shifts = [_shift(work, peers[each], gathered, alike) for each, gathered in found.items()]
    changed = [each for each in shifts if each.opens.count or each.closes.count]
    return sorted(changed, key=lambda each: each.name)


def _lets(work: Work, now: Consent, peer_id: int, then: Consent) -> bool:
    """Whether it would agree to something else than it does."""
    said = [
        (each.passes_on(peer_id, work.now), each.may_name(peer_id, work.now))
        for each in (now, then)
    ]
    return said[0] != said[1]


def _gather(work: Work, peer_id: int, then: Consent) -> Mapping[int, _Gathered]:
    object_ids = hanging_on(work.session, peer_id)
    found: dict[int, _Gathered] = defaultdict(_Gathered)
    for collection in standing_in(work.session, object_ids) if object_ids else []:
        ground = ground_of(work, collection, object_ids)
        feeds = _feeds_of_members(work, collection.id)
        for reader in _touched(work, feeds.keys() - {peer_id}, ground, then):
            feed_id, gathered = feeds[reader.peer_id], found[reader.peer_id]
            offered = offered_now(work.session, feed_id, object_ids)
            gathered.collections.add(collection.id)
            gathered.before |= fetchable(work, reader, offered, ground)
            gathered.after |= fetchable_then(work, reader, offered, ground, consent=then)
    _add_the_rest(work, found)
    return found


def _feeds_of_members(work: Work, collection_id: int) -> dict[int, int]:
    query = sa.select(Feed.peer_id, Feed.id).join(
        Member, sa.and_(Member.peer_id == Feed.peer_id, Member.collection_id == Feed.collection_id)
    )
    return dict(work.connection.execute(query.where(Feed.collection_id == collection_id)).all())


def _touched(
    work: Work, peer_ids: Collected[int], ground: Ground, then: Consent
) -> list[PeerReader]:
    """Those that read there and of whom the gate would say something else about any of these."""
    readers = peer_readers(work.session, peer_ids, work.now).values()
    return [
        each
        for each in readers
        if has_access(each, work.now) and ground.shown(work, each) != ground.shown(work, each, then)
    ]


def _add_the_rest(work: Work, found: Mapping[int, _Gathered]) -> None:
    """What can be fetched from another collection as well, where nothing changes, neither opens nor vanishes."""
    readers = peer_readers(work.session, found, work.now)
    grounds: dict[tuple[int, frozenset[int]], Ground] = {}  # mostly the same for all
    for peer_id, gathered in found.items():
        differing = frozenset(gathered.after.keys() ^ gathered.before.keys())
        feeds = feeds_by_collection(work, peer_id)
        for collection in collections_for(work.session, peer_id):
            is_asked = collection.id in gathered.collections
            if not differing or is_asked or collection.kind is CollectionKind.INBOX:
                continue
            key = collection.id, differing
            ground = grounds[key] = grounds.get(key) or ground_of(work, collection, differing)
            feed_id = feeds.get(collection.id)
            offered = offered_now(work.session, feed_id, differing)
            there = fetchable(work, readers[peer_id], offered, ground)
            gathered.before |= there
            gathered.after |= there


def _shift(
    work: Work,
    peer: Peer,
    gathered: _Gathered,
    alike: dict[frozenset[tuple[int, int]], Shift],
) -> PeerShift:
    before, after = gathered.before, gathered.after
    opened = {each: after[each] for each in after.keys() - before.keys()}
    closed = {each: before[each] for each in before.keys() - after.keys()}
    for objects in (opened, closed):
        key = frozenset(objects.items())
        if key not in alike:
            alike[key] = shift_of(work, objects)
    of_opened, of_closed = alike[frozenset(opened.items())], alike[frozenset(closed.items())]
    return PeerShift(peer.name, peer.slug, of_opened, of_closed)
