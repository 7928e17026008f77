"""How each link goes, in facts and one plain sentence."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.exchange.models import Link, LinkDirection, LinkState, Outgoing, Run
from cirt.exchange.trouble import LINK_ERRORS
from cirt.kernel.text import mark
from cirt.parties.models import Peer, PeerState
from cirt.release.models import Collection


class Health(StrEnum):
    """One word for a link."""

    GOOD = "good"
    TROUBLE = "trouble"
    RESTING = "resting"  # paused, or its peer suspended
    NEW = "new"  # has not run yet


HEALTH_WORDS = {
    Health.GOOD: mark("Works"),
    Health.TROUBLE: mark("Trouble"),
    Health.RESTING: mark("Rests"),
    Health.NEW: mark("Not run yet"),
}


@dataclass(frozen=True, slots=True)
class LinkHealth:
    """``message`` is the cause of trouble, marked, with {values}; empty where there is none."""

    id: int
    peer: str  # slug
    peer_name: str
    direction: LinkDirection
    remote: str
    collection: str | None  # alias of ours, for a push
    every_s: int
    health: Health
    last_run_at: datetime | None
    last_success_at: datetime | None
    last_data_at: datetime | None
    waiting: int  # on a push link
    refused_by_peer: int
    last_run: Run | None
    by_file: bool = False  # carried, so that it never runs by itself
    error: str | None = None
    message: str = ""
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        return self.message.format(**self.values)


def link_health(session: Session, peer_id: int | None = None) -> list[LinkHealth]:
    """Every link, or those with one peer, by the peer's name."""
    query = (
        sa.select(Link, Peer, Collection.alias)
        .join(Peer, Peer.id == Link.peer_id)
        .outerjoin(Collection, Collection.id == Link.collection_id)
        .order_by(Peer.name, Link.id)
    )
    if peer_id is not None:
        query = query.where(Link.peer_id == peer_id)
    waiting = _outgoing(session, Outgoing.failure.is_(None))
    refused = _outgoing(session, Outgoing.failure.is_not(None))
    runs = _last_runs(session)
    return [
        LinkHealth(
            id=link.id,
            peer=peer.slug,
            peer_name=peer.name,
            direction=link.direction,
            remote=link.remote,
            collection=alias,
            every_s=link.every_s,
            health=_word(link, peer),
            last_run_at=link.last_run_at,
            last_success_at=link.last_success_at,
            last_data_at=link.last_data_at,
            waiting=waiting.get(link.id, 0),
            refused_by_peer=refused.get(link.id, 0),
            last_run=runs.get(link.id),
            by_file=link.by_file,
            error=link.error,
            message=LINK_ERRORS.get(link.error or "", ""),
            values=dict(link.error_values),
        )
        for link, peer, alias in session.execute(query)
    ]


def _word(link: Link, peer: Peer) -> Health:
    if link.state is LinkState.PAUSED or peer.state is PeerState.SUSPENDED:
        return Health.RESTING
    if link.error:
        return Health.TROUBLE
    return Health.GOOD if link.last_success_at else Health.NEW


def _outgoing(session: Session, condition: sa.ColumnElement[bool]) -> dict[int, int]:
    query = (
        sa.select(Outgoing.link_id, sa.func.count())
        .where(Outgoing.sent_at.is_(None), condition)
        .group_by(Outgoing.link_id)
    )
    return dict(session.execute(query).all())


def _last_runs(session: Session) -> dict[int, Run]:
    newest = sa.select(sa.func.max(Run.id)).group_by(Run.link_id)
    return {run.link_id: run for run in session.scalars(sa.select(Run).where(Run.id.in_(newest)))}
