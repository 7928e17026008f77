"""What a recall makes of the releases that named the object: taken back in part or whole (rulings 14)."""

import sqlalchemy as sa

from cirt.kernel.work import Work
from cirt.objects.models import StixObject
from cirt.release.models import (
    Proposal,
    ProposalObject,
    ProposalPersonRow,
    ProposalRow,
    ProposalState,
)
from cirt.release.recalling.models import Recall
from cirt.sharing.verdicts import Verdict

_LEAVING = (Verdict.YES.value, Verdict.NEEDS_APPROVAL.value)
_LEFT = (ProposalState.RELEASED, ProposalState.RECALLED_IN_PART)


def recall_proposals(work: Work, object_id: int) -> None:
    """Each release of this object is taken back in part, or as a whole where nothing of it stands any more."""
    session = work.session
    session.flush()
    names_it = sa.exists().where(
        ProposalObject.proposal_id == Proposal.id, ProposalObject.object_id == object_id
    )
    query = (
        sa.select(Proposal, still_stands().label("stands"))
        .where(Proposal.state.in_(_LEFT), names_it)
        .order_by(Proposal.id)
        .with_for_update(of=Proposal, key_share=True)
    )
    for proposal, stands in session.execute(query):
        proposal.state = ProposalState.RECALLED_IN_PART if stands else ProposalState.RECALLED


def still_stands() -> sa.ColumnElement[bool]:
    """On Proposal: whether it names an object that was not taken back since it was decided."""
    return (
        sa.exists()
        .where(
            ProposalObject.proposal_id == Proposal.id,
            StixObject.id == ProposalObject.object_id,
            has_left(),
            ~is_gone(),
        )
        .correlate(Proposal)
    )


def has_left() -> sa.ColumnElement[bool]:
    """On ProposalObject: somebody got the right to it when the release was decided."""
    by_row = [
        sa.exists()
        .where(
            row.proposal_id == ProposalObject.proposal_id,
            row.version_id == ProposalObject.version_id,
            row.verdict.in_(_LEAVING),
        )
        .correlate(ProposalObject)
        for row in (ProposalRow, ProposalPersonRow)
    ]
    return sa.or_(*by_row)


def is_gone() -> sa.ColumnElement[bool]:
    """On StixObject and Proposal: revoked, or withdrawn since the release."""
    withdrawn = sa.exists().where(
        Recall.object_id == StixObject.id, Recall.at >= Proposal.decided_at
    )
    return sa.or_(StixObject.revoked.is_(True), withdrawn.correlate(StixObject, Proposal))
