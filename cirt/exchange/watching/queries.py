"""Runs of lines page by page, and when the worker was last seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.exchange.models import Run, RunState
from cirt.exchange.trouble import LINK_ERRORS
from cirt.exchange.watching.reasons import RunReason, reasons_of
from cirt.kernel.jobs import Job, JobState
from cirt.register.pages import Order, Page, Query, read_page


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run of a link or connector. ``message`` is why it failed, with {values}; empty where it did not."""

    id: int
    started_at: datetime
    ended_at: datetime | None
    offered: int
    taken: int
    known: int
    held: int
    refused: int
    reasons: Sequence[RunReason]
    message: str
    values: Mapping[str, Any]


def run_page(session: Session, link_id: int, cursor: str | None) -> Page[RunLine]:
    """Of one link, the youngest first."""
    query: Query = sa.select(Run).where(Run.link_id == link_id)
    return read_page(session, query, Order(Run.started_at, Run.id, newest_first=True), cursor).of(
        lambda row: _of_link(row[0])
    )


def _of_link(run: Run) -> RunLine:
    failed = run.state is RunState.FAILED
    message = LINK_ERRORS.get(run.error or "", "") if failed else ""
    return RunLine(
        run.id,
        run.started_at,
        run.ended_at,
        run.offered,
        run.taken,
        run.known,
        run.held,
        run.refused,
        reasons_of(run.reasons),
        message,
        dict(run.error_values),
    )


def worker_seen_at(session: Session) -> datetime | None:
    """When some worker ended a job last, of those whose rows are still there."""
    query = sa.select(Job.ended_at).where(Job.state == JobState.DONE)
    return session.scalar(query.order_by(Job.id.desc()).limit(1))
