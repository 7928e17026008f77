"""What a release would do, row by row, and the digest to which approvals are bound (rulings 13)."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.objects.models import ObjectFacts, ObjectVersion, StixObject
from cirt.parties.models import Peer
from cirt.release.models import (
    Collection,
    Member,
    Proposal,
    ProposalCollection,
    ProposalObject,
    ProposalRow,
)
from cirt.release.offers import chunks
from cirt.sharing.gate import Audience, PreviewRow, preview
from cirt.sharing.models import Agreement
from cirt.sharing.verdicts import Decision, Verdict


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

    @property
    def was_edited(self) -> bool:
        return self.version_id != self.newest_id


@dataclass(frozen=True, slots=True)
class Weighed:
    """``needed`` is how many others must approve; None where nothing would leave."""

    objects: list[Asked]
    collections: list[Collection]
    rows: list[PreviewRow]
    digest: str
    needed: int | None

    @property
    def leaving(self) -> list[PreviewRow]:
        return [row for row in self.rows if row.decision.lets_leave()]

    def leaving_into(self, collection_id: int) -> list[int]:
        """Versions that somebody gets from this collection, in the order asked."""
        going = {row.version_id for row in self.leaving if row.collection_id == collection_id}
        return [each.version_id for each in self.objects if each.version_id in going]


@dataclass(frozen=True, slots=True)
class Change:
    """A row that is not as it was shown."""

    what: str  # gains, loses, differs
    peer_id: int
    collection_id: int
    version_id: int


def weigh(work: Work, proposal: Proposal) -> Weighed:
    """Ask the gate for every version, collection and member."""
    objects = _asked(work.session, proposal.id)
    collections = _collections(work.session, proposal.id)
    audiences = [
        Audience(each.id, each.kind.value, _members(work.session, each.id)) for each in collections
    ]
    version_ids = [each.version_id for each in objects]
    rows = preview(work, version_ids, audiences, sector=proposal.sector)
    return _weighed(objects, collections, rows)


def recorded(session: Session, proposal: Proposal) -> Weighed:
    """As it was weighed last; of a decided release, what was decided on."""
    objects = _asked(session, proposal.id)
    names = {each.version_id: each.stix_id for each in objects}
    kept = session.scalars(sa.select(ProposalRow).where(ProposalRow.proposal_id == proposal.id))
    rows = [
        PreviewRow(
            row.version_id,
            names[row.version_id],
            row.collection_id,
            row.peer_id,
            Decision(Verdict(row.verdict), row.rule, row.values),
            row.agreement,
        )
        for row in kept
    ]
    return _weighed(objects, _collections(session, proposal.id), rows)


def _weighed(
    objects: list[Asked], collections: list[Collection], rows: list[PreviewRow]
) -> Weighed:
    counts = [row.decision.approvals for row in rows if row.decision.lets_leave()]
    needed = max((each for each in counts if each is not None), default=None)
    return Weighed(objects, collections, rows, _digest(objects, collections, rows), needed)


def hold(work: Work, proposal: Proposal) -> None:
    """Keep agreements, peers, members and objects of a release as they are until commit.

    In the order that ``offers`` names, collections last.
    """
    session = work.session
    mine = sa.select(ProposalCollection.collection_id).where(
        ProposalCollection.proposal_id == proposal.id
    )
    peers = sa.select(Member.peer_id).where(Member.collection_id.in_(mine))
    named = sa.select(ProposalObject.object_id).where(ProposalObject.proposal_id == proposal.id)
    held: list[sa.Select[int]] = [
        sa.select(Peer.id).where(Peer.id.in_(peers)).order_by(Peer.id),
        sa.select(Agreement.id).where(Agreement.peer_id.in_(peers)).order_by(Agreement.id),
        sa.select(StixObject.id).where(StixObject.id.in_(named)).order_by(StixObject.id),
        sa.select(Collection.id).where(Collection.id.in_(mine)).order_by(Collection.id),
    ]
    for query in held:
        session.execute(query.with_for_update(key_share=True)).all()


def keep_rows(work: Work, proposal: Proposal, rows: Sequence[PreviewRow]) -> None:
    """Write down what was weighed, in place of what was before."""
    work.session.execute(sa.delete(ProposalRow).where(ProposalRow.proposal_id == proposal.id))
    values = [
        {
            "proposal_id": proposal.id,
            "collection_id": row.collection_id,
            "peer_id": row.peer_id,
            "version_id": row.version_id,
            "verdict": row.decision.verdict.value,
            "rule": row.decision.rule,
            "values": dict(row.decision.values),
            "agreement": row.agreement,
        }
        for row in rows
    ]
    if values:
        work.session.execute(sa.insert(ProposalRow), values)


def changes(session: Session, proposal: Proposal, weighed: Weighed) -> list[Change]:
    """How what would leave now differs from what was written down last."""
    kept = session.scalars(sa.select(ProposalRow).where(ProposalRow.proposal_id == proposal.id))
    leaves = ("yes", "needs-approval")
    before = {
        (row.peer_id, row.collection_id, row.version_id): (row.verdict, row.rule, row.agreement)
        for row in kept
        if row.verdict in leaves
    }
    now = {
        (row.peer_id, row.collection_id, row.version_id): (
            row.decision.verdict.value,
            row.decision.rule,
            row.agreement,
        )
        for row in weighed.leaving
    }
    found = [Change("gains", *key) for key in now.keys() - before.keys()]
    found += [Change("loses", *key) for key in before.keys() - now.keys()]
    found += [
        Change("differs", *key) for key in now.keys() & before.keys() if now[key] != before[key]
    ]
    return sorted(found, key=lambda each: (each.what, each.peer_id, each.version_id))


def _digest(
    objects: Sequence[Asked], collections: Sequence[Collection], rows: Sequence[PreviewRow]
) -> str:
    """SHA-256 over the sorted rows that would leave: no clocks, no prose."""
    by_id: Mapping[int, Asked] = {each.version_id: each for each in objects}
    uuids = {each.id: each.uuid for each in collections}
    lines = sorted(
        [
            by_id[row.version_id].stix_id,
            by_id[row.version_id].version_text,
            by_id[row.version_id].sha256.hex(),
            str(row.peer_id),
            row.decision.verdict.value,
            row.decision.rule,
            row.agreement or "",
            uuids[row.collection_id],
        ]
        for row in rows
        if row.decision.lets_leave()
    )
    return hashlib.sha256(json.dumps(lines, separators=(",", ":")).encode()).hexdigest()


def _asked(session: Session, proposal_id: int) -> list[Asked]:
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
        )
        .join(ProposalObject, ProposalObject.version_id == ObjectVersion.id)
        .join(StixObject, StixObject.id == ObjectVersion.object_id)
        .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
        .where(ProposalObject.proposal_id == proposal_id)
        .order_by(ObjectVersion.object_id)
    )
    return [Asked(*row) for row in session.execute(query)]


def newest_versions(session: Session, object_ids: Sequence[int]) -> dict[int, int]:
    """Object id to the id of its newest version."""
    found: dict[int, int] = {}
    for part in chunks(object_ids):
        rows = session.execute(
            sa.select(StixObject.id, StixObject.newest_id).where(StixObject.id.in_(part))
        )
        found.update((row[0], row[1]) for row in rows if row[1] is not None)
    return found


def _collections(session: Session, proposal_id: int) -> list[Collection]:
    query = sa.select(Collection).join(ProposalCollection)
    mine = ProposalCollection.proposal_id == proposal_id
    return list(session.scalars(query.where(mine).order_by(Collection.id)))


def _members(session: Session, collection_id: int) -> list[int]:
    query = sa.select(Member.peer_id).where(Member.collection_id == collection_id)
    return list(session.scalars(query.order_by(Member.peer_id)))
