"""The report on one agreement: what was given and received under it, how fast, what was refused and why; counts only."""

import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.exchange.models import Outcome, Quarantined
from cirt.figures.periods import Period
from cirt.kernel.clock import to_us
from cirt.kernel.text import mark
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.objects.models import ObjectFacts, ObjectVersion
from cirt.parties.models import Peer
from cirt.release.holdings.models import FetchedRow, HandedOut
from cirt.release.holdings.of_peer import is_behind
from cirt.release.models import Feed, FeedRow, Proposal, ProposalRow
from cirt.sharing.facts import PeerReader, Terms
from cirt.sharing.models import Agreement, AgreementVersion
from cirt.sharing.queries import find_agreement, peer_reader, terms_of
from cirt.sharing.rules import terms_rule
from cirt.sharing.verdicts import Verdict

NOT_MEASURED = (
    mark(
        "How fast letters and requests between us are answered: they are not kept with a time of answer."
    ),
    mark("What they fetched of manifests alone: a manifest holds no objects."),
)
_LEAVES = (Verdict.YES.value, Verdict.NEEDS_APPROVAL.value)


@dataclass(frozen=True, slots=True)
class Count:
    """Objects of one type and marking."""

    type: str
    tlp: Tlp
    objects: int


@dataclass(frozen=True, slots=True)
class Flow:
    """One direction: each object once, in each marking under which it went; ``objects`` counts it once in all."""

    objects: int
    sightings: int
    versions: int
    counts: list[Count]


@dataclass(frozen=True, slots=True)
class Delay:
    """How long something took; ``median`` and ``longest`` are None where it never happened."""

    name: str
    sentence: str  # marked
    count: int
    median: timedelta | None
    longest: timedelta | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """``where`` is gate or arrival; ``reason`` the stable id of the rule, or the code."""

    where: str
    reason: str
    outcome: str
    count: int


@dataclass(frozen=True, slots=True)
class AgreementReport:
    reference: str
    peer: str
    slug: str
    terms: Terms
    standing: str | None  # the rule that keeps it from being in force today
    versions: int  # made in the period
    period: Period
    given: Flow
    received: Flow
    revocations: int  # that they fetched
    delays: list[Delay]
    refusals: list[Refusal]
    is_behind: bool  # pages that it was answered last are not counted yet

    @property
    def balance(self) -> float | None:
        """Objects received for each one given; None where nothing was given."""
        return self.received.objects / self.given.objects if self.given.objects else None


def agreement_report(work: Work, reference: str, period: Period) -> AgreementReport:
    """
    Raises:
        NoSuchAgreement, NotAllowed.
    """
    work.require("agreement:report")
    session = work.session
    found = find_agreement(session, reference)
    peer = session.get_one(Peer, found.peer_id)
    terms = terms_of(found)
    reader: PeerReader = peer_reader(session, peer.id, work.now)
    made = sa.select(sa.func.count()).where(
        AgreementVersion.agreement_id == found.id, *_within(AgreementVersion.made_at, period)
    )
    return AgreementReport(
        reference=found.reference,
        peer=peer.name,
        slug=peer.slug,
        terms=terms,
        standing="peer-suspended" if reader.suspended else terms_rule(terms, work.now),
        versions=session.scalar(made) or 0,
        period=period,
        given=_flow(session, _given(found, period)),
        received=_flow(session, _received(session, found, period)),
        revocations=_revocations(session, found, period),
        delays=_delays(session, found, period),
        refusals=[*_gate_refusals(session, found, period), *_arrivals(session, found, period)],
        is_behind=period.until > work.now and is_behind(session, peer.id),
    )


def _within(column: Any, period: Period) -> tuple[sa.ColumnElement[bool], ...]:
    return column >= period.first, column < period.until


def _fetched(agreement: Agreement, period: Period, *columns: Any) -> sa.Select[*tuple[Any, ...]]:
    """Rows that they fetched under this agreement, found by the feeds of the peer and the time."""
    return (
        sa.select(*columns)
        .select_from(Feed)
        .join(FetchedRow, FetchedRow.feed_id == Feed.id)
        .where(
            Feed.peer_id == agreement.peer_id,
            FetchedRow.agreement_id == agreement.id,
            FetchedRow.at_us >= to_us(period.first),
            FetchedRow.at_us < to_us(period.until),
        )
    )


