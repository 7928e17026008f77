"""Answers that wait for one of us, and reporters for whom we wait: for the queue, the desk and a list of their own."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from cirt.kernel.work import Work
from cirt.register.dialogue.models import Message, MessageKind, is_question, is_unread
from cirt.register.dialogue.queries import of_incidents, visible_messages
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
    counted = _unread(work).with_only_columns(sa.func.count(), maintain_column_froms=True)
    return work.session.scalar(counted) or 0


def waits_of(work: Work, report_ids: Collection[int]) -> dict[int, Waits]:
    """What waits in the dialogue of each of these reports; those where nothing does are absent."""
    answered = sa.exists().where(
        _LATER.report_id == Message.report_id,
        _LATER.kind == MessageKind.ANSWER,
        _LATER.at >= Message.at,
    )
    is_open = sa.and_(is_question, ~answered)
    query = (
        visible_messages(work)
        .with_only_columns(
            Message.report_id,
            sa.func.count().filter(is_unread),
            sa.func.min(Message.at, type_=Message.at.type).filter(is_open),
            maintain_column_froms=True,
        )
        .where(Message.report_id.in_(report_ids), sa.or_(is_unread, is_question))
        .group_by(Message.report_id)
    )
    rows = work.session.execute(query)
    return {report_id: Waits(answers, asked) for report_id, answers, asked in rows if report_id}


def answers_in_incident(work: Work, incident_id: int) -> int:
    """How many of them stand in the dialogue of this incident."""
    ids = family(work, IncidentMerge, incident_id)
    counted = _unread(work).with_only_columns(sa.func.count(), maintain_column_froms=True)
    return work.session.scalar(counted.where(Message.id.in_(of_incidents(ids)))) or 0


def waiting_answers(
    work: Work, *, cursor: str | None = None, limit: int = PAGE
) -> Page[WaitingAnswer]:
    """A page of them, the longest wait first."""
    query = _unread(work).with_only_columns(
        Message.at,
        sa.func.substr(Message.text, 1, _BEGINNING).label("text"),
        sa.func.coalesce(Report.reference, Incident.reference).label("reference"),
        sa.func.coalesce(Report.title, Incident.title).label("title"),
        maintain_column_froms=True,
    )
    order = Order(Message.at, Message.id, newest_first=False)
    page = read_page(work.session, query, order, cursor, limit)
    return page.of(lambda row: WaitingAnswer(row.reference, row.title, row.text, row.at))


def _unread(work: Work) -> Query:
    return visible_messages(work).where(is_unread)
