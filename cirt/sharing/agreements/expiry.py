"""Ends that come near: 60, 30 and 7 days before, each told once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.inserting import insert_new
from cirt.kernel.work import Work
from cirt.parties.models import Peer
from cirt.sharing.agreements.models import AgreementWarning
from cirt.sharing.models import Agreement, AgreementState

THRESHOLDS = (60, 30, 7)  # days
_HORIZON = timedelta(days=max(THRESHOLDS))


@dataclass(frozen=True, slots=True)
class NearEnd:
    """An agreement in force that ends within the widest threshold."""

    agreement_id: int
    reference: str
    slug: str
    peer: str
    valid_until: datetime
    days_left: int  # whole days; 0 on the last


def near_ends(session: Session, now: datetime) -> list[NearEnd]:
    """The soonest first. What has a successor is told too: whether that fits, a person says."""
    query = (
        sa.select(Agreement.id, Agreement.reference, Peer.slug, Peer.name, Agreement.valid_until)
        .join(Peer, Peer.id == Agreement.peer_id)
        .where(
            Agreement.state == AgreementState.IN_FORCE,
            Agreement.valid_from <= now,
            Agreement.valid_until > now,
            Agreement.valid_until <= now + _HORIZON,
        )
        .order_by(Agreement.valid_until, Agreement.id)
    )
    return [
        NearEnd(agreement_id, reference, slug, peer, until, (until - now).days)
        for agreement_id, reference, slug, peer, until in session.execute(query)
        if until is not None
    ]


def passed_thresholds(valid_until: datetime, now: datetime) -> Sequence[int]:
    """Those that lie behind us while the end does not, the widest first. Pure."""
    return [days for days in THRESHOLDS if now >= valid_until - timedelta(days=days)]


def take_due_warnings(work: Work) -> list[NearEnd]:
    """Ends to be told of now; noted, so that no restart and no step of the clock tells them again.

    Who missed several (the worker was down) is told once, of the nearest.
    """
    due = []
    for each in near_ends(work.session, work.now):
        fresh = [
            days
            for days in passed_thresholds(each.valid_until, work.now)
            if _note(work, each, days)
        ]
        if fresh:
            work.audit("agreement.warn", each.reference, days=min(fresh))
            due.append(each)
    return due


def _note(work: Work, end: NearEnd, days: int) -> bool:
    """False if it was told before."""
    statement = insert_new(
        work.connection, AgreementWarning, "agreement_id", "valid_until", "days"
    ).values(agreement_id=end.agreement_id, valid_until=end.valid_until, days=days, at=work.now)
    made = work.connection.execute(statement.returning(AgreementWarning.days))
    return made.scalar_one_or_none() is not None
