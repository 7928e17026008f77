"""How each link goes, in facts and one plain sentence."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.exchange.links.due import Rhythm, rhythm_of
from cirt.exchange.models import Link, LinkDirection, LinkState, Outgoing, Run, RunState
from cirt.exchange.trouble import LINK_ERRORS, ChoiceMissing, ShareUsed
from cirt.exchange.watching.alerts import standing
from cirt.exchange.watching.days import Counts, link_line
from cirt.exchange.watching.models import AlertKind
from cirt.exchange.watching.rules import Line
from cirt.exchange.watching.telling import Came, Told, tell_reading, tell_sending
from cirt.kernel.text import mark
from cirt.parties.models import Peer, PeerState
from cirt.release.models import Collection, Member


class Health(StrEnum):
    """One word for a link or a connector."""

    GOOD = "good"
    TROUBLE = "trouble"
    NOTHING_TAKEN = "nothing-taken"  # of what the last run was offered, though not all was known
    SILENT = "silent"  # longer than its habit
    RESTING = "resting"  # paused, or its peer suspended
    NEW = "new"  # has not run yet


HEALTH_WORDS = {
    Health.GOOD: mark("Works"),
    Health.TROUBLE: mark("Trouble"),
    Health.NOTHING_TAKEN: mark("Takes nothing"),
    Health.SILENT: mark("Silent"),
    Health.RESTING: mark("Rests"),
    Health.NEW: mark("Not run yet"),
}


RESTING = (ChoiceMissing.code, ShareUsed.code)  # said of a link in which nothing is wrong


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
    cron: str | None  # instead of every_s
    health: Health
    rhythm: Rhythm | None  # None: nothing runs by itself, for it rests or is carried
    last_run_at: datetime | None
    last_success_at: datetime | None
    last_data_at: datetime | None
    waiting: int  # on a push link
    refused_by_peer: int
    last_run: Run | None
    by_file: bool = False  # carried, so that it never runs by itself
    is_member: bool = True  # of the collection of ours that a push sends from
    error: str | None = None
    message: str = ""
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def line(self) -> str:
        return link_line(self.id)

    @property
    def sentence(self) -> str:
        return self.message.format(**self.values)

    @property
    def told(self) -> Told | None:
        """What the last run came to; None while there is none, it is under way, or it failed."""
        closed = None if self.is_member else self.collection
        return _told(
            self.direction, self.last_run, self.last_data_at, by_file=self.by_file, closed=closed
        )


def link_health(session: Session, peer_id: int | None = None) -> list[LinkHealth]:
    """Every link, or those with one peer, by the peer's name. Five queries, however many links there are."""
    query = (
        sa.select(Link, Peer, Collection.alias, Member.peer_id)
        .join(Peer, Peer.id == Link.peer_id)
        .outerjoin(Collection, Collection.id == Link.collection_id)
        .outerjoin(
            Member,
            sa.and_(Member.collection_id == Collection.id, Member.peer_id == Link.peer_id),
        )
        .order_by(Peer.name, Link.id)
    )
    if peer_id is not None:
        query = query.where(Link.peer_id == peer_id)
    waiting = _outgoing(session, Outgoing.failure.is_(None))
    refused = _outgoing(
        session, sa.and_(Outgoing.failure.is_not(None), Outgoing.given_up_at.is_(None))
    )
    runs = _last_runs(session)
    silent = {one.line for one in standing(session) if one.kind is AlertKind.SILENT}
    return [
        LinkHealth(
            id=link.id,
            peer=peer.slug,
            peer_name=peer.name,
            direction=link.direction,
            remote=link.remote,
            collection=alias,
            every_s=link.every_s,
            cron=link.cron,
            health=_word(link, peer, runs.get(link.id), is_silent=link_line(link.id) in silent),
            rhythm=None if link.by_file or _is_stopped(link, peer) else rhythm_of(link),
            last_run_at=link.last_run_at,
            last_success_at=link.last_success_at,
            last_data_at=link.last_data_at,
            waiting=waiting.get(link.id, 0),
            refused_by_peer=refused.get(link.id, 0),
            last_run=runs.get(link.id),
            by_file=link.by_file,
            is_member=link.collection_id is None or member is not None,
            error=link.error,
            message=LINK_ERRORS.get(link.error or "", ""),
            values=dict(link.error_values),
        )
        for link, peer, alias, member in session.execute(query)
    ]


def link_lines(session: Session) -> list[Line]:
    """Every link as alerts see it."""
    query = sa.select(Link, Peer).join(Peer, Peer.id == Link.peer_id).order_by(Link.id)
    return [
        Line(
            key=link_line(link.id),
            name=f"{peer.name}, {link.remote}",
            peer_id=peer.id,
            every_s=link.every_s,
            is_at_work=not _is_stopped(link, peer),
            brings_data=link.direction is LinkDirection.PULL,
            is_in_trouble=link.error is not None and link.error not in RESTING,
            since=link.created_at,
            last_success_at=link.last_success_at,
            last_data_at=link.last_data_at,
        )
        for link, peer in session.execute(query)
    ]


def _is_stopped(link: Link, peer: Peer) -> bool:
    is_awake = link.state is LinkState.ACTIVE and peer.state is PeerState.ACTIVE
    return link.waits_for_choice or not is_awake


def _word(link: Link, peer: Peer, run: Run | None, *, is_silent: bool) -> Health:
    if _is_stopped(link, peer) or link.error in RESTING:
        return Health.RESTING
    if link.error:
        return Health.TROUBLE
    if is_silent:
        return Health.SILENT
    told = _told(link.direction, run, link.last_data_at, by_file=link.by_file)
    if told is not None and told.came is Came.NOTHING_TAKEN:
        return Health.NOTHING_TAKEN
    return Health.GOOD if link.last_success_at else Health.NEW


def _told(
    direction: LinkDirection,
    run: Run | None,
    since: datetime | None,
    *,
    by_file: bool,
    closed: str | None = None,
) -> Told | None:
    if run is None or run.state is not RunState.DONE:
        return None
    counts = Counts(run.offered, run.taken, run.known, run.held, run.refused)
    if direction is LinkDirection.PULL:
        return tell_reading(counts, since)
    return tell_sending(counts, by_file=by_file, closed=closed)


def _outgoing(session: Session, condition: sa.ColumnElement[bool]) -> dict[int, int]:
    query = (
        sa.select(Outgoing.link_id, sa.func.count())
        .where(Outgoing.sent_at.is_(None), condition)
        .group_by(Outgoing.link_id)
    )
    return dict(session.execute(query).all())


def _last_runs(session: Session) -> dict[int, Run]:
    """Of each link one look into the index, however long it has been running."""
    newest = (
        sa.select(Run.id)
        .where(Run.link_id == Link.id)
        .order_by(Run.started_at.desc(), Run.id.desc())
        .limit(1)
        .correlate(Link)
        .scalar_subquery()
    )
    query = sa.select(Run).where(Run.id.in_(sa.select(newest).select_from(Link)))
    return {run.link_id: run for run in session.scalars(query)}
