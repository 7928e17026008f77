"""How long things took: releases, the settling of arrivals, their fetching."""

import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.exchange.models import Quarantined
from cirt.figures.agreements.scope import Scope
from cirt.kernel.text import mark
from cirt.objects.models import ObjectFacts
from cirt.release.holdings.models import FetchedRow
from cirt.release.models import FeedRow, Proposal, ProposalRow


@dataclass(frozen=True, slots=True)
class Delay:
    """How long something took; ``median`` and ``longest`` are None where it never happened."""

    name: str
    sentence: str  # marked
    count: int
    median: timedelta | None
    longest: timedelta | None


def delays(session: Session, scope: Scope) -> list[Delay]:
    """Those that the report has, in its order, also where nothing of the kind happened."""
    return [
        _delay(
            "release",
            mark("From our asking for a release to its decision"),
            _decided(session, scope),
        ),
        _delay(
            "arrival",
            mark("From an arrival that was held or refused to its settling"),
            _settled(session, scope),
        ),
        _fetch_delay(
            session,
            scope,
            "fetch",
            mark("From our offering an object to their fetching it"),
            recall=False,
        ),
        _fetch_delay(
            session,
            scope,
            "revocation-fetch",
            mark("From our offering a revocation to their fetching it"),
            recall=True,
        ),
    ]


def _delay(name: str, sentence: str, took: Iterable[timedelta]) -> Delay:
    seconds = sorted(each.total_seconds() for each in took)
    if not seconds:
        return Delay(name, sentence, 0, None, None)
    middle = statistics.median_low(seconds)
    longest = timedelta(seconds=seconds[-1])
    return Delay(name, sentence, len(seconds), timedelta(seconds=middle), longest)


def _decided(session: Session, scope: Scope) -> list[timedelta]:
    query = sa.select(Proposal.asked_at, Proposal.decided_at).where(
        *scope.in_period(Proposal.decided_at),
        sa.exists().where(ProposalRow.proposal_id == Proposal.id, *scope.asked_under()),
    )
    return [row.decided_at - row.asked_at for row in session.execute(query)]


def _settled(session: Session, scope: Scope) -> list[timedelta]:
    query = sa.select(Quarantined.at, Quarantined.settled_at).where(
        Quarantined.peer_id == scope.agreement.peer_id,
        *scope.in_period(Quarantined.settled_at),
        *scope.while_it_held(Quarantined.at),
    )
    return [row.settled_at - row.at for row in session.execute(query)]


def _fetch_delay(
    session: Session, scope: Scope, name: str, sentence: str, *, recall: bool
) -> Delay:
    """From the offer to the first fetch: the middle one is looked up, as there may be very many."""
    took = FetchedRow.at_us - FetchedRow.date_us
    query = scope.fetched(took.label("took")).join(
        FeedRow,
        sa.and_(FeedRow.feed_id == FetchedRow.feed_id, FeedRow.date_us == FetchedRow.date_us),
    )
    query = query.join(ObjectFacts, ObjectFacts.id == FetchedRow.facts_id)
    query = query.where(FeedRow.recall.is_(recall), ObjectFacts.companion.is_(False))
    rows = query.subquery()
    count, longest = session.execute(
        sa.select(sa.func.count(), sa.func.max(rows.c.took)).select_from(rows)
    ).one()
    if not count:
        return Delay(name, sentence, 0, None, None)
    middle = session.scalar(
        sa.select(rows.c.took).order_by(rows.c.took).offset((count - 1) // 2).limit(1)
    )
    return Delay(name, sentence, count, _us(middle or 0), _us(longest or 0))


def _us(microseconds: int) -> timedelta:
    return timedelta(microseconds=max(0, microseconds))
