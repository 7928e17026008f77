"""One slice of a decision on many: few enough arrivals that nobody waits long for the database."""

import time
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from cirt.exchange import quarantine
from cirt.exchange.arrivals import take_waiting
from cirt.exchange.cases.commands import Do
from cirt.exchange.cases.deciding import check_takeable
from cirt.exchange.cases.models import AT_WORK, AlikeDecision, Stage
from cirt.exchange.loops.disputes import resting
from cirt.exchange.models import Ending, Outcome, Quarantined
from cirt.kernel import jobs
from cirt.kernel.among import among
from cirt.kernel.clock import to_us
from cirt.kernel.program import Program
from cirt.kernel.work import SYSTEM, Work
from cirt.parties.models import Peer
from cirt.register.pages import Query

JOB = "quarantine.decide"
_DROPPED = 500  # at first; then as many as fit into the time of a step
_TRIED = 100  # at first: each is judged and stored
_STEP_S = 0.2
_SHARES = (0.05, 4.0)  # of the above
_IN = (Outcome.TAKEN, Outcome.KNOWN)


def alike(peer_id: int | None, code: str) -> tuple[sa.ColumnElement[bool], ...]:
    """Those of one peer that wait for the same reason."""
    return (
        Quarantined.settled_at.is_(None),
        quarantine.came_from(peer_id),
        Quarantined.code == code,
    )


def ask_worker(work: Work, decision: AlikeDecision) -> None:
    """In a lane beside what else the worker does; one after another, and what is taken back beside what is decided."""
    stage = decision.stage.value
    jobs.put(
        work.session,
        JOB,
        {"decision": decision.id},
        run_at=work.now,
        slot=f"{_slot_of(decision)}{stage}-{to_us(work.now)}",
        lane=f"{JOB}-{stage}",
    )


def ask_anew(work: Work) -> None:
    """For those that are not at their end, and that the worker has given up."""
    query = sa.select(AlikeDecision).where(AlikeDecision.stage.in_(AT_WORK))
    for decision in work.session.scalars(query.order_by(AlikeDecision.id)).all():
        if not work.session.scalar(sa.select(jobs.is_open(_slot_of(decision)))):
            ask_worker(work, decision)


def _slot_of(decision: AlikeDecision) -> str:
    """As its jobs' slots begin."""
    return f"{JOB}-{decision.id}-"


def carry_on(program: Program, decision_id: int) -> Iterator[int]:
    """Go on to its end, a short transaction at a time; how many arrivals each. Two at once share the work."""
    share, (least, most) = 1.0, _SHARES
    while True:
        with program.work(SYSTEM) as work:
            begun = time.monotonic()
            decision = held(work, decision_id)
            if decision is None or decision.stage not in AT_WORK:
                return
            count = go_on(work, decision, share)
        share *= _STEP_S / max(time.monotonic() - begun, _STEP_S / most)
        share = min(most, max(least, share))
        yield count


def held(work: Work, decision_id: int) -> AlikeDecision | None:
    """Until commit, so that nobody else goes on with it."""
    query = sa.select(AlikeDecision).where(AlikeDecision.id == decision_id).with_for_update()
    return work.session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def go_on(work: Work, decision: AlikeDecision, share: float = 1.0) -> int:
    """The next slice of a decision that is at work; how many arrivals. The last one ends it.

    ``share`` of what a slice begins with is taken.
    """
    is_reopening = decision.stage is Stage.REOPENING
    query, some = _of_decision(decision) if is_reopening else _to_decide(decision)
    limit = max(1, int(some * share))
    found = work.session.execute(query.order_by(Quarantined.id).limit(limit + 1)).all()
    rows = list(quarantine.that_fit(found[:limit]))
    if is_reopening:
        _reopen(work, decision, [row.id for row in rows])
    elif rows:
        decision.reached = rows[-1].id
        _DO[decision.do](work, decision, rows)
    if len(rows) == len(found):
        _end(work, decision)
    return len(rows)


