"""What a release would do, row by row, and the digest to which approvals are bound (rulings 13)."""

import hashlib
import json
from collections.abc import Collection as Collected
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.among import among
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.objects.models import ObjectFacts, ObjectVersion, StixObject
from cirt.release.locks import persons_asked
from cirt.release.models import (
    Collection,
    Member,
    Proposal,
    ProposalCollection,
    ProposalObject,
)
from cirt.release.offers import chunks
from cirt.sharing.agreements.persons import named_readers
from cirt.sharing.previewing import Audience, NamedRow, PreviewRow, preview, preview_named

Row: TypeAlias = PreviewRow | NamedRow


@dataclass(frozen=True, slots=True)
class Asked:
    """One version that a release names."""

    version_id: int
    object_id: int
    stix_id: str
    version_text: str
    sha256: bytes
    type: str
    tlp: Tlp
    name: str | None
    newest_id: int | None
    valid_until_us: int | None = None

    @property
    def was_edited(self) -> bool:
        return self.version_id != self.newest_id


@dataclass(frozen=True, slots=True)
class Weighed:
    """``rows`` are by member and collection, ``hands`` by named person. ``needed`` is how many others must
    approve; None where nothing would leave.
    """

    objects: list[Asked]
    collections: list[Collection]
    rows: list[PreviewRow]
    digest: str
    needed: int | None
    hands: list[NamedRow] = field(default_factory=list)

    @property
    def every(self) -> list[Row]:
        return [*self.rows, *self.hands]

    @property
    def leaving(self) -> list[PreviewRow]:
        return [row for row in self.rows if row.decision.lets_leave()]

    @property
    def handed(self) -> list[NamedRow]:
        return [row for row in self.hands if row.decision.lets_leave()]

    @property
    def going(self) -> frozenset[int]:
        """Versions that leave, on one way or the other."""
        return frozenset(row.version_id for row in self.every if row.decision.lets_leave())

    def leaving_into(self, collection_id: int) -> list[int]:
        """Versions that somebody gets from this collection, in the order asked."""
        going = {row.version_id for row in self.leaving if row.collection_id == collection_id}
        return [each.version_id for each in self.objects if each.version_id in going]

    def handed_to(self, person_id: int) -> list[int]:
        """Versions that this person gets, in the order asked."""
        going = {row.version_id for row in self.handed if row.person_id == person_id}
        return [each.version_id for each in self.objects if each.version_id in going]


def weigh(work: Work, proposal: Proposal) -> Weighed:
    """Ask the gate for every version, and every collection and member or every named person."""
    session = work.session
    named = sa.select(ProposalObject.version_id).where(ProposalObject.proposal_id == proposal.id)
    mine = ProposalCollection.proposal_id == proposal.id
    collections = sa.select(ProposalCollection.collection_id).where(mine)
    return weigh_asked(
        work,
        session.scalars(named).all(),
        session.scalars(collections).all(),
        persons_asked(session, proposal.id),
        sector=proposal.sector,
    )


def weigh_asked(
    work: Work,
    version_ids: Collected[int],
    collection_ids: Collected[int],
    person_ids: Collected[int],
    *,
    sector: str | None,
) -> Weighed:
    """The same for what nobody has asked for yet."""
    session = work.session
    objects = asked_versions(session, version_ids)
    collections = collections_by_id(session, collection_ids)
    audiences = [
        Audience(each.id, each.kind.value, _members(session, each.id)) for each in collections
    ]
    named = named_readers(session, person_ids, work.now) if person_ids else {}
    ids = [each.version_id for each in objects]
    rows = preview(work, ids, audiences, sector=sector) if audiences else []
    readers = [named[each] for each in sorted(named)]
    hands = preview_named(work, ids, readers, sector=sector) if readers else []
    return weighed_of(objects, collections, rows, hands)


def weighed_of(
    objects: list[Asked],
    collections: list[Collection],
    rows: list[PreviewRow],
    hands: list[NamedRow],
) -> Weighed:
    every: list[Row] = [*rows, *hands]
    counts = [row.decision.approvals for row in every if row.decision.lets_leave()]
    needed = max((each for each in counts if each is not None), default=None)
    digest = _digest(objects, collections, rows, hands)
    return Weighed(objects, collections, rows, digest, needed, hands)


def _digest(
    objects: Sequence[Asked],
    collections: Sequence[Collection],
    rows: Sequence[PreviewRow],
    hands: Sequence[NamedRow],
) -> str:
    """SHA-256 over the sorted rows that would leave: no clocks, no prose."""
    by_id: Mapping[int, Asked] = {each.version_id: each for each in objects}
    uuids = {each.id: each.uuid for each in collections}
    lines = [
        _line(by_id[row.version_id], str(row.peer_id), row, uuids[row.collection_id])
        for row in rows
        if row.decision.lets_leave()
    ]
    lines += [
        _line(by_id[row.version_id], f"person-{row.person_id}", row, row.fingerprint)
        for row in hands
        if row.decision.lets_leave()
    ]
    return hashlib.sha256(json.dumps(sorted(lines), separators=(",", ":")).encode()).hexdigest()


def _line(asked: Asked, recipient: str, row: Row, way: str) -> list[str]:
    return [
        asked.stix_id,
        asked.version_text,
        asked.sha256.hex(),
        recipient,
        row.decision.verdict.value,
        row.decision.rule,
        row.agreement or "",
        way,
    ]


def asked_versions(session: Session, version_ids: Collected[int]) -> list[Asked]:
    """By object, in the order in which objects came here."""
    query = (
        sa.select(
            ObjectVersion.id,
            ObjectVersion.object_id,
            StixObject.stix_id,
            ObjectVersion.version_text,
            ObjectVersion.sha256,
            StixObject.type,
            ObjectFacts.tlp,
            ObjectVersion.name,
            StixObject.newest_id,
            ObjectVersion.valid_until_us,
        )
        .join(StixObject, StixObject.id == ObjectVersion.object_id)
        .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
        .where(among(ObjectVersion.id, version_ids))
        .order_by(ObjectVersion.object_id)
    )
    rows: Any = session.execute(query)  # more columns than its type names
    return [Asked(*row) for row in rows]


def newest_versions(session: Session, object_ids: Sequence[int]) -> dict[int, int]:
    """Object id to the id of its newest version."""
    found: dict[int, int] = {}
    for part in chunks(object_ids):
        rows = session.execute(
            sa.select(StixObject.id, StixObject.newest_id).where(StixObject.id.in_(part))
        )
        found.update((row[0], row[1]) for row in rows if row[1] is not None)
    return found


def collections_by_id(session: Session, ids: Collected[int]) -> list[Collection]:
    query = sa.select(Collection).where(Collection.id.in_(list(ids)))
    return list(session.scalars(query.order_by(Collection.id)))


def _members(session: Session, collection_id: int) -> list[int]:
    query = sa.select(Member.peer_id).where(Member.collection_id == collection_id)
    return list(session.scalars(query.order_by(Member.peer_id)))
