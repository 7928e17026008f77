"""The ledger of handovers, for pages: what went to whom, and what has not gone."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from cirt.kernel.among import among
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.objects.models import ObjectFacts, ObjectVersion, StixObject
from cirt.parties.models import Peer
from cirt.release.handing.models import Handover, HandoverKind, HandoverState, HandoverVersion
from cirt.release.handing.service import is_reached
from cirt.release.holdings.sight import objects_naming_actor
from cirt.sharing.agreements.persons import AgreementPerson, named_readers
from cirt.sharing.models import Agreement
from cirt.sharing.red import named_on


@dataclass(frozen=True, slots=True)
class HandoverLine:
    """``objects`` is how many versions the mail holds, or names as revoked."""

    name: str
    email: str
    peer: str
    kind: HandoverKind
    state: HandoverState
    agreement: str
    fingerprint: str
    made_at: datetime
    sent_at: datetime | None
    tries: int
    failure: str
    objects: int
    proposal_id: int


def handovers(session: Session, proposal_ids: Sequence[int]) -> list[HandoverLine]:
    """In the order in which they were queued."""
    lines = _lines(session, Handover.proposal_id.in_(proposal_ids))
    return [line for _, line in lines]


def mails_of_recalls(work: Work, object_id: int) -> dict[int, list[HandoverLine]]:
    """By the revocation: the mails that tell of it persons who had the object by mail; as far as the actor may know."""
    recalls = _about(object_id).where(HandoverVersion.handover_id == Handover.id)
    of_recall = Handover.kind == HandoverKind.RECALL
    lines = _lines(work.session, of_recall, recalls.exists(), _may_know(work, object_id))
    query = sa.select(HandoverVersion.handover_id, HandoverVersion.version_id)
    named = query.where(HandoverVersion.handover_id.in_([each for each, _ in lines]))
    versions = {row.handover_id: row.version_id for row in work.session.execute(named)}
    found: dict[int, list[HandoverLine]] = defaultdict(list)
    for handover_id, line in lines:
        found[versions[handover_id]].append(line)
    return dict(found)


def persons_to_tell(work: Work, object_ids: Sequence[int]) -> tuple[list[str], list[str]]:
    """Names of those to whom any of these objects went by mail, or may have gone; as far as the actor may know.

    First those whom a mail can tell that it is revoked, then those whom none reaches any more.
    """
    was_tried = sa.and_(Handover.state == HandoverState.WAITING, Handover.message_id != "")
    query = (
        sa.select(AgreementPerson.id, AgreementPerson.name)
        .join(Handover, Handover.person_id == AgreementPerson.id)
        .join(HandoverVersion, HandoverVersion.handover_id == Handover.id)
        .join(ObjectVersion, ObjectVersion.id == HandoverVersion.version_id)
        .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
        .join(StixObject, StixObject.id == ObjectVersion.object_id)
        .where(
            among(ObjectVersion.object_id, object_ids),
            Handover.kind == HandoverKind.RELEASE,
            sa.or_(Handover.state == HandoverState.SENT, was_tried),
            sa.or_(ObjectFacts.tlp != Tlp.RED, named_on(work.actor.person_id)),
        )
    )
    rows = work.session.execute(query.distinct().order_by(AgreementPerson.name)).all()
    readers = named_readers(work.session, [row.id for row in rows], work.now) if rows else {}
    reached = {each for each, reader in readers.items() if is_reached(reader, work.now)}
    told = [row.name for row in rows if row.id in reached]
    return told, [row.name for row in rows if row.id not in reached]


def _about(object_id: int) -> sa.Select[int]:
    """Versions of one object in handovers."""
    query = sa.select(HandoverVersion.version_id).join(
        ObjectVersion, ObjectVersion.id == HandoverVersion.version_id
    )
    return query.where(ObjectVersion.object_id == object_id)


def _may_know(work: Work, object_id: int) -> sa.ColumnElement[bool]:
    """On Handover: what its person had of the object was not TLP:RED, or the actor is named on it."""
    if objects_naming_actor(work, [object_id]):
        return sa.true()
    other = aliased(Handover)
    red = (
        _about(object_id)
        .join(other, other.id == HandoverVersion.handover_id)
        .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
        .where(other.person_id == Handover.person_id, ObjectFacts.tlp == Tlp.RED)
    )
    return ~red.correlate(Handover).exists()


def _lines(session: Session, *conditions: sa.ColumnElement[bool]) -> list[tuple[int, HandoverLine]]:
    """With the key of each; in the order in which they were queued."""
    objects = (
        sa.select(sa.func.count())
        .where(HandoverVersion.handover_id == Handover.id)
        .correlate(Handover)
        .scalar_subquery()
    )
    query = (
        sa.select(
            Handover.id,
            AgreementPerson.name,
            AgreementPerson.email,
            Peer.name,
            Handover.kind,
            Handover.state,
            Handover.agreement,
            Handover.fingerprint,
            Handover.made_at,
            Handover.sent_at,
            Handover.tries,
            Handover.failure,
            objects,
            Handover.proposal_id,
        )
        .join(AgreementPerson, AgreementPerson.id == Handover.person_id)
        .join(Agreement, Agreement.id == AgreementPerson.agreement_id)
        .join(Peer, Peer.id == Agreement.peer_id)
        .where(*conditions)
        .order_by(Handover.id)
    )
    rows: Any = session.execute(query)  # more columns than its type names
    return [(row[0], HandoverLine(*row[1:])) for row in rows]
