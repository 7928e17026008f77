"""Messages for pages, as far as the asker may see what they belong to."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import defer

from cirt.files.models import Attachment
from cirt.kernel.errors import NotFound
from cirt.kernel.work import Actor, Work
from cirt.parties.models import Account, Person
from cirt.register.dialogue.models import (
    Channel,
    Direction,
    Message,
    MessageFile,
    MessageKind,
    MessageState,
)
from cirt.register.linking.whereabouts import is_held_back, reports_on
from cirt.register.merging.models import IncidentMerge
from cirt.register.merging.queries import family
from cirt.register.models import Incident, Report
from cirt.register.pages import PAGE, Order, Page, Query, read_page
from cirt.register.sight import get_incident, get_report, sees_incident, sees_report

BEGINNING = 6000  # characters of a message in a list


@dataclass(frozen=True, slots=True)
class MessageRow:
    """``by`` is who of us wrote it, ``report`` whose reporter it is to or from; None for others' mail.

    In lists ``text`` is its beginning where ``is_cut``.
    """

    id: int
    report: str | None
    direction: Direction
    channel: Channel
    kind: MessageKind
    subject: str
    text: str
    is_cut: bool
    at: datetime
    by: str | None
    sender: str
    recipient: str
    state: MessageState | None
    failure: str
    sent_at: datetime | None
    read_at: datetime | None
    files: tuple[Attachment, ...]
    headers: dict[str, Any]

    @property
    def is_unread(self) -> bool:
        return self.direction is Direction.IN and self.read_at is None


def dialogue_of(
    work: Work, reference: str, *, cursor: str | None = None, limit: int = PAGE
) -> Page[MessageRow]:
    """A page of what was said on a report or an incident, the newest first. Five queries.

    Raises:
        NoSuchReport, NoSuchIncident.
    """
    order = Order(Message.at, Message.id, newest_first=True)
    beginning = sa.func.substr(Message.text, 1, BEGINNING + 1).label("text")
    query = messages_of(work, reference).options(defer(Message.text)).add_columns(beginning)
    page = read_page(work.session, query, order, cursor, limit)
    files = files_of(work, [row.Message.id for row in page.rows])
    return page.of(lambda row: _row(row, row.text, files.get(row.Message.id, ()), BEGINNING))


def whole_message(work: Work, message_id: int) -> MessageRow:
    """
    Raises:
        NotFound: there is none, or it is not for the actor to see.
    """
    query = visible_to(work.actor).where(Message.id == message_id)
    row = work.session.execute(query).one_or_none()
    if row is None:
        raise NotFound
    return _row(row, row.Message.text, files_of(work, [message_id]).get(message_id, ()))


def messages_of(work: Work, reference: str) -> Query:
    """Of a report, or of an incident with all its reports; each with its report's reference and its writer.

    Raises:
        NoSuchReport, NoSuchIncident.
    """
    if reference.startswith("INC-"):
        ids = family(work, IncidentMerge, get_incident(work, reference).id)
        return visible_to(work.actor).where(Message.id.in_(of_incidents(ids)))
    report = get_report(work, reference)
    return visible_to(work.actor).where(Message.report_id == report.id)


@lru_cache(maxsize=256)
def visible_to(actor: Actor) -> Query:
    """Whoever may not see the report, the incident that a message was written in, or any other that the report
    concerns, does not see the message; but what one wrote down of a reporter's words one may read.

    Made once for each who asks: it takes longer to make than to run.
    """
    is_own = sa.and_(Message.account_id == (actor.id or 0), Message.direction == Direction.IN)
    query: Query = (
        sa.select(Message, Report.reference.label("report"), Person.name.label("by"))
        .outerjoin(Report, Report.id == Message.report_id)
        .outerjoin(Incident, Incident.id == Message.incident_id)
        .outerjoin(Account, Account.id == Message.account_id)
        .outerjoin(Person, Person.id == Account.person_id)
        .where(
            sa.or_(Message.report_id.is_(None), sees_report(actor)),
            sa.or_(Message.incident_id.is_(None), sees_incident(actor)),
            sa.or_(~is_held_back(actor, Message.report_id), is_own),
        )
    )
    return query


def of_incidents(ids: Collection[int]) -> sa.CompoundSelect[tuple[int]]:
    """Ids of the messages written in these and of those of their reports; each half has its index."""
    own = sa.select(Message.id).where(Message.incident_id.in_(ids))
    of_reports = sa.select(Message.id).where(Message.report_id.in_(reports_on(ids)))
    return sa.union(own, of_reports)


def files_of(work: Work, message_ids: Collection[int]) -> dict[int, tuple[Attachment, ...]]:
    """Files by the message they came with."""
    query = (
        sa.select(MessageFile.message_id, Attachment)
        .join(Attachment, Attachment.id == MessageFile.attachment_id)
        .where(MessageFile.message_id.in_(message_ids))
        .order_by(Attachment.id)
    )
    found: defaultdict[int, tuple[Attachment, ...]] = defaultdict(tuple)
    for message_id, attachment in work.session.execute(query):
        found[message_id] += (attachment,)
    return found


def _row(
    row: sa.Row[Any], text: str, files: tuple[Attachment, ...], most: int | None = None
) -> MessageRow:
    message: Message = row.Message
    return MessageRow(
        id=message.id,
        report=row.report,
        direction=message.direction,
        channel=message.channel,
        kind=message.kind,
        subject=message.subject,
        text=text[:most],
        is_cut=most is not None and len(text) > most,
        at=message.at,
        by=row.by,
        sender=message.sender,
        recipient=message.recipient,
        state=message.state,
        failure=message.failure,
        sent_at=message.sent_at,
        read_at=message.read_at,
        files=files,
        headers=message.headers,
    )
