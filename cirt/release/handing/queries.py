"""The ledger of handovers, for pages: what went to whom, and what has not gone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.parties.models import Peer
from cirt.release.handing.models import Handover, HandoverKind, HandoverState, HandoverVersion
from cirt.sharing.agreements.persons import AgreementPerson
from cirt.sharing.models import Agreement


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
    objects = (
        sa.select(sa.func.count())
        .where(HandoverVersion.handover_id == Handover.id)
        .correlate(Handover)
        .scalar_subquery()
    )
    query = (
        sa.select(
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
        .where(Handover.proposal_id.in_(proposal_ids))
        .order_by(Handover.id)
    )
    rows: Any = session.execute(query)  # more columns than its type names
    return [HandoverLine(*row) for row in rows]
