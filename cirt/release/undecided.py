"""Requests for release that an incident waits for."""

import sqlalchemy as sa

from cirt.kernel.work import Work
from cirt.register.closing.service import also_count
from cirt.register.models import Incident
from cirt.release.models import Proposal, ProposalState

_WAITING = (ProposalState.ASKED, ProposalState.SENT_BACK)


@also_count("releases")
def undecided_of(work: Work, incident: Incident) -> int:
    """How many were asked for from this incident and are not decided."""
    query = sa.select(sa.func.count()).where(
        Proposal.incident_id == incident.id, Proposal.state.in_(_WAITING)
    )
    return work.session.scalar(query) or 0