def _given(agreement: Agreement, period: Period) -> sa.Subquery:
    """Object, version and facts of all that went; what goes along by itself is left out, and so are revocations."""
    columns = ("object_id", "version_id", "facts_id")
    fetched = _fetched(agreement, period, *(getattr(FetchedRow, name) for name in columns))
    handed = sa.select(*(getattr(HandedOut, name) for name in columns)).where(
        HandedOut.peer_id == agreement.peer_id,
        HandedOut.agreement_id == agreement.id,
        *_within(HandedOut.at, period),
    )
    all_of = sa.union(fetched, handed).subquery()
    query = (
        sa.select(all_of.c.object_id, all_of.c.version_id, all_of.c.facts_id)
        .join(ObjectVersion, ObjectVersion.id == all_of.c.version_id)
        .where(ObjectVersion.bare.is_(False))
    )
    return query.subquery()


def _received(session: Session, agreement: Agreement, period: Period) -> sa.Subquery:
    """What this peer was the first to bring, of each version, while the agreement held."""
    begin, end = _life(session, agreement)
    query = (
        sa.select(
            ObjectVersion.object_id, ObjectVersion.id.label("version_id"), ObjectVersion.facts_id
        )
        .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
        .where(
            ObjectFacts.origin_id == agreement.peer_id,
            *_within(ObjectVersion.received_at, period),
            ObjectVersion.received_at >= begin,
        )
    )
    return (query if end is None else query.where(ObjectVersion.received_at < end)).subquery()


def _life(session: Session, agreement: Agreement) -> tuple[datetime, datetime | None]:
    """From when to when it could hold: it ends with its last day, or when it was ended before."""
    query = sa.select(AgreementVersion).where(AgreementVersion.agreement_id == agreement.id)
    ended = [each.made_at for each in session.scalars(query) if each.terms.get("state") == "ended"]
    ends = [each for each in (agreement.valid_until, *ended) if each is not None]
    return agreement.valid_from, min(ends, default=None)


def _flow(session: Session, went: sa.Subquery) -> Flow:
    with_facts = sa.select(went.c.object_id, went.c.version_id, ObjectFacts.type, ObjectFacts.tlp)
    facts = with_facts.join(ObjectFacts, ObjectFacts.id == went.c.facts_id).where(
        ObjectFacts.companion.is_(False)
    )
    each = facts.subquery()
    objects = sa.func.count(sa.distinct(each.c.object_id))
    rows = session.execute(
        sa.select(each.c.type, each.c.tlp, objects).group_by(each.c.type, each.c.tlp)
    )
    counts = sorted((Count(*row) for row in rows), key=lambda one: (one.type, one.tlp))
    sightings = sa.case((each.c.type == "sighting", each.c.object_id))
    versions = sa.func.count(sa.distinct(each.c.version_id))
    total = session.execute(
        sa.select(objects, sa.func.count(sa.distinct(sightings)), versions)
    ).one()
    return Flow(total[0], total[1], total[2], counts)


def _revocations(session: Session, agreement: Agreement, period: Period) -> int:
    query = _fetched(agreement, period, sa.func.count(sa.distinct(FetchedRow.object_id)))
    query = query.join(ObjectVersion, ObjectVersion.id == FetchedRow.version_id)
    found: int | None = session.scalar(query.where(ObjectVersion.bare.is_(True)))
    return found or 0


def _delays(session: Session, agreement: Agreement, period: Period) -> list[Delay]:
    return [
        _delay(
            "release",
            mark("From our asking for a release to its decision"),
            _decided(session, agreement, period),
        ),
        _delay(
            "arrival",
            mark("From an arrival that was held or refused to its settling"),
            _settled(session, agreement, period),
        ),
        _fetch_delay(session, agreement, period, recall=False),
        _fetch_delay(session, agreement, period, recall=True),
    ]


def _delay(name: str, sentence: str, took: Iterable[timedelta]) -> Delay:
    seconds = sorted(each.total_seconds() for each in took)
    if not seconds:
        return Delay(name, sentence, 0, None, None)
    middle = statistics.median_low(seconds)
    longest = timedelta(seconds=seconds[-1])
    return Delay(name, sentence, len(seconds), timedelta(seconds=middle), longest)


