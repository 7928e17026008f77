"""Lists of incidents for pages, and who may own one."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.parties.models import Account, Person, RoleGrant
from cirt.parties.roles import roles_with
from cirt.register.models import (
    IS_OPEN,
    Incident,
    IncidentObservable,
    IncidentState,
    Severity,
)
from cirt.register.pages import PAGE, Order, Page, Query, read_page
from cirt.register.sight import sees_incident


class Who(StrEnum):
    ANYBODY = ""
    MINE = "mine"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class IncidentFilter:
    """``states`` empty: all that is not closed."""

    states: tuple[IncidentState, ...] = ()
    rsit_class: str = ""
    severity: Severity | None = None
    who: Who = Who.ANYBODY
    words: str = ""
    is_cross_border: bool | None = None  # None: either
    by_priority: bool = False  # what comes first in the order of work, then the oldest


@dataclass(frozen=True, slots=True)
class IncidentRow:
    reference: str
    title: str
    state: IncidentState
    severity: Severity
    tlp: Tlp
    rsit_class: str
    rsit_type: str | None
    owner: str | None
    opened_at: datetime
    priority: int
    is_cross_border: bool


def incidents(
    work: Work, wanted: IncidentFilter, *, cursor: str | None = None, limit: int = PAGE
) -> Page[IncidentRow]:
    """A page of the list, the newest first unless another order is wanted. Two queries."""
    query = _rows(work).where(*_narrowed(work, wanted))
    order = Order(Incident.opened_at, Incident.id, newest_first=True)
    if wanted.by_priority:
        order = Order(Incident.opened_at, Incident.id, newest_first=False, rank=Incident.priority)
    page = read_page(work.session, query, order, cursor, limit)
    return page.of(_incident)


def incidents_of_object(work: Work, object_id: int) -> list[IncidentRow]:
    """The incidents from which this object was made, as far as the asker may see."""
    query = (
        _rows(work)
        .join(IncidentObservable, IncidentObservable.incident_id == Incident.id)
        .where(IncidentObservable.object_id == object_id)
        .order_by(Incident.id.desc())
        .limit(PAGE)
    )
    return [_incident(row) for row in work.session.execute(query)]


def next_in_line(work: Work, limit: int = 8) -> list[IncidentRow]:
    """Open incidents of the asker and of nobody, in the order of work. One query."""
    is_theirs = sa.or_(Incident.owner_id.is_(None), Incident.owner_id == work.actor.id)
    query = (
        _rows(work)
        .where(IS_OPEN, is_theirs)
        .order_by(Incident.priority, Incident.opened_at, Incident.id)
        .limit(limit)
    )
    return [_incident(row) for row in work.session.execute(query)]


def possible_owners(work: Work) -> list[tuple[int, str]]:
    """Accounts that may own an incident: id and name."""
    query = (
        sa.select(Account.id, Person.name)
        .join(Person, Person.id == Account.person_id)
        .join(RoleGrant, RoleGrant.account_id == Account.id)
        .where(Account.disabled_at.is_(None), RoleGrant.role.in_(roles_with("incident:write")))
        .distinct()
        .order_by(Person.name, Account.id)
    )
    return [(row.id, row.name) for row in work.session.execute(query)]


def _rows(work: Work) -> Query:
    query: Query = (
        sa.select(
            Incident.reference,
            Incident.title,
            Incident.state,
            Incident.severity,
            Incident.tlp,
            Incident.rsit_class,
            Incident.rsit_type,
            Person.name.label("owner"),
            Incident.opened_at,
            Incident.priority,
            Incident.is_cross_border,
        )
        .outerjoin(Account, Account.id == Incident.owner_id)
        .outerjoin(Person, Person.id == Account.person_id)
        .where(sees_incident(work.actor))
    )
    return query


def _incident(row: sa.Row[Any]) -> IncidentRow:
    return IncidentRow(
        reference=row.reference,
        title=row.title,
        state=row.state,
        severity=row.severity,
        tlp=row.tlp,
        rsit_class=row.rsit_class,
        rsit_type=row.rsit_type,
        owner=row.owner,
        opened_at=row.opened_at,
        priority=row.priority,
        is_cross_border=row.is_cross_border,
    )


def _narrowed(work: Work, wanted: IncidentFilter) -> list[sa.ColumnElement[bool]]:
    given: list[sa.ColumnElement[bool]] = [
        Incident.state.in_(wanted.states) if wanted.states else IS_OPEN
    ]
    if wanted.rsit_class:
        given.append(Incident.rsit_class == wanted.rsit_class)
    if wanted.severity is not None:
        given.append(Incident.severity == wanted.severity)
    if wanted.is_cross_border is not None:
        given.append(Incident.is_cross_border.is_(wanted.is_cross_border))
    if wanted.who is Who.MINE:
        given.append(Incident.owner_id == work.actor.id)
    elif wanted.who is Who.NOBODY:
        given.append(Incident.owner_id.is_(None))
    words = wanted.words.strip()
    if words:
        columns = (Incident.title, Incident.reference)
        given.append(sa.or_(*(column.icontains(words, autoescape=True) for column in columns)))
    return given
