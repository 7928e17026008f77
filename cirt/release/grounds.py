"""What stands in a collection, read once in a transaction, to be asked about for each of its readers."""

from collections.abc import Collection as Collected
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.among import among
from cirt.kernel.work import Work
from cirt.objects.models import ObjectVersion
from cirt.objects.ways import also_sent, not_for
from cirt.release.company import all_companions, companions_among
from cirt.release.models import Collection, CollectionEntry, CollectionKind
from cirt.release.offers import Candidate, candidates
from cirt.release.readers import posted_in
from cirt.sharing.facts import Consent, PeerReader
from cirt.sharing.gate import allowed_loaded
from cirt.sharing.standing import Loaded, load


@dataclass(frozen=True, slots=True)
class Ground:
    """``standing`` is in the order in which it came; ``sent`` as of ``also_sent``; ``company`` is what goes along with
    objects and stands there, each once."""

    collection: Collection
    standing: Sequence[Candidate]
    loaded: Loaded
    posted: frozenset[int]
    sent: Mapping[int, AbstractSet[int]]
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

    def along_with(self, work: Work, versions: AbstractSet[int]) -> list[Candidate]:
        """The company of these, whoever may have it."""
        wanted = companions_among(work.session, self.loaded, versions)
        return [self.company[each] for each in wanted if each in self.company]


def ground_of(
    work: Work, collection: Collection, object_ids: Collected[int] | None = None
) -> Ground:
    """``object_ids`` are those that it is about, beside the company; None means all."""
    session = work.session
    session.flush()
    standing = _standing(session, collection.id, object_ids)
    company = _company(session, collection.id)
    version_ids = list({*(each.version_id for each in standing), *company})
    posted = posted_in(session, collection, version_ids)
    relays = collection.kind is CollectionKind.PUBLISHED
    return Ground(
        collection,
        standing,
        load(session.connection(), version_ids),
        frozenset(posted),
        also_sent(session, version_ids) if relays else {},
        company,
    )


def _standing(
    session: Session, collection_id: int, object_ids: Collected[int] | None
) -> list[Candidate]:
    query = (
        sa.select(ObjectVersion.id, ObjectVersion.object_id, ObjectVersion.version_us)
        .join(CollectionEntry, CollectionEntry.version_id == ObjectVersion.id)
        .where(CollectionEntry.collection_id == collection_id)
        .order_by(CollectionEntry.id)
    )
    if object_ids is not None:
        query = query.where(among(CollectionEntry.object_id, object_ids))
    return [Candidate(*row) for row in session.execute(query)]


def _company(session: Session, collection_id: int) -> dict[int, Candidate]:
    query = sa.select(CollectionEntry.version_id).where(
        CollectionEntry.collection_id == collection_id,
        among(CollectionEntry.version_id, all_companions(session)),
    )
    there = session.scalars(query).all()
    return {each.version_id: each for each in candidates(session, there)}