def _to_decide(decision: AlikeDecision) -> tuple[Query, int]:
    """What is next, and how many at first."""
    query = _PLAIN.where(
        *alike(decision.peer_id, decision.code),
        Quarantined.id > decision.reached,
        Quarantined.id <= decision.upto,
        sa.or_(Quarantined.reopened_at.is_(None), Quarantined.reopened_at <= decision.shown_at),
    )
    return query, _DROPPED if decision.do is Do.DROP else _TRIED


def _of_decision(decision: AlikeDecision) -> tuple[Query, int]:
    """What it dropped."""
    query = _PLAIN.where(
        Quarantined.decision_id == decision.id, Quarantined.settled_as == Ending.DROPPED
    )
    return query, _TRIED


_PLAIN: Query = sa.select(
    Quarantined.id, Quarantined.size, Quarantined.stix_id, Quarantined.version_text
)


def _drop(work: Work, decision: AlikeDecision, rows: Sequence[sa.Row[Any]]) -> None:
    """But for second contents that make a version rest: those are solved one by one."""
    kept = resting(work.session, decision.code, rows)
    dropped = [row.id for row in rows if row.id not in kept]
    query = sa.update(Quarantined).where(
        among(Quarantined.id, dropped), Quarantined.settled_at.is_(None)
    )
    done = work.connection.execute(
        query.values(
            settled_at=decision.asked_at,
            settled_as=Ending.DROPPED,
            settled_by_id=decision.asked_by_id,
            settled_via=decision.asked_via,
            decision_id=decision.id,
        )
    )
    decision.looked_at += done.rowcount + len(kept)
    decision.left += len(kept)


def _take(work: Work, decision: AlikeDecision, rows: Sequence[sa.Row[Any]]) -> None:
    """Each by the door at which it came. RED has no bytes and is never taken."""
    waiting = _held_rows(work, [row.id for row in rows], Quarantined.settled_at.is_(None))
    answers = take_waiting(work, waiting, check_takeable(decision.code))
    for row in waiting:
        if row.settled_at is not None:
            row.decision_id, row.settled_via = decision.id, decision.asked_via
            row.settled_by_id = decision.asked_by_id
    decision.looked_at += len(waiting)
    decision.left += sum(answer.outcome not in _IN for answer in answers)


_DO = {Do.DROP: _drop, Do.TAKE: _take}


def _reopen(work: Work, decision: AlikeDecision, ids: Sequence[int]) -> None:
    """They wait again; what was held for a definition is tried anew, which may have come meanwhile."""
    query = sa.update(Quarantined).where(
        among(Quarantined.id, ids), Quarantined.decision_id == decision.id
    )
    nothing = dict.fromkeys(quarantine.SETTLED)
    done = work.connection.execute(query.values(**nothing, reopened_at=work.now))
    decision.reopened += done.rowcount
    waiting = _held_rows(work, ids, Quarantined.waits_for.is_not(None))
    if waiting:
        take_waiting(work, waiting)


def _held_rows(work: Work, ids: Sequence[int], which: sa.ColumnElement[bool]) -> list[Quarantined]:
    query = (
        sa.select(Quarantined)
        .where(among(Quarantined.id, ids), which, Quarantined.body.is_not(None))
        .order_by(Quarantined.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(work.session.scalars(query))


def _end(work: Work, decision: AlikeDecision) -> None:
    is_undone = decision.stage is Stage.REOPENING
    decision.stage = Stage.REOPENED if is_undone else Stage.DECIDED
    decision.ended_at = work.now
    peer = work.session.get(Peer, decision.peer_id) if decision.peer_id else None
    facts = {"looked_at": decision.looked_at, "left": decision.left, "reopened": decision.reopened}
    work.audit(
        "quarantine.decided-alike",
        peer.slug if peer else "import",
        decision=decision.id,
        code=decision.code,
        do=decision.do.value,
        **facts,
    )
