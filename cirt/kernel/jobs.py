"""Jobs as rows: put in the transaction of the change that asks for them, leased, run again after a crash.

A handler may run twice, so it must be idempotent. Periodic work takes a slot: the same slot is put once,
over any number of workers.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from cirt.kernel.db import Base, BigId

LEASE = timedelta(minutes=2)
MAX_ATTEMPTS = 8
_LONGEST_WAIT = timedelta(hours=1)  # after a failure
_OTHER_CLOCK = 2 * _LONGEST_WAIT  # what is due later than that was put while our clock was wrong


class JobState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    DEAD = "dead"  # tried MAX_ATTEMPTS times; a person must look


class Job(Base):
    __tablename__ = "job"
    __table_args__ = (sa.Index("ix_job_due", "state", "run_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(64))
    payload: Mapped[dict[str, Any]]
    slot: Mapped[str | None] = mapped_column(sa.String(120), unique=True)
    lane: Mapped[str | None] = mapped_column(
        sa.String(64)
    )  # jobs of one lane run one after another
    state: Mapped[JobState] = mapped_column(default=JobState.WAITING)
    run_at: Mapped[datetime]  # for a running one: when its lease ends
    attempts: Mapped[int] = mapped_column(default=0)
    lease: Mapped[str | None] = mapped_column(sa.String(32))
    error: Mapped[str | None] = mapped_column(sa.Text)
    ended_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class Claimed:
    """A job that this worker holds until its lease ends."""

    id: int
    kind: str
    payload: dict[str, Any]
    lease: str
    attempt: int


def put(
    session: Session,
    kind: str,
    payload: dict[str, Any],
    *,
    run_at: datetime,
    slot: str | None = None,
    lane: str | None = None,
) -> bool:
    """Ask for a job, due within the hour. False if its slot was already taken."""
    values = {
        "kind": kind,
        "payload": payload,
        "slot": slot,
        "lane": lane,
        "run_at": run_at,
        "state": JobState.WAITING,
        "attempts": 0,
    }
    dialect = session.get_bind().dialect.name
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = insert(Job).values(**values).on_conflict_do_nothing(index_elements=["slot"])
    return session.execute(statement.returning(Job.id)).scalar_one_or_none() is not None


def is_lane_busy(session: Session, lane: str) -> bool:
    """Whether a job of it waits or is under way."""
    at_it = Job.lane == lane, Job.state.in_([JobState.WAITING, JobState.RUNNING])
    return bool(session.scalar(sa.select(sa.exists().where(*at_it))))


def claim(
    session: Session,
    now: datetime,
    *,
    lease_for: timedelta = LEASE,
    in_lane: bool | None = None,
) -> Claimed | None:
    """Take the job that has been due longest, or one whose lease has run out; None if there is none.

    ``in_lane`` asks for those with a lane or without one only; a lane in which a job runs is passed over.
    One that has outlived its lease on every attempt is given up here: it may be what ends its workers.
    One that is due in many hours is due now: our clock has stepped back since.
    """
    ahead = aliased(Job)
    lane_is_busy = sa.exists().where(
        ahead.lane == Job.lane,
        ahead.state == JobState.RUNNING,
        ahead.run_at > now,
        ahead.run_at <= now + _OTHER_CLOCK,
        ahead.id != Job.id,
    )
    is_due = sa.or_(Job.run_at <= now, Job.run_at > now + _OTHER_CLOCK)
    due = (
        sa.select(Job)
        .where(Job.state.in_([JobState.WAITING, JobState.RUNNING]), is_due, ~lane_is_busy)
        .order_by(Job.run_at, Job.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if in_lane is not None:
        due = due.where(Job.lane.is_not(None) if in_lane else Job.lane.is_(None))
    while (job := session.scalars(due).one_or_none()) is not None and job.attempts >= MAX_ATTEMPTS:
        job.state, job.lease, job.ended_at = JobState.DEAD, None, now
        job.error = (
            f"no worker came to its end in {job.attempts} attempts; {job.error or 'no error'}"
        )
    if job is None:
        return None
    job.state, job.lease, job.run_at = JobState.RUNNING, secrets.token_hex(8), now + lease_for
    job.attempts += 1
    return Claimed(job.id, job.kind, job.payload, job.lease, job.attempts)


def renew(
    session: Session, claimed: Claimed, now: datetime, *, lease_for: timedelta = LEASE
) -> bool:
    """Hold on for another lease. False if somebody else has the job by now."""
    return _held(session, claimed, run_at=now + lease_for)


def finish(session: Session, claimed: Claimed, now: datetime) -> bool:
    return _held(session, claimed, state=JobState.DONE, lease=None, ended_at=now, error=None)


def fail(session: Session, claimed: Claimed, now: datetime, error: str) -> bool:
    """Note what went wrong; try again later, or give up after MAX_ATTEMPTS."""
    if claimed.attempt >= MAX_ATTEMPTS:
        return _held(session, claimed, state=JobState.DEAD, lease=None, error=error, ended_at=now)
    wait = min(timedelta(seconds=5 * 3 ** (claimed.attempt - 1)), _LONGEST_WAIT)
    return _held(
        session, claimed, state=JobState.WAITING, lease=None, error=error, run_at=now + wait
    )


def is_open(begin: sa.ColumnElement[str] | str) -> sa.ColumnElement[bool]:
    """Whether a job whose slot begins so waits or runs."""
    return sa.exists().where(
        Job.slot.startswith(begin), Job.state.in_([JobState.WAITING, JobState.RUNNING])
    )


def unfinished(session: Session, limit: int = 200) -> list[Job]:
    """Those that a person must look at first, then what failed and is tried again, then what waits."""
    rank = sa.case((Job.state == JobState.DEAD, 0), (Job.error.is_not(None), 1), else_=2)
    query = sa.select(Job).where(Job.state != JobState.DONE)
    return list(session.scalars(query.order_by(rank, Job.run_at, Job.id).limit(limit)))


def tidy(session: Session, before: datetime) -> int:
    """Forget jobs that were done before; their slots are long past."""
    gone = sa.delete(Job).where(Job.state == JobState.DONE, Job.ended_at < before)
    return len(session.execute(gone.returning(Job.id)).all())


def _held(session: Session, claimed: Claimed, **values: Any) -> bool:
    mine = sa.update(Job).where(Job.id == claimed.id, Job.lease == claimed.lease).values(**values)
    return session.execute(mine.returning(Job.id)).one_or_none() is not None
