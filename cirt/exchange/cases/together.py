"""All of one peer that wait for the same reason, decided at once: counted first, then exactly those."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.exchange.cases.commands import Alike, DecideAlike, Do
from cirt.exchange.cases.deciding import RIGHT, check_takeable, close_dropped, let_in
from cirt.exchange.cases.errors import NothingLikeIt
from cirt.exchange.cases.kinds import Means, Way, means
from cirt.exchange.loops.disputes import CONFLICT, disputed_by
from cirt.exchange.models import Outcome, Quarantined
from cirt.kernel.work import Work
from cirt.parties.four_eyes.errors import ReasonNeeded
from cirt.parties.models import Peer

AT_ONCE = 1000  # in one transaction; the rest waits for the next click


@dataclass(frozen=True, slots=True)
class Group:
    """What would be decided: ``count`` of ``waiting``; ``disputed`` of them are not dropped but solved one by one."""

    peer: str
    name: str  # of the peer; empty: console import
    code: str
    means: Means
    waiting: int
    count: int
    objects: int
    disputed: int
    upto: int


@dataclass(frozen=True, slots=True)
class Done:
    """By outcome, and the newest of those that were decided; ``left`` stay for another click."""

    outcomes: Mapping[str, int]
    last_id: int
    peer_id: int | None


def group_of(session: Session, cmd: Alike) -> Group:
    """
    Raises:
        NothingLikeIt.
    """
    peer = _peer(session, cmd.peer)
    here = _alike(peer, cmd.code)
    rows = list(
        session.scalars(sa.select(Quarantined).where(*here).order_by(Quarantined.id).limit(AT_ONCE))
    )
    if not rows:
        raise NothingLikeIt
    waiting = session.scalar(sa.select(sa.func.count()).where(*here)) or 0
    return Group(
        peer=cmd.peer,
        name=peer.name if peer else "",
        code=cmd.code,
        means=means(cmd.code),
        waiting=waiting,
        count=len(rows),
        objects=len({row.stix_id or row.sha256 for row in rows}),
        disputed=sum(_is_disputed(session, row) for row in rows),
        upto=rows[-1].id,
    )


def decide_alike(work: Work, cmd: DecideAlike) -> Done:
    """Exactly those that the page counted and that still wait; each as if it were decided alone.

    Raises:
        NothingLikeIt, NotTakeable, ReasonNeeded, NotAllowed.
    """
    work.require(RIGHT)
    peer = _peer(work.session, cmd.peer)
    lets = check_takeable(cmd.code) if cmd.do is Do.TAKE else frozenset()
    if (lets or cmd.do is Do.DROP) and not cmd.reason.strip():
        raise ReasonNeeded
    rows = _held_fast(work, peer, cmd)
    if cmd.do is Do.TAKE:
        rows = [row for row in rows if row.body is not None]
    else:
        rows = [row for row in rows if not _is_disputed(work.session, row)]
    if not rows:
        raise NothingLikeIt
    if cmd.do is Do.DROP:
        close_dropped(work, rows, cmd.reason)
        outcomes = {Do.DROP.value: len(rows)}
    else:
        arrivals = let_in(work, rows, lets, cmd.reason)
        outcomes = dict(Counter(arrival.outcome.value for arrival in arrivals))
    facts = {"code": cmd.code, "do": cmd.do.value, **outcomes}
    work.audit("quarantine.decide-alike", cmd.peer or "import", **facts)
    return Done(outcomes, rows[-1].id, peer.id if peer else None)


def not_taken(done: Done) -> int:
    return sum(done.outcomes.get(each.value, 0) for each in (Outcome.HELD, Outcome.REFUSED))


def needs_reason(known: Means, do: Do) -> bool:
    return do is Do.DROP or known.way is Way.TAKE


def _held_fast(work: Work, peer: Peer | None, cmd: DecideAlike) -> list[Quarantined]:
    query = (
        sa.select(Quarantined)
        .where(*_alike(peer, cmd.code), Quarantined.id <= cmd.upto)
        .order_by(Quarantined.id)
        .limit(AT_ONCE)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(work.session.scalars(query))


def _alike(peer: Peer | None, code: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        Quarantined.settled_at.is_(None),
        Quarantined.peer_id.is_not_distinct_from(peer.id if peer else None),
        Quarantined.code == code,
    )


def _peer(session: Session, slug: str) -> Peer | None:
    """
    Raises:
        NothingLikeIt.
    """
    if not slug:
        return None
    found = session.scalars(sa.select(Peer).where(Peer.slug == slug)).one_or_none()
    if found is None:
        raise NothingLikeIt
    return found


def _is_disputed(session: Session, row: Quarantined) -> bool:
    if row.code != CONFLICT:
        return False
    found = disputed_by(session, row)
    return found is not None and found.is_disputed
