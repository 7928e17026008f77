"""A release as a row: found, its approvals, and its line on the incident."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.work import ActorKind, Work
from cirt.register.incidents import note_entry
from cirt.register.models import EntryKind
from cirt.release.errors import NoSuchRelease, PersonNeeded
from cirt.release.models import Proposal, ProposalDecision, Ruling


def get_proposal(session: Session, reference: str, *, lock: bool = False) -> Proposal:
    """
    Raises:
        NoSuchRelease.
    """
    query = sa.select(Proposal).where(Proposal.reference == reference)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session.scalars(query).one_or_none()
    if found is None:
        raise NoSuchRelease(reference=reference[:20])
    return found


def approvals_of(session: Session, proposal_id: int) -> list[ProposalDecision]:
    """Those that still count, oldest first."""
    query = sa.select(ProposalDecision).where(
        ProposalDecision.proposal_id == proposal_id,
        ProposalDecision.ruling == Ruling.APPROVED,
        ProposalDecision.voided.is_(False),
    )
    return list(session.scalars(query.order_by(ProposalDecision.id)))


def tell(work: Work, proposal: Proposal, kind: EntryKind, **values: Any) -> None:
    if proposal.incident_id is not None:
        note_entry(work, proposal.incident_id, kind, release=proposal.reference, **values)


def person_of(work: Work) -> tuple[int, int]:
    """Account and person of the actor."""
    actor = work.actor
    if actor.kind is not ActorKind.PERSON or actor.id is None or actor.person_id is None:
        raise PersonNeeded
    return actor.id, actor.person_id
