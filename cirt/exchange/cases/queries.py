"""Arrivals in quarantine for pages: lists with filters, one by number, what waits by peer and reason."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.exchange.cases.kinds import Case, Means, case_of, is_of, means
from cirt.exchange.cases.models import AlikeDecision
from cirt.exchange.models import Ending, Outcome, Quarantined
from cirt.kernel.work import ActorKind
from cirt.parties.models import Account, Peer, Person
from cirt.register.pages import Order, Page, Query, read_page

_GROUPS = 50


class Age(StrEnum):
    """How long ago it came."""

    DAY = "day"  # within
    WEEK = "week"  # within
    OLD = "old"  # more than a month


_BACK = {Age.DAY: timedelta(days=1), Age.WEEK: timedelta(days=7), Age.OLD: timedelta(days=30)}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A filter; None and False leave everything in. ``peer`` is a slug, empty for console imports."""

    peer: str | None = None
    outcome: Outcome | None = None
    case: Case | None = None
    age: Age | None = None
    settled: bool = False


@dataclass(frozen=True, slots=True)
class QuarantineLine:
    """``message`` is a marked sentence with {values}."""

    id: int
    outcome: Outcome
    stix_id: str | None
    version_text: str | None
    peer: str | None  # None: console import
    slug: str | None
    code: str
    message: str
    values: dict[str, Any]
    sha256: str
    at: datetime
    has_body: bool
    settled_at: datetime | None
    settled_as: Ending | None
    settled_via: ActorKind | None
    settled_by: str | None  # a person's name
    note: str | None

    @property
    def case(self) -> Case:
        return case_of(self.code)

    @property
    def means(self) -> Means:
        return means(self.code)

    @property
    def sentence(self) -> str:
        return self.message.format(**self.values)


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many of one peer wait for the same reason, and since when; the sentence is that of the youngest."""

    peer: str | None
    slug: str | None
    code: str
    count: int
    since: datetime
    message: str
    values: dict[str, Any]

    @property
    def means(self) -> Means:
        return means(self.code)


def quarantine_page(
    session: Session, wanted: Wanted, now: datetime, cursor: str | None = None
) -> Page[QuarantineLine]:
    """What waits, the youngest first; or what is settled, the last settled first."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    query = _lines().where(*_conditions(wanted, now, is_along=is_sqlite))
    at = Quarantined.settled_at if wanted.settled else Quarantined.at
    order = Order(at, Quarantined.id, newest_first=True)
    return read_page(session, query, order, cursor).of(_line)


def quarantine_line(session: Session, arrival_id: int) -> QuarantineLine | None:
    row = session.execute(_lines().where(Quarantined.id == arrival_id)).one_or_none()
    return _line(row) if row else None


def quarantine_counts(session: Session) -> dict[Outcome, int]:
    query = (
        sa.select(Quarantined.outcome, sa.func.count())
        .where(Quarantined.settled_at.is_(None))
        .group_by(Quarantined.outcome)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def waiting_alike(session: Session, wanted: Wanted, now: datetime) -> list[Waiting]:
    """What of the filter waits, by peer and reason, the most first."""
    count = sa.func.count()
    query = (
        sa.select(count, sa.func.min(Quarantined.id), sa.func.max(Quarantined.id))
        .where(*_conditions(wanted, now))
        .group_by(Quarantined.peer_id, Quarantined.code)
        .order_by(count.desc(), Quarantined.code, Quarantined.peer_id)
        .limit(_GROUPS)
    )
    rows = session.execute(query).all()
    ends = {number for row in rows for number in row[1:]}
    said = _lines().where(Quarantined.id.in_(ends))
    lines = {line.id: line for line in map(_line, session.execute(said))}
    return [_group(lines[youngest], many, lines[first].at) for many, first, youngest in rows]


def _group(line: QuarantineLine, count: int, since: datetime) -> Waiting:
    return Waiting(line.peer, line.slug, line.code, count, since, line.message, line.values)


def elsewhere(session: Session, line: QuarantineLine) -> list[QuarantineLine]:
    """The same bytes from the same peer that wait for another reason, which they were found to have later."""
    peer_id = sa.select(Peer.id).where(Peer.slug == line.slug).scalar_subquery()
    query = _lines().where(
        Quarantined.sha256 == line.sha256,
        Quarantined.id != line.id,
        Quarantined.settled_at.is_(None),
        Quarantined.peer_id == peer_id if line.slug else Quarantined.peer_id.is_(None),
    )
    return [_line(row) for row in session.execute(query.order_by(Quarantined.id))]


def _conditions(
    wanted: Wanted, now: datetime, *, is_along: bool = False
) -> list[sa.ColumnElement[bool]]:
    """``is_along``: SQLite is to read along the list until a page is full, not to sort all of one peer."""
    settled = Quarantined.settled_at.is_not(None)
    found: list[sa.ColumnElement[bool]] = [
        settled if wanted.settled else Quarantined.settled_at.is_(None)
    ]
    if wanted.peer is not None:
        found.append(_came_from(wanted.peer, is_along=is_along))
    if wanted.outcome is not None:
        found.append(Quarantined.outcome == wanted.outcome)
    if wanted.case is not None:
        found.append(is_of(wanted.case))
    if wanted.age is not None:
        edge = now - _BACK[wanted.age]
        found.append(Quarantined.at < edge if wanted.age is Age.OLD else Quarantined.at >= edge)
    return found


def _came_from(slug: str, *, is_along: bool) -> sa.ColumnElement[bool]:
    if not slug:
        return Quarantined.peer_id.is_(None)
    peer_id = sa.select(Peer.id).where(Peer.slug == slug).scalar_subquery()
    # No index is looked into by an expression.
    return Quarantined.peer_id + 0 == peer_id if is_along else Quarantined.peer_id == peer_id


def _lines() -> Query:
    query: Query = (
        sa.select(
            Quarantined.id,
            Quarantined.outcome,
            Quarantined.stix_id,
            Quarantined.version_text,
            Peer.name.label("peer"),
            Peer.slug,
            Quarantined.code,
            Quarantined.message,
            Quarantined.values.label("said"),
            Quarantined.sha256,
            Quarantined.at,
            Quarantined.body.is_not(None).label("has_body"),
            Quarantined.settled_at,
            Quarantined.settled_as,
            Quarantined.settled_via,
            Person.name.label("settled_by"),
            sa.func.coalesce(Quarantined.note, AlikeDecision.reason).label("note"),
        )
        .outerjoin(AlikeDecision, AlikeDecision.id == Quarantined.decision_id)
        .outerjoin(Peer, Peer.id == Quarantined.peer_id)
        .outerjoin(Account, Account.id == Quarantined.settled_by_id)
        .outerjoin(Person, Person.id == Account.person_id)
    )
    return query


def _line(row: sa.Row[Any]) -> QuarantineLine:
    return QuarantineLine(
        row.id,
        row.outcome,
        row.stix_id,
        row.version_text,
        row.peer,
        row.slug,
        row.code,
        row.message,
        dict(row.said),
        row.sha256,
        row.at,
        row.has_body,
        row.settled_at,
        row.settled_as,
        row.settled_via,
        row.settled_by,
        row.note,
    )
