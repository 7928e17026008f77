"""Decisions on many arrivals for pages: those being carried out, and those of the last day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.exchange.cases.deciding import UNDOABLE
from cirt.exchange.cases.kinds import Means, means
from cirt.exchange.cases.models import AT_WORK, AlikeDecision, Stage
from cirt.exchange.cases.together import can_undo
from cirt.parties.models import Account, Peer, Person

_SHOWN = 50


@dataclass(frozen=True, slots=True)
class DecisionLine:
    """``decision`` as it stands; nothing of it is changed."""

    decision: AlikeDecision
    peer: str | None  # None: console import
    slug: str | None
    by: str | None  # a person's name; None: the console
    can_undo: bool

    @property
    def means(self) -> Means:
        return means(self.decision.code)

    @property
    def is_at_work(self) -> bool:
        return self.decision.stage in AT_WORK

    @property
    def is_reopened(self) -> bool:
        return self.decision.stage in (Stage.REOPENING, Stage.REOPENED)

    @property
    def done(self) -> int:
        """How many it has come to."""
        return self.decision.reopened if self.is_reopened else self.decision.looked_at

    @property
    def total(self) -> int:
        """Of how many; what it had dropped where it is undone."""
        return self.decision.decided if self.is_reopened else self.decision.total


def decisions(session: Session, now: datetime) -> Sequence[DecisionLine]:
    """The youngest first."""
    query = (
        sa.select(AlikeDecision, Peer.name, Peer.slug, Person.name)
        .outerjoin(Peer, Peer.id == AlikeDecision.peer_id)
        .outerjoin(Account, Account.id == AlikeDecision.asked_by_id)
        .outerjoin(Person, Person.id == Account.person_id)
        .where(sa.or_(AlikeDecision.stage.in_(AT_WORK), AlikeDecision.ended_at > now - UNDOABLE))
        .order_by(AlikeDecision.id.desc())
        .limit(_SHOWN)
    )
    return [
        DecisionLine(decision, peer, slug, by, can_undo(decision, now))
        for decision, peer, slug, by in session.execute(query)
    ]
