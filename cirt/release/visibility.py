"""What a peer can fetch, and what a change of its terms or memberships would open and close, as the gate says it.

Nothing is decided here: versions are put to the gate as its present reader and as it would be, and counted by
the sets of facts that they share.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa

from cirt.kernel.among import among
from cirt.kernel.errors import NotFound
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.objects.models import ObjectFacts, ObjectVersion, StixObject
from cirt.release.collections import collections_for
from cirt.release.company import going_along, standing_companions
from cirt.release.filters import ALL, Filter
from cirt.release.models import Collection, CollectionEntry, CollectionKind, Feed, FeedRow
from cirt.release.pages import all_of
from cirt.release.readers import allowed, has_access
from cirt.release.windows import find_place
from cirt.sharing.facts import PeerReader, Terms
from cirt.sharing.narrow import visible_facts
from cirt.sharing.queries import peer_reader, staff_reader

_EVERY_VERSION = Filter(versions=(ALL,))
EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Kind:
    """Objects of one type and marking in one collection."""

    type: str
    tlp: Tlp
    count: int


@dataclass(frozen=True, slots=True)
class Example:
    """``name`` is the STIX id where the object has none."""

    stix_id: str
    name: str
    type: str
    tlp: Tlp


@dataclass(frozen=True, slots=True)
class Shift:
    """What becomes visible, or vanishes, in one collection; examples only as far as the asker may read them."""

    count: int
    kinds: list[Kind]
    examples: list[Example]


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
    """What would change if these were the peer's terms now; terms that begin later count as begun."""
    terms = replace(terms, valid_from=min(terms.valid_from, work.now))
    reader = peer_reader(work.session, peer_id, work.now)
    wanted = replace(reader, terms=terms)
    readable = [
        each
        for each in collections_for(work.session, peer_id)
        if each.kind is not CollectionKind.INBOX
    ]
    return _preview(work, reader, wanted, [(each, True) for each in readable])


def preview_member(work: Work, peer_id: int, collection: Collection) -> Preview:
    """What would change if the peer were a member of this collection too."""
    reader = peer_reader(work.session, peer_id, work.now)
    if collection.kind is CollectionKind.INBOX:
        return Preview([], 0, 0, reader.suspended, has_access(reader, work.now))
    return _preview(work, reader, reader, [(collection, False)])


def objects_visible(work: Work, reader: PeerReader, collection: Collection) -> dict[int, int]:
    """By object, the set of facts of a version that the peer can fetch from there now."""
    try:
        place = find_place(work, reader, collection)
    except NotFound:
        return {}
    shown = all_of(work, place, _EVERY_VERSION).version_ids
    return _objects_of(work, shown)


def _preview(
    work: Work,
    reader: PeerReader,
    wanted: PeerReader,
    asked: Sequence[tuple[Collection, bool]],
) -> Preview:
    """``asked`` are collections, each with whether the peer is a member now."""
    lines: list[CollectionShift] = []
    before_all: set[int] = set()
    after_all: set[int] = set()
    for collection, is_member in asked:
        before = objects_visible(work, reader, collection) if is_member else {}
        after = _objects_after(work, wanted, collection)
        before_all |= before.keys()
        after_all |= after.keys()
        opened = {each: after[each] for each in after.keys() - before.keys()}
        closed = {each: before[each] for each in before.keys() - after.keys()}
        lines.append(
            CollectionShift(
                collection, len(before), len(after), _shift(work, opened), _shift(work, closed)
            )
        )
    opens, closes = len(after_all - before_all), len(before_all - after_all)
    return Preview(lines, opens, closes, reader.suspended, has_access(wanted, work.now))


def _objects_after(work: Work, reader: PeerReader, collection: Collection) -> dict[int, int]:
    """As settling would make it: the newest allowed version of what stands there, and recalls already offered."""
    if not has_access(reader, work.now):
        return {}
    standing = work.session.scalars(
        sa.select(CollectionEntry.version_id).where(CollectionEntry.collection_id == collection.id)
    ).all()
    may = allowed(work, reader, collection, standing)
    going = may - going_along(work.session, collection.id)
    may = going | (may & set(standing_companions(work.session, collection.id, going)))
    recalled = set(
        work.session.scalars(
            sa.select(FeedRow.version_id)
            .join(Feed, Feed.id == FeedRow.feed_id)
            .where(
                Feed.peer_id == reader.peer_id,
                Feed.collection_id == collection.id,
                FeedRow.closed_us.is_(None),
                FeedRow.recall,
            )
        )
    )
    kept = allowed(work, reader, collection, sorted(recalled), recalls=recalled)
    return _objects_of(work, may | kept)


def _objects_of(work: Work, version_ids: Iterable[int]) -> dict[int, int]:
    """Object by object the facts of one of these versions, the last written."""
    query = (
        sa.select(ObjectVersion.object_id, ObjectVersion.facts_id)
        .where(among(ObjectVersion.id, list(version_ids)))
        .order_by(ObjectVersion.id)
    )
    return dict(work.connection.execute(query).all())


def _shift(work: Work, objects: Mapping[int, int]) -> Shift:
    """Counted by the facts that they share."""
    if not objects:
        return Shift(0, [], [])
    counts = Counter(objects.values())
    query = sa.select(ObjectFacts.id, ObjectFacts.type, ObjectFacts.tlp)
    kinds: dict[tuple[str, Tlp], int] = defaultdict(int)
    for facts_id, kind, tlp in work.connection.execute(
        query.where(among(ObjectFacts.id, list(counts)))
    ):
        kinds[kind, tlp] += counts[facts_id]
    ordered = sorted(kinds.items(), key=lambda each: (-each[1], each[0]))
    return Shift(
        len(objects),
        [Kind(kind, tlp, count) for (kind, tlp), count in ordered],
        _examples(work, objects),
    )


def _examples(work: Work, objects: Mapping[int, int]) -> list[Example]:
    """The youngest few that the asker may read."""
    query = (
        sa.select(StixObject.stix_id, ObjectVersion.name, ObjectFacts.type, ObjectFacts.tlp)
        .join(ObjectVersion, ObjectVersion.id == StixObject.newest_id)
        .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
        .where(
            among(StixObject.id, list(objects)),
            visible_facts(staff_reader(work.actor), None, work.now),
            ObjectFacts.companion.is_(False),
        )
        .order_by(StixObject.id.desc())
        .limit(EXAMPLES)
    )
    return [
        Example(row.stix_id, row.name or row.stix_id, row.type, row.tlp)
        for row in work.connection.execute(query)
    ]
