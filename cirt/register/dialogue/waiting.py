"""Answers that wait for one of us, and reporters for whom we wait: for the queue, the desk and a list of their own."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from cirt.kernel.among import among_given
from cirt.kernel.work import Actor, Work
from cirt.register.dialogue.models import Message, MessageKind, is_question, is_unread
from cirt.register.dialogue.queries import of_incidents, visible_to
from cirt.register.merging.models import IncidentMerge
from cirt.register.merging.queries import family
from cirt.register.models import Incident, Report
from cirt.register.pages import PAGE, Order, Page, Query, read_page

_LATER: Any = aliased(Message)


@dataclass(frozen=True, slots=True)
class WaitingAnswer:
    """``reference`` is the report's, or the incident's where there is no report; ``title`` likewise."""

    reference: str
    title: str
    text: str  # its beginning
    at: datetime


@dataclass(frozen=True, slots=True)
class Waits:
    """``answers`` wait for one of us; since ``asked_at``, the earliest question with no answer after it, we wait."""

    answers: int = 0
    asked_at: datetime | None = None


NOTHING_WAITS = Waits()
_BEGINNING = 300


def answers_waiting(work: Work) -> int:
    """How many answers nobody has taken note of, of those that are for the actor to see."""
    return work.session.scalar(_counted(work.actor)) or 0


def waits_of(work: Work, report_ids: Collection[int]) -> dict[int, Waits]:
    """What waits in the dialogue of each of these reports; those where nothing does are absent."""
    rows = work.session.execute(_waiting(work.actor), {"report_ids": list(report_ids)})
    return {report_id: Waits(answers, asked) for report_id, answers, asked in rows if report_id}


@lru_cache(maxsize=256)
def _waiting(actor: Actor) -> Query:
    """Made once for each who asks, as below: it takes longer to make than to run."""
    answered = sa.exists().where(
        _LATER.report_id == Message.report_id,
        _LATER.kind == MessageKind.ANSWER,
        _LATER.at >= Message.at,
    )
    is_open = sa.and_(is_question, ~answered)
    return (
        visible_to(actor)
        .with_only_columns(
            Message.report_id,
            sa.func.count().filter(is_unread),
            sa.func.min(Message.at, type_=Message.at.type).filter(is_open),
            maintain_column_froms=True,
        )
        .where(among_given(Message.report_id, "report_ids"), sa.or_(is_unread, is_question))
        .group_by(Message.report_id)
    )


def answers_in_incident(work: Work, incident_id: int) -> int:
    """How many of them stand in the dialogue of this incident."""
    ids = family(work, IncidentMerge, incident_id)
    counted = _counted(work.actor).where(Message.id.in_(of_incidents(ids)))
    return work.session.scalar(counted) or 0


def waiting_answers(
    work: Work, *, cursor: str | None = None, limit: int = PAGE
) -> Page[WaitingAnswer]:
    """A page of them, the longest wait first."""
    query = _unread(work.actor).with_only_columns(
        Message.at,
        sa.func.substr(Message.text, 1, _BEGINNING).label("text"),
        sa.func.coalesce(Report.reference, Incident.reference).label("reference"),
        sa.func.coalesce(Report.title, Incident.title).label("title"),
        maintain_column_froms=True,
    )
    order = Order(Message.at, Message.id, newest_first=False)
    page = read_page(work.session, query, order, cursor, limit)
    return page.of(lambda row: WaitingAnswer(row.reference, row.title, row.text, row.at))


@lru_cache(maxsize=256)
def _counted(actor: Actor) -> Query:
    return _unread(actor).with_only_columns(sa.func.count(), maintain_column_froms=True)


def _unread(actor: Actor) -> Query:
    return visible_to(actor).where(is_unread)
