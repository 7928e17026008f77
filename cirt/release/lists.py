"""The list of releases: what waits for somebody, what they asked for, what was decided."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from cirt.kernel.work import Work
from cirt.parties.models import Account, Person
from cirt.register.pages import Order, Page, Query, read_page
from cirt.release.models import (
    Proposal,
    ProposalAsker,
    ProposalDecision,
    ProposalObject,
    ProposalState,
)
from cirt.release.requests import giver_may, is_approval, title_for

_MOST_WAITING = 200  # on the desk


class ReleaseFilter(StrEnum):
    WAITING = "waiting"  # for somebody other than the asker
    MINE = "mine"
    DECIDED = "decided"


@dataclass(frozen=True, slots=True)
class ReleaseLine:
    reference: str
    title: str | None  # None: it is of an incident that is not for the reader
    state: ProposalState
    asker: str
    asked_at: datetime
    decided_at: datetime | None
    objects: int
    approvals: int  # that count


def release_page(work: Work, wanted: ReleaseFilter, cursor: str | None = None) -> Page[ReleaseLine]:
    """What waits: the longest wait first; the other lists the youngest first."""
    query = _lines(work).where(_condition(work, wanted))
    order = Order(Proposal.asked_at, Proposal.id, newest_first=wanted is not ReleaseFilter.WAITING)
    return read_page(work.session, query, order, cursor).of(_line)


def waiting_releases(work: Work) -> list[ReleaseLine]:
    """What waits for anybody, the youngest first."""
    query = _lines(work).where(Proposal.state == ProposalState.ASKED)
    rows = work.session.execute(query.order_by(Proposal.id.desc()).limit(_MOST_WAITING))
    return [_line(row) for row in rows]


def _line(row: sa.Row[Any]) -> ReleaseLine:
    return ReleaseLine(
        row.reference,
        row.title,
        row.state,
        row.asker,
        row.asked_at,
        row.decided_at,
        row.objects,
        row.approvals,
    )


def release_counts(work: Work) -> dict[ReleaseFilter, int]:
    """Of the two lists that grow when somebody must act."""
    counted = (ReleaseFilter.WAITING, ReleaseFilter.MINE)
    figures = [
        sa.select(sa.func.count(Proposal.id))
        .select_from(Proposal)
        .join(Account, Account.id == Proposal.asked_by_id)
        .where(_condition(work, each))
        .scalar_subquery()
        for each in counted
    ]
    return dict(zip(counted, work.session.execute(sa.select(*figures)).one(), strict=True))


def _lines(work: Work) -> Query:
    objects = (
        sa.select(sa.func.count())
        .where(ProposalObject.proposal_id == Proposal.id)
        .correlate(Proposal)
        .scalar_subquery()
    )
    approvals = (
        sa.select(sa.func.count())
        .where(ProposalDecision.proposal_id == Proposal.id, _counts())
        .correlate(Proposal)
        .scalar_subquery()
    )
    query: Query = (
        sa.select(
            Proposal.reference,
            title_for(work.actor).label("title"),
            Proposal.state,
            Person.name.label("asker"),
            Proposal.asked_at,
            Proposal.decided_at,
            objects.label("objects"),
            approvals.label("approvals"),
        )
        .select_from(Proposal)
        .join(Account, Account.id == Proposal.asked_by_id)
        .join(Person, Person.id == Account.person_id)
    )
    return query


def _counts() -> sa.ColumnElement[bool]:
    return sa.and_(is_approval(), giver_may())


def _condition(work: Work, wanted: ReleaseFilter) -> sa.ColumnElement[bool]:
    me = work.actor.person_id
    open_states = (ProposalState.ASKED, ProposalState.SENT_BACK)
    if wanted is ReleaseFilter.MINE:
        return sa.and_(Account.person_id == me, Proposal.state.in_(open_states))
    if wanted is ReleaseFilter.DECIDED:
        return Proposal.state.not_in(open_states)
    approved_by_me = sa.exists().where(
        ProposalDecision.proposal_id == Proposal.id, ProposalDecision.person_id == me, _counts()
    )
    asked_by_me = sa.exists().where(
        ProposalAsker.proposal_id == Proposal.id, ProposalAsker.person_id == me
    )
    return sa.and_(
        Proposal.state == ProposalState.ASKED,
        Account.person_id.is_distinct_from(me),
        ~asked_by_me,
        ~approved_by_me,
    )
