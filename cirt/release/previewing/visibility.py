"""What a peer can fetch, and what a change of its terms or memberships would open and close, for it and for others.

Nothing is decided here: the gate is asked about what stands open now, and what settling would make of the feeds is
planned as settling plans it.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import sqlalchemy as sa

from cirt.kernel.work import Work
from cirt.release.collections import collections_for
from cirt.release.models import Collection, CollectionKind, Feed
from cirt.release.offers import Offered, offered_now
from cirt.release.previewing.grounds import Ground, ground_of
from cirt.release.previewing.shifts import Shift, shift_of
from cirt.release.readers import has_access, shown
from cirt.release.settling import plan
from cirt.sharing.consent import consent_under, load_consent
from cirt.sharing.facts import Consent, PeerReader, Terms
from cirt.sharing.queries import peer_reader, peer_reader_under


@dataclass(frozen=True, slots=True)
class CollectionShift:
    collection: Collection
    before: int  # objects that can be fetched now
    after: int
    opens: Shift
    closes: Shift


@dataclass(frozen=True, slots=True)
class Preview:
    """Collection by collection; ``opens`` and ``closes`` count an object once, in however many it stands."""

    lines: list[CollectionShift]
    opens: int
    closes: int
    is_suspended: bool  # the peer itself: nothing is exchanged, whatever is agreed
    is_open: bool  # an agreement would be in force


def preview_terms(work: Work, peer_id: int, terms: Terms) -> Preview:
    """What would change for this peer if these were its terms now; terms that begin later count as begun."""
    reader = peer_reader(work.session, peer_id, work.now)
    wanted = peer_reader_under(work.session, peer_id, terms, work.now)
    consent = consent_under(load_consent(work.connection), wanted)
    readable = _readable(work, peer_id)
    return _preview(work, reader, wanted, [(each, True) for each in readable], consent)


def preview_member(work: Work, peer_id: int, collection: Collection) -> Preview:
    """What would change if the peer were a member of this collection too; what it reads elsewhere is nothing new."""
    reader = peer_reader(work.session, peer_id, work.now)
    if collection.kind is CollectionKind.INBOX:
        return Preview([], 0, 0, reader.suspended, has_access(reader, work.now))
    elsewhere = [each for each in _readable(work, peer_id) if each.id != collection.id]
    return _preview(work, reader, reader, [(collection, False)], elsewhere=elsewhere)


def _readable(work: Work, peer_id: int) -> list[Collection]:
    return [
        each
        for each in collections_for(work.session, peer_id)
        if each.kind is not CollectionKind.INBOX
    ]


def _preview(
    work: Work,
    reader: PeerReader,
    wanted: PeerReader,
    asked: Sequence[tuple[Collection, bool]],
    consent: Consent | None = None,
    elsewhere: Sequence[Collection] = (),
) -> Preview:
    """``asked`` are collections, each with whether the peer is a member now; ``elsewhere`` it reads others, as before."""
    lines: list[CollectionShift] = []
    before_all: set[int] = set()
    after_all: set[int] = set()
    feeds = feeds_by_collection(work, reader.peer_id)
    for collection, is_member in asked:
        ground = ground_of(work, collection)
        offered = offered_now(work.session, feeds.get(collection.id))
        before = fetchable(work, reader, offered, ground) if is_member else {}
        after = fetchable_then(work, wanted, offered, ground, consent=consent)
        before_all |= before.keys()
        after_all |= after.keys()
        opened = {each: after[each] for each in after.keys() - before.keys()}
        closed = {each: before[each] for each in before.keys() - after.keys()}
        lines.append(
            CollectionShift(
                collection, len(before), len(after), shift_of(work, opened), shift_of(work, closed)
            )
        )
    there = _fetchable_in(work, reader, elsewhere, after_all)
    opens, closes = len(after_all - before_all - there), len(before_all - after_all - there)
    return Preview(lines, opens, closes, reader.suspended, has_access(wanted, work.now))


def _fetchable_in(
    work: Work, reader: PeerReader, collections: Sequence[Collection], object_ids: AbstractSet[int]
) -> set[int]:
    """Which of these objects it can fetch now from any of these collections, of which it is a member."""
    found: set[int] = set()
    feeds = feeds_by_collection(work, reader.peer_id)
    for collection in collections if object_ids else ():
        offered = offered_now(work.session, feeds.get(collection.id), object_ids)
        if offered.versions or offered.recalls:
            ground = ground_of(work, collection, object_ids)
            found |= fetchable(work, reader, offered, ground).keys()
    return found


def fetchable(work: Work, reader: PeerReader, offered: Offered, ground: Ground) -> dict[int, int]:
    """By object a version that the peer, a member, can fetch now of what it is offered there, but for the company."""
    if not has_access(reader, work.now):
        return {}
    may = ground.shown(work, reader)
    asked = {k: v for k, v in offered.versions.items() if k not in ground.company}
    found = {object_id: each for each, object_id in asked.items() if each in may}
    rest = [each for each in asked if each not in may]
    if rest:  # some may stand there no more and still be open
        still = shown(work, reader, ground.collection, rest)
        found |= {asked[each]: each for each in still}
    return found | _recalled(work, reader, offered, ground)


def fetchable_then(
    work: Work,
    reader: PeerReader,
    offered: Offered,
    ground: Ground,
    *,
    consent: Consent | None = None,
) -> dict[int, int]:
    """The same once the feed is settled for this reader as it would be; recalls stay where they are offered."""
    if not has_access(reader, work.now):
        return {}
    planned = plan(work, reader, offered, ground, consent=consent)
    there = dict(planned.staying) | {each.version_id: each.object_id for each in planned.offering}
    found = {there[each]: each for each in there.keys() - ground.company.keys()}
    return found | _recalled(work, reader, offered, ground)


def _recalled(work: Work, reader: PeerReader, offered: Offered, ground: Ground) -> dict[int, int]:
    recalls = offered.recalls
    if not recalls:
        return {}
    kept = shown(work, reader, ground.collection, list(recalls), recalls=recalls)
    return {recalls[each]: each for each in kept}


def feeds_by_collection(work: Work, peer_id: int) -> dict[int, int]:
    """Also of collections that it has left."""
    query = sa.select(Feed.collection_id, Feed.id).where(Feed.peer_id == peer_id)
    return dict(work.connection.execute(query).all())
