"""A release as a row: found, its approvals, who may read its words, and its line on the incident."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from cirt.kernel.work import Actor, Work
from cirt.parties.models import Account, RoleGrant
from cirt.parties.roles import roles_with
from cirt.register.closing.service import also_count
from cirt.register.incidents import note_entry
from cirt.register.models import EntryKind, Incident
from cirt.register.sight import sees_incident
from cirt.release.errors import NoSuchRelease
from cirt.release.models import Proposal, ProposalDecision, ProposalState, Ruling

Condition = sa.ColumnElement[bool]
_UNDECIDED = (ProposalState.ASKED, ProposalState.SENT_BACK)


def get_proposal(session: Session, reference: str, *, lock: bool = False) -> Proposal:
    """
    Raises:
        NoSuchRelease.
    """
    query = sa.select(Proposal).where(Proposal.reference == reference)
    if lock:
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    found = session.scalars(query).one_or_none()
    if found is None:
        raise NoSuchRelease(reference=reference[:20])
    return found


def is_approval() -> Condition:
    """On ProposalDecision: an approval that was not voided."""
    return sa.and_(ProposalDecision.ruling == Ruling.APPROVED, ProposalDecision.voided.is_(False))


def giver_may() -> Condition:
    """On ProposalDecision: whoever gave it could still give it; else it counts no more while others wait."""
    giver = aliased(Account)  # lists join the asker's account
    return sa.exists().where(
        giver.id == ProposalDecision.account_id,
        giver.disabled_at.is_(None),
        RoleGrant.account_id == giver.id,
        RoleGrant.role.in_(roles_with("release:decide")),
    )


def reads_words(actor: Actor) -> Condition:
    """On Proposal: title and reason are of its incident, so they are for those who may see that."""
    seen = sa.exists().where(Incident.id == Proposal.incident_id, sees_incident(actor))
    return sa.or_(Proposal.incident_id.is_(None), seen)


def title_for(actor: Actor) -> sa.ColumnElement[str | None]:
    return sa.case((reads_words(actor), Proposal.title), else_=None)


def approvals_of(session: Session, proposal_id: int) -> list[ProposalDecision]:
    """Those that were not voided, oldest first."""
    query = sa.select(ProposalDecision).where(
        ProposalDecision.proposal_id == proposal_id, is_approval()
    )
    return list(session.scalars(query.order_by(ProposalDecision.id)))


def tell(work: Work, proposal: Proposal, kind: EntryKind, **values: Any) -> None:
    if proposal.incident_id is not None:
        note_entry(work, proposal.incident_id, kind, release=proposal.reference, **values)


@also_count("releases")
def undecided_of(work: Work, incident: Incident) -> int:
    """How many were asked for from this incident and are not decided; it waits for them to be closed."""
    query = sa.select(sa.func.count()).where(
        Proposal.incident_id == incident.id, Proposal.state.in_(_UNDECIDED)
    )
    return work.session.scalar(query) or 0
