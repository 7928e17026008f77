"""Who may take an object back: leads, and the handlers of the incidents that it came from (rulings 16)."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.work import Actor, Work
from cirt.parties.models import Account
from cirt.register.models import Incident, IncidentObservable
from cirt.register.sight import sees_incident
from cirt.release.errors import NotYourIncident
from cirt.release.models import Proposal, ProposalObject


def check_may_recall(work: Work, object_id: int) -> None:
    """
    Raises:
        NotAllowed: the actor takes back nothing at all.
        NotYourIncident: this came from no incident of theirs.
    """
    work.require("indicator:write")
    if not may_recall(work, object_id):
        raise NotYourIncident


def may_recall(work: Work, object_id: int) -> bool:
    actor = work.actor
    if not actor.may("indicator:write"):
        return False
    return actor.may("release:decide") or _is_theirs(work.session, actor, object_id)


def _is_theirs(session: Session, actor: Actor, object_id: int) -> bool:
    """It was made in an incident that they lead, of an observable that they confirmed, or they asked for its release."""
    mine = sa.select(Account.id).where(Account.person_id == actor.person_id)
    made_in = sa.exists().where(
        IncidentObservable.object_id == object_id,
        Incident.id == IncidentObservable.incident_id,
        sa.or_(Incident.owner_id.in_(mine), IncidentObservable.decided_by_id.in_(mine)),
        sees_incident(actor),
    )
    asked_for = sa.exists().where(
        ProposalObject.object_id == object_id,
        Proposal.id == ProposalObject.proposal_id,
        Proposal.asked_by_id.in_(mine),
    )
    return bool(session.scalar(sa.select(sa.or_(made_in, asked_for))))
