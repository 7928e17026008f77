"""Takes back a release, or some of its objects: each as its kind asks for."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.work import Work
from cirt.objects.models import ObjectFacts, ObjectVersion, StixObject
from cirt.release.commands import RecallRelease, Revoke, Withdraw
from cirt.release.errors import NothingToRecall
from cirt.release.locks import lock_around
from cirt.release.models import Proposal, ProposalObject
from cirt.release.recalling.releases import has_left, is_gone
from cirt.release.recalling.revoking import revoke_indicator
from cirt.release.recalling.withdrawing import is_ours, withdraw
from cirt.release.requests import get_proposal
from cirt.sharing.red import shown_objects


@dataclass(frozen=True, slots=True)
class Left:
    """An object of a release that was not taken back yet."""

    object_id: int
    stix_id: str
    is_ours: bool


def recall_release(work: Work, cmd: RecallRelease) -> int:
    """Revoke what is ours of it and withdraw what others made, of what the actor may see; how many objects. All or
    nothing.

    Raises:
        NoSuchRelease, NothingToRecall, ReasonNeeded, NotYourIncident, NotAllowed.
    """
    work.require("indicator:write")
    proposal = get_proposal(work.session, cmd.reference, lock=True)
    left = left_of(work.session, proposal.id, shown_objects(work))
    chosen = [each for each in left if not cmd.stix_ids or each.stix_id in cmd.stix_ids]
    if not chosen:
        raise NothingToRecall(reference=proposal.reference)
    _hold(work.session, [each.object_id for each in chosen])
    for each in chosen:
        if each.is_ours:
            revoke_indicator(work, Revoke(each.stix_id, cmd.reason))
        else:
            withdraw(work, Withdraw(each.stix_id, cmd.reason))
    work.audit("release.recall", proposal.reference, objects=len(chosen), left=len(left))
    return len(chosen)


def left_of(
    session: Session, proposal_id: int, shown: sa.ColumnElement[bool] | None = None
) -> list[Left]:
    """What left by it and is not gone; by STIX id, which is also the order in which they are locked.

    ``shown``, on ObjectFacts and StixObject, is what may be seen; all for a count.
    """
    query = (
        sa.select(StixObject.id, StixObject.stix_id, ObjectFacts)
        .select_from(ProposalObject)
        .join(Proposal, Proposal.id == ProposalObject.proposal_id)
        .join(StixObject, StixObject.id == ProposalObject.object_id)
        .join(ObjectVersion, ObjectVersion.id == StixObject.newest_id)
        .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
        .where(Proposal.id == proposal_id, Proposal.decided_at.is_not(None), has_left(), ~is_gone())
        .where(sa.true() if shown is None else shown)
        .order_by(StixObject.stix_id)
    )
    return [
        Left(object_id, stix_id, is_ours(session, facts))
        for object_id, stix_id, facts in session.execute(query)
    ]


def _hold(session: Session, object_ids: Sequence[int]) -> None:
    """All objects, then all collections, before the first is taken back."""
    objects = sa.select(StixObject.id).where(StixObject.id.in_(object_ids))
    session.execute(objects.order_by(StixObject.stix_id).with_for_update(key_share=True)).all()
    lock_around(session, object_ids)
