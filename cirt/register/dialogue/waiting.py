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


_BEGINNING = 300


def answers_waiting(work: Work) -> int:
    """How many answers nobody has taken note of, of those that are for the actor to see."""
    counted = _unread(work).with_only_columns(sa.func.count(), maintain_column_froms=True)
    return work.session.scalar(counted) or 0


def answers_by_report(work: Work, references: Collection[str]) -> dict[str, int]:
    """How many of them each of these reports has; reports without any are absent."""
    query = (
        _unread(work)
        .with_only_columns(Report.reference, sa.func.count(), maintain_column_froms=True)
        .where(Report.reference.in_(references))
        .group_by(Report.reference)
    )
    return {row[0]: row[1] for row in work.session.execute(query)}


def asked_since(work: Work, report_ids: Collection[int]) -> dict[int, datetime]:
    """Since when the reporters of these owe us an answer: the earliest question with none after it.

    Reports that wait for nobody are absent.
    """
    answered = sa.exists().where(
        _LATER.report_id == Message.report_id,
        _LATER.kind == MessageKind.ANSWER,
        _LATER.at >= Message.at,
    )
    query = (
        visible_messages(work)
        .with_only_columns(
            Message.report_id,
            sa.func.min(Message.at, type_=Message.at.type),
            maintain_column_froms=True,
        )
        .where(is_question, Message.report_id.in_(report_ids), ~answered)
        .group_by(Message.report_id)
    )
    return {row[0]: row[1] for row in work.session.execute(query) if row[0]}


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