def _decided(session: Session, agreement: Agreement, period: Period) -> list[timedelta]:
    query = sa.select(Proposal.asked_at, Proposal.decided_at).where(
        *_within(Proposal.decided_at, period),
        sa.exists().where(ProposalRow.proposal_id == Proposal.id, *_under(agreement)),
    )
    return [row.decided_at - row.asked_at for row in session.execute(query)]


def _under(agreement: Agreement) -> tuple[sa.ColumnElement[bool], ...]:
    """On ProposalRow."""
    named = ProposalRow.agreement.startswith(f"{agreement.reference} ", autoescape=True)
    return ProposalRow.peer_id == agreement.peer_id, named


def _settled(session: Session, agreement: Agreement, period: Period) -> list[timedelta]:
    begin, end = _life(session, agreement)
    query = sa.select(Quarantined.at, Quarantined.settled_at).where(
        Quarantined.peer_id == agreement.peer_id,
        *_within(Quarantined.settled_at, period),
        Quarantined.at >= begin,
    )
    if end is not None:
        query = query.where(Quarantined.at < end)
    return [row.settled_at - row.at for row in session.execute(query)]


def _fetch_delay(session: Session, agreement: Agreement, period: Period, *, recall: bool) -> Delay:
    """From the offer to the first fetch: the middle one is looked up, as there may be very many."""
    took = FetchedRow.at_us - FetchedRow.date_us
    query = _fetched(agreement, period, took.label("took")).join(
        FeedRow,
        sa.and_(FeedRow.feed_id == FetchedRow.feed_id, FeedRow.date_us == FetchedRow.date_us),
    )
    query = query.join(ObjectFacts, ObjectFacts.id == FetchedRow.facts_id)
    query = query.where(FeedRow.recall.is_(recall), ObjectFacts.companion.is_(False))
    rows = query.subquery()
    count, longest = session.execute(
        sa.select(sa.func.count(), sa.func.max(rows.c.took)).select_from(rows)
    ).one()
    sentence = (
        mark("From our offering a revocation to their fetching it")
        if recall
        else mark("From our offering an object to their fetching it")
    )
    name = "revocation-fetch" if recall else "fetch"
    if not count:
        return Delay(name, sentence, 0, None, None)
    middle = session.scalar(
        sa.select(rows.c.took).order_by(rows.c.took).offset((count - 1) // 2).limit(1)
    )
    return Delay(name, sentence, count, _us(middle or 0), _us(longest or 0))


def _us(microseconds: int) -> timedelta:
    return timedelta(microseconds=max(0, microseconds))


def _gate_refusals(session: Session, agreement: Agreement, period: Period) -> list[Refusal]:
    """Objects of releases that were asked for and that the gate kept from them, by the rule that said so."""
    query = (
        sa.select(ProposalRow.rule, ProposalRow.verdict, sa.func.count())
        .join(Proposal, Proposal.id == ProposalRow.proposal_id)
        .where(
            *_within(Proposal.asked_at, period),
            *_under(agreement),
            ProposalRow.verdict.not_in(_LEAVES),
        )
        .group_by(ProposalRow.rule, ProposalRow.verdict)
        .order_by(sa.func.count().desc(), ProposalRow.rule)
    )
    return [Refusal("gate", row[0], row[1], row[2]) for row in session.execute(query)]


def _arrivals(session: Session, agreement: Agreement, period: Period) -> list[Refusal]:
    begin, end = _life(session, agreement)
    query = sa.select(Quarantined.code, Quarantined.outcome, sa.func.count()).where(
        Quarantined.peer_id == agreement.peer_id,
        *_within(Quarantined.at, period),
        Quarantined.at >= begin,
    )
    if end is not None:
        query = query.where(Quarantined.at < end)
    query = query.group_by(Quarantined.code, Quarantined.outcome)
    rows = session.execute(query.order_by(sa.func.count().desc(), Quarantined.code))
    return [Refusal("arrival", code, Outcome(outcome).value, n) for code, outcome, n in rows]
