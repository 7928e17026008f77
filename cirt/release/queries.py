"""What the release pages show: the requests, and one of them with who would get what and why."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.parties.models import Account, Person
from cirt.register.models import Incident
from cirt.release.checks import Check, checks_of
from cirt.release.eyes import Tally, askers_of, tally_of, who_could
from cirt.release.handing.queries import HandoverLine, handovers
from cirt.release.lines import (
    KIND_LABELS,
    Because,
    KindLine,
    PeerLine,
    PersonLine,
    kind_lines,
    peer_lines,
    person_lines,
)
from cirt.release.models import (
    Collection,
    Proposal,
    ProposalDecision,
    ProposalPersonRow,
    ProposalRow,
    ProposalState,
    Ruling,
)
from cirt.release.requests import approvals_of, get_proposal, reads_words, title_for
from cirt.release.rows import recorded
from cirt.release.weighing import Asked, Weighed, weigh

__all__ = [
    "KIND_LABELS",
    "Because",
    "DecisionLine",
    "KindLine",
    "PeerLine",
    "PersonLine",
    "ProposalLine",
    "ProposalView",
    "proposal_view",
    "proposals",
]


@dataclass(frozen=True, slots=True)
class DecisionLine:
    name: str
    ruling: Ruling
    comment: str
    at: datetime
    voided: bool
    why_void: str | None  # in eyes.WHY_VOID


@dataclass(frozen=True, slots=True)
class ProposalView:
    """“If you approve, ``peers_getting`` of ``peers_asked`` can fetch ``leaving`` of ``asked``.”

    ``could`` are those who could still approve, ``short`` how many of them are missing. ``barred`` is the code of the reason why the actor cannot decide, or None. Title, reason and incident are
    None where it was asked from an incident that is not for the actor to see.
    """

    reference: str
    title: str | None
    reason: str | None
    state: ProposalState
    sector: str | None
    asker: str
    asker_account_id: int
    asker_person_id: int
    asked_at: datetime
    decided_at: datetime | None
    incident: str | None
    tlp: Tlp | None  # the strictest of its objects
    collections: list[Collection]
    objects: list[Asked]
    peers: list[PeerLine]
    kinds: list[KindLine]
    peers_getting: int
    peers_asked: int
    leaving: int
    going: frozenset[int]  # versions that leave
    asked: int
    needed: int | None
    approved_by: list[str]
    decisions: list[DecisionLine]
    digest: str
    barred: str | None
    could: list[str]
    short: int
    is_asker: bool  # the actor, or another account of the same person
    why_void: str | None = None  # in eyes.WHY_VOID
    persons: list[PersonLine] = field(default_factory=list)
    handovers: list[HandoverLine] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    may_read: bool = True  # title, reason and incident

    @property
    def persons_getting(self) -> int:
        return sum(line.gets > 0 for line in self.persons)


@dataclass(frozen=True, slots=True)
class ProposalLine:
    reference: str
    title: str | None  # None: it is of an incident that is not for the reader
    state: ProposalState
    asker: str
    asked_at: datetime
    objects: int


def proposals(
    work: Work, states: Iterable[ProposalState] = tuple(ProposalState), limit: int = 200
) -> list[ProposalLine]:
    """The youngest first."""
    versions = sa.union(
        *(
            sa.select(table.version_id).where(table.proposal_id == Proposal.id).correlate(Proposal)
            for table in (ProposalRow, ProposalPersonRow)
        )
    ).subquery()
    count = sa.select(sa.func.count()).select_from(versions).scalar_subquery()
    query = (
        sa.select(
            Proposal.reference,
            title_for(work.actor),
            Proposal.state,
            Person.name,
            Proposal.asked_at,
            count,
        )
        .join(Account, Account.id == Proposal.asked_by_id)
        .join(Person, Person.id == Account.person_id)
        .where(Proposal.state.in_(list(states)))
        .order_by(Proposal.id.desc())
        .limit(limit)
    )
    return [ProposalLine(*row) for row in work.session.execute(query)]


def proposal_view(work: Work, reference: str) -> ProposalView:
    """As it stands now while it waits; as it was when it was decided.

    Raises:
        NoSuchRelease, NotAllowed.
    """
    work.require("content:read")
    session = work.session
    proposal = get_proposal(session, reference)
    waits = proposal.state in (ProposalState.ASKED, ProposalState.SENT_BACK)
    weighed = weigh(work, proposal) if waits else recorded(session, proposal)
    tally = _tally(work, proposal, weighed)
    askers = askers_of(session, proposal)
    could = who_could(session, askers | tally.persons)
    asker = session.get_one(Account, proposal.asked_by_id)
    peers = peer_lines(session, weighed)
    persons = person_lines(session, weighed, work.now)
    may_read = session.scalar(sa.select(reads_words(work.actor)).where(Proposal.id == proposal.id))
    incident = session.get(Incident, proposal.incident_id) if proposal.incident_id else None
    return ProposalView(
        reference=proposal.reference,
        title=proposal.title if may_read else None,
        reason=proposal.reason if may_read else None,
        state=proposal.state,
        sector=proposal.sector,
        asker=asker.person.name,
        asker_account_id=asker.id,
        asker_person_id=asker.person_id,
        asked_at=proposal.asked_at,
        decided_at=proposal.decided_at,
        incident=incident.reference if incident and may_read else None,
        tlp=max((each.tlp for each in weighed.objects), default=None),
        collections=weighed.collections,
        objects=weighed.objects,
        peers=peers,
        kinds=kind_lines(session, weighed, peers, persons),
        peers_getting=sum(line.gets > 0 for line in peers),
        peers_asked=len(peers),
        leaving=len(weighed.going),
        going=weighed.going,
        asked=len(weighed.objects),
        needed=weighed.needed,
        approved_by=_names(session, [each.person_id for each in tally.counting]),
        decisions=_decisions(session, proposal, tally),
        digest=weighed.digest,
        barred=_barred(work, proposal, askers, tally),
        could=could,
        short=max(0, (weighed.needed or 0) - len(tally.counting) - len(could)),
        is_asker=work.actor.person_id in askers,
        why_void=proposal.why_void,
        persons=persons,
        handovers=handovers(session, [proposal.id]),
        checks=checks_of(work, weighed),
        may_read=bool(may_read),
    )


def _tally(work: Work, proposal: Proposal, weighed: Weighed) -> Tally:
    """The approvals that count now; of a decided release, those that counted then."""
    if proposal.state is ProposalState.ASKED:
        return tally_of(work, proposal, weighed.digest)
    then = approvals_of(work.session, proposal.id)
    return Tally(then, [], frozenset(each.person_id for each in then))


def _barred(work: Work, proposal: Proposal, askers: frozenset[int], tally: Tally) -> str | None:
    if proposal.state is not ProposalState.ASKED:
        return "release-decided"
    if not work.actor.may("release:decide"):
        return "not-allowed"
    if work.actor.person_id is None:
        return "person-needed"
    if work.actor.person_id in askers:
        return "own-request"
    return "already-approved" if work.actor.person_id in tally.persons else None


def _names(session: Session, person_ids: Sequence[int]) -> list[str]:
    rows = session.execute(sa.select(Person.id, Person.name).where(Person.id.in_(person_ids)))
    names = {row.id: row.name for row in rows}
    return [names[each] for each in person_ids]


def _decisions(session: Session, proposal: Proposal, tally: Tally) -> list[DecisionLine]:
    why = {one.id: reason for one, reason in tally.void}
    query = (
        sa.select(Person.name, ProposalDecision)
        .join(Person, Person.id == ProposalDecision.person_id)
        .where(ProposalDecision.proposal_id == proposal.id)
        .order_by(ProposalDecision.id)
    )
    return [
        DecisionLine(
            name,
            one.ruling,
            one.comment,
            one.at,
            one.ruling is Ruling.APPROVED and (one.voided or one.id in why),
            one.why_void or why.get(one.id),
        )
        for name, one in session.execute(query)
    ]
