"""What stands in a collection, read once in a transaction, to be asked about for each of its readers."""

import dataclasses
from collections.abc import Collection as Collected
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.among import among_given
from cirt.kernel.prepared import Columns
from cirt.kernel.work import Work
from cirt.objects.models import ObjectVersion
from cirt.objects.ways import Passed, also_sent, not_for
from cirt.release.company import companions_among, going_along
from cirt.release.models import Collection, CollectionEntry, CollectionKind
from cirt.release.offers import Candidate, candidates
from cirt.release.readers import posted_in
from cirt.sharing.facts import Consent, PeerReader
from cirt.sharing.gate import allowed_loaded
from cirt.sharing.standing import Alike, End, Loaded, load


@dataclass(frozen=True, slots=True)
class Ground:
    """The first three columns are what stands there, in the order in which it came; ``sent`` is as of ``also_sent``;
    ``company`` is what goes along with objects and stands there."""

    collection: Collection
    version_ids: Sequence[int]
    object_ids: Sequence[int]
    version_us: Sequence[int]
    loaded: Loaded
    posted: frozenset[int]
    sent: Mapping[int, Passed]
    company: Mapping[int, Candidate]

    def shown(
        self, work: Work, reader: PeerReader, consent: Consent | None = None
    ) -> frozenset[int]:
        """What of it the gate lets through; ``consent`` as it takes it."""
        return allowed_loaded(
            self.loaded,
            reader,
            self.collection.kind.value,
            work.now,
            posted=self.posted,
            consent=consent,
        )

    def allowed(
        self, work: Work, reader: PeerReader, consent: Consent | None = None
    ) -> frozenset[int]:
        """What of it may be offered: where we relay, not what the reader sent too, nor what has passed many."""
        return self.shown(work, reader, consent) - not_for(reader.peer_id, self.sent)

    def restated(self, asked: Mapping[int, str], sector: str) -> "Ground":
        """As it would be if a release stated this sector of these versions, given with the ids of their objects."""
        alike: list[Alike] = []
        for one in self.loaded.alike:
            chosen = one.version_ids & asked.keys()
            facts = dataclasses.replace(one.facts, sector=sector)
            alike += [
                dataclasses.replace(one, version_ids=one.version_ids - chosen),
                dataclasses.replace(one, facts=facts, version_ids=chosen),
            ]
        named = frozenset(asked.values())
        ends = {
            version_id: [_restated(end, sector) if end.stix_id in named else end for end in several]
            for version_id, several in self.loaded.ends.items()
        }
        loaded = dataclasses.replace(self.loaded, alike=alike, ends=ends)
        return dataclasses.replace(self, loaded=loaded)

    def at(self, place: int) -> Candidate:
        return Candidate(self.version_ids[place], self.object_ids[place], self.version_us[place])

    def newest(self, may: AbstractSet[int]) -> list[int]:
        """Of each object but the company the place of the newest version among these."""
        found: dict[int, int] = {}
        for place, version_id in enumerate(self.version_ids):
            if version_id not in may or version_id in self.company:
                continue
            held = found.setdefault(self.object_ids[place], place)
            if self.version_us[held] < self.version_us[place]:
                found[self.object_ids[place]] = place
        return sorted(found.values())

    def along_with(self, work: Work, versions: AbstractSet[int]) -> list[Candidate]:
        """The company of these, whoever may have it."""
        wanted = companions_among(work.session, self.loaded, versions)
        return [self.company[each] for each in wanted if each in self.company]


def _restated(end: End, sector: str) -> End:
    return dataclasses.replace(end, facts=dataclasses.replace(end.facts, sector=sector))


def ground_of(
    work: Work, collection: Collection, object_ids: Collected[int] | None = None
) -> Ground:
    """``object_ids`` are those that it is about, beside the company; None means all."""
    session = work.session
    session.flush()
    standing = _STANDING if object_ids is None else _STANDING_OF
    version_ids, of_objects, version_us = standing.read(
        session.connection(), {"collection_id": collection.id, "objects": list(object_ids or ())}
    )
    company = _company(session, collection.id)
    every = list({*version_ids, *company})
    relays = collection.kind is CollectionKind.PUBLISHED
    return Ground(
        collection,
        version_ids,
        of_objects,
        version_us,
        load(session.connection(), every),
        frozenset(posted_in(session, collection, every)),
        also_sent(session, every) if relays else {},
        company,
    )


_STANDS = (
    sa.select(ObjectVersion.id, ObjectVersion.object_id, ObjectVersion.version_us)
    .join(CollectionEntry, CollectionEntry.version_id == ObjectVersion.id)
    .where(CollectionEntry.collection_id == sa.bindparam("collection_id", type_=sa.Integer))
    .order_by(CollectionEntry.id)
)
_STANDING = Columns(_STANDS)
_STANDING_OF = Columns(_STANDS.where(among_given(CollectionEntry.object_id, "objects")))


def _company(session: Session, collection_id: int) -> dict[int, Candidate]:
    there = sorted(going_along(session, collection_id))
    return {each.version_id: each for each in candidates(session, there)}
