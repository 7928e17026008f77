"""All of one peer that wait for the same reason, decided at once: counted first, then exactly those."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.exchange.cases.commands import Alike, DecideAlike, Do
from cirt.exchange.cases.deciding import RIGHT, UNDOABLE, check_takeable
from cirt.exchange.cases.errors import CannotUndo, NothingLikeIt
from cirt.exchange.cases.kinds import Means, means
from cirt.exchange.cases.models import AT_WORK, AlikeDecision, Stage
from cirt.exchange.cases.slicing import alike, ask_worker, go_on, held
from cirt.exchange.loops.disputes import CONFLICT, resting
from cirt.exchange.models import Quarantined
from cirt.kernel.clock import from_us
from cirt.kernel.work import ActorKind, Work
from cirt.parties.four_eyes.errors import ReasonNeeded
from cirt.parties.models import Peer

FEW = 1000  # of so many it is said what they are, not only how many


@dataclass(frozen=True, slots=True)
class Group:
    """What would be decided; ``disputed`` of them are not dropped but solved one by one.

    ``objects`` and ``disputed`` are None where there are too many to look at each.
    """

    peer: str
    name: str  # of the peer; empty: console import
    code: str
    means: Means
    count: int
    objects: int | None
    disputed: int | None
    upto: int
    is_decided: bool  # a decision on them is being carried out

    @property
    def may_rest(self) -> bool:
        """Some may be second contents of versions that rest; nobody has counted them."""
        return self.disputed is None and self.code == CONFLICT


def group_of(session: Session, cmd: Alike) -> Group:
    """
    Raises:
        NothingLikeIt.
    """
    peer = _peer(session, cmd.peer)
    peer_id = peer.id if peer else None
    here = alike(peer_id, cmd.code)
    some = sa.select(
        Quarantined.id, Quarantined.stix_id, Quarantined.sha256, Quarantined.version_text
    )
    rows = session.execute(some.where(*here).order_by(Quarantined.id).limit(FEW + 1)).all()
    if not rows:
        raise NothingLikeIt
    count, upto = len(rows), rows[-1].id
    if is_many := count > FEW:
        ends = sa.select(sa.func.count(), sa.func.max(Quarantined.id)).where(*here)
        count, upto = session.execute(ends).one()
    deciding = sa.exists().where(*_deciding(peer_id, cmd.code))
    return Group(
        peer=cmd.peer,
        name=peer.name if peer else "",
        code=cmd.code,
        means=means(cmd.code),
        count=count,
        objects=None if is_many else len({row.stix_id or row.sha256 for row in rows}),
        disputed=None if is_many else len(resting(session, cmd.code, rows)),
        upto=upto,
        is_decided=bool(session.scalar(sa.select(deciding))),
    )


def decide_alike(work: Work, cmd: DecideAlike) -> AlikeDecision:
    """Exactly those that the page counted and that still wait: the first of them now, the rest by the worker.

    Where another decision on them is not at its end, this one holds for what that had not come to.

    Raises:
        NothingLikeIt, NotTakeable, ReasonNeeded, NotAllowed.
    """
    work.require(RIGHT)
    peer = _peer(work.session, cmd.peer)
    peer_id = peer.id if peer else None
    lets = check_takeable(cmd.code) if cmd.do is Do.TAKE else frozenset()
    if (lets or cmd.do is Do.DROP) and not cmd.reason.strip():
        raise ReasonNeeded
    waiting = sa.select(sa.func.count()).where(
        *alike(peer_id, cmd.code), Quarantined.id <= cmd.upto
    )
    total = work.session.scalar(waiting) or 0
    if not total:
        raise NothingLikeIt
    replaced = sa.update(AlikeDecision).where(*_deciding(peer_id, cmd.code))
    work.session.execute(replaced.values(stage=Stage.REPLACED, ended_at=work.now))
    decision = AlikeDecision(
        peer_id=peer_id,
        code=cmd.code,
        upto=cmd.upto,
        shown_at=work.now if cmd.shown_us is None else from_us(cmd.shown_us),
        do=cmd.do,
        reason=cmd.reason,
        asked_at=work.now,
        asked_by_id=work.actor.id if work.actor.kind is ActorKind.PERSON else None,
        asked_via=work.actor.kind,
        total=total,
    )
    work.session.add(decision)
    work.session.flush()
    facts = {"code": cmd.code, "do": cmd.do.value, "upto": cmd.upto, "count": total}
    work.audit("quarantine.decide-alike", cmd.peer or "import", decision=decision.id, **facts)
    _begin(work, decision)
    if decision.stage is Stage.DECIDED and not decision.decided:
        raise NothingLikeIt
    return decision


def undo_alike(work: Work, decision_id: int) -> AlikeDecision:
    """What it dropped waits again, also where it is not at its end yet: the first now, the rest by the worker.

    Raises:
        CannotUndo, NotAllowed.
    """
    work.require(RIGHT)
    decision = held(work, decision_id)
    if decision is None or not can_undo(decision, work.now):
        raise CannotUndo
    decision.stage, decision.ended_at = Stage.REOPENING, None
    work.audit("quarantine.undo-alike", f"decision {decision_id}", code=decision.code)
    _begin(work, decision)
    return decision


def can_undo(decision: AlikeDecision, now: datetime) -> bool:
    """As long as it is carried out, and for a day after that."""
    if decision.do is not Do.DROP or decision.stage in (Stage.REOPENING, Stage.REOPENED):
        return False
    return decision.ended_at is None or decision.ended_at > now - UNDOABLE


def _begin(work: Work, decision: AlikeDecision) -> None:
    go_on(work, decision)
    if decision.stage in AT_WORK:
        ask_worker(work, decision)


def _deciding(peer_id: int | None, code: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        AlikeDecision.stage == Stage.DECIDING,
        AlikeDecision.peer_id.is_not_distinct_from(peer_id),
        AlikeDecision.code == code,
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
