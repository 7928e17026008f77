"""What the release pages show: the requests, and one of them with who would get what and why."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.text import mark
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.objects.models import ObjectObservable
from cirt.objects.observables.kinds import Kind
from cirt.parties.models import Account, Peer, Person
from cirt.register.models import Incident
from cirt.release.models import (
    Collection,
    Proposal,
    ProposalDecision,
    ProposalRow,
    ProposalState,
    Ruling,
)
from cirt.release.offers import chunks
from cirt.release.requests import (
    approvals_of,
    get_proposal,
    giver_may,
    is_approval,
    reads_words,
    title_for,
)
from cirt.release.weighing import Asked, Weighed, recorded, weigh
from cirt.sharing.gate import PreviewRow
from cirt.sharing.verdicts import Decision

_FILE = frozenset(
    {
        Kind.MD5,
        Kind.SHA1,
        Kind.SHA256,
        Kind.SHA512,
        Kind.SSDEEP,
        Kind.TLSH,
        Kind.FILE_NAME,
        Kind.FILE_PATH,
    }
)
_NETWORK = frozenset(
    {
        Kind.IPV4,
        Kind.IPV6,
        Kind.DOMAIN,
        Kind.URL,
        Kind.EMAIL,
        Kind.MAC,
        Kind.ASN,
        Kind.USER_AGENT,
        Kind.SERIAL,
    }
)
KIND_LABELS = {
    "indicator-network": mark("Indicators, network"),
    "indicator-file": mark("Indicators, file"),
    "indicator": mark("Indicators, other"),
    "sighting": mark("Sightings"),
    "relationship": mark("Relationships between them"),
}


@dataclass(frozen=True, slots=True)
class Because:
    """One reason and for how many objects it speaks; ``decision.sentence`` with its values says it."""

    decision: Decision
    count: int

    @property
    def leaves(self) -> bool:
        return self.decision.lets_leave()


@dataclass(frozen=True, slots=True)
class PeerLine:
    peer_id: int
    slug: str
    name: str
    gets: int  # objects
    agreement: str | None
    reasons: list[Because]  # the most frequent first


@dataclass(frozen=True, slots=True)
class KindLine:
    """Objects of one kind with one fate. ``except_for``: peers that do not get all of them."""

    kind: str  # in KIND_LABELS, else the STIX type
    count: int
    leaves: bool
    except_for: list[str]
    reasons: list[Because]  # why they stay, or stay from some


@dataclass(frozen=True, slots=True)
class DecisionLine:
    name: str
    ruling: Ruling
    comment: str
    at: datetime
    voided: bool


@dataclass(frozen=True, slots=True)
class ProposalView:
    """“If you approve, ``peers_getting`` of ``peers_asked`` can fetch ``leaving`` of ``asked``.”

    ``barred`` is the code of the reason why the actor cannot decide, or None. Title, reason and incident are
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
    count = (
        sa.select(sa.func.count(sa.distinct(ProposalRow.version_id)))
        .where(ProposalRow.proposal_id == Proposal.id)
        .scalar_subquery()
    )
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
    approvals = _counting(session, proposal)
    asker = session.get_one(Account, proposal.asked_by_id)
    peers = _peer_lines(session, weighed)
    going = frozenset(row.version_id for row in weighed.leaving)
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
        kinds=_kind_lines(session, weighed),
        peers_getting=sum(line.gets > 0 for line in peers),
        peers_asked=len(peers),
        leaving=len(going),
        going=going,
        asked=len(weighed.objects),
        needed=weighed.needed,
        approved_by=_names(session, [each.person_id for each in approvals]),
        decisions=_decisions(session, proposal, {each.id for each in approvals}),
        digest=weighed.digest,
        barred=_barred(work, proposal, asker, approvals, weighed),
    )


def _counting(session: Session, proposal: Proposal) -> list[ProposalDecision]:
    """The approvals that count now; of a decided release, those that counted then."""
    if proposal.state is not ProposalState.ASKED:
        return approvals_of(session, proposal.id)
    query = sa.select(ProposalDecision).where(
        ProposalDecision.proposal_id == proposal.id, is_approval(), giver_may()
    )
    return list(session.scalars(query.order_by(ProposalDecision.id)))


def _barred(
    work: Work,
    proposal: Proposal,
    asker: Account,
    approvals: Sequence[ProposalDecision],
    weighed: Weighed,
) -> str | None:
    if proposal.state is not ProposalState.ASKED:
        return "release-decided"
    if not work.actor.may("release:decide"):
        return "not-allowed"
    if work.actor.person_id is None:
        return "person-needed"
    if work.actor.person_id == asker.person_id:
        return "own-request"
    mine = [each for each in approvals if each.person_id == work.actor.person_id]
    return "already-approved" if any(each.digest == weighed.digest for each in mine) else None


def _peer_lines(session: Session, weighed: Weighed) -> list[PeerLine]:
    """Those who get something first. In several collections the mildest verdict on an object counts."""
    best: dict[int, dict[int, PreviewRow]] = defaultdict(dict)
    for row in weighed.rows:
        held = best[row.peer_id].get(row.version_id)
        if held is None or _strictness(row) < _strictness(held):
            best[row.peer_id][row.version_id] = row
    peers = {each.id: each for each in session.scalars(sa.select(Peer).where(Peer.id.in_(best)))}
    lines = [_peer_line(peers[peer_id], list(rows.values())) for peer_id, rows in best.items()]
    return sorted(lines, key=lambda line: (-line.gets, line.name))


def _peer_line(peer: Peer, rows: Sequence[PreviewRow]) -> PeerLine:
    return PeerLine(
        peer_id=peer.id,
        slug=peer.slug,
        name=peer.name,
        gets=sum(row.decision.lets_leave() for row in rows),
        agreement=next((row.agreement for row in rows if row.agreement), None),
        reasons=_reasons(rows),
    )


def _strictness(row: PreviewRow) -> int:
    return row.decision.verdict.strictness


def _reasons(rows: Iterable[PreviewRow]) -> list[Because]:
    counts: Counter[tuple[str, tuple[tuple[str, str], ...]]] = Counter()
    decisions: dict[tuple[str, tuple[tuple[str, str], ...]], Decision] = {}
    for row in rows:
        key = row.decision.rule, tuple(sorted(row.decision.values.items()))
        counts[key] += 1
        decisions[key] = row.decision
    return [Because(decisions[key], count) for key, count in counts.most_common()]


def _kind_lines(session: Session, weighed: Weighed) -> list[KindLine]:
    """What leaves and what stays, by kind."""
    kinds = _kinds(session, weighed.objects)
    rows: dict[int, list[PreviewRow]] = defaultdict(list)
    for row in weighed.rows:
        rows[row.version_id].append(row)
    getting = {row.peer_id for row in weighed.leaving}
    groups: dict[tuple[str, bool, frozenset[int]], list[int]] = defaultdict(list)
    for each in weighed.objects:
        gets = {row.peer_id for row in rows[each.version_id] if row.decision.lets_leave()}
        without = frozenset(getting - gets) if gets else frozenset[int]()
        groups[kinds[each.version_id], bool(gets), without].append(each.version_id)
    names = {each.id: each.name for each in session.scalars(sa.select(Peer))}
    lines = [
        KindLine(
            kind=kind,
            count=len(version_ids),
            leaves=leaves,
            except_for=sorted(names[each] for each in without),
            reasons=_reasons(
                row
                for version_id in version_ids
                for row in rows[version_id]
                if not row.decision.lets_leave() and (not leaves or row.peer_id in without)
            ),
        )
        for (kind, leaves, without), version_ids in groups.items()
    ]
    return sorted(lines, key=lambda line: (not line.leaves, -line.count, line.kind))


def _kinds(session: Session, objects: Sequence[Asked]) -> dict[int, str]:
    indicators = [each.object_id for each in objects if each.type == "indicator"]
    seen: dict[int, set[Kind]] = defaultdict(set)
    for part in chunks(indicators):
        rows = session.execute(
            sa.select(ObjectObservable.object_id, ObjectObservable.kind)
            .where(ObjectObservable.object_id.in_(part))
            .distinct()
        )
        for object_id, kind in rows:
            seen[object_id].add(kind)
    return {each.version_id: _kind(each, seen[each.object_id]) for each in objects}


def _kind(asked: Asked, seen: set[Kind]) -> str:
    if asked.type != "indicator":
        return asked.type
    if seen & _FILE:
        return "indicator-file"
    return "indicator-network" if seen & _NETWORK else "indicator"


def _names(session: Session, person_ids: Sequence[int]) -> list[str]:
    rows = session.execute(sa.select(Person.id, Person.name).where(Person.id.in_(person_ids)))
    names = {row.id: row.name for row in rows}
    return [names[each] for each in person_ids]


def _decisions(session: Session, proposal: Proposal, counting: set[int]) -> list[DecisionLine]:
    is_void = ProposalDecision.id.not_in(counting)
    query = (
        sa.select(
            Person.name,
            ProposalDecision.ruling,
            ProposalDecision.comment,
            ProposalDecision.at,
            sa.and_(ProposalDecision.ruling == Ruling.APPROVED, is_void),
        )
        .join(Person, Person.id == ProposalDecision.person_id)
        .where(ProposalDecision.proposal_id == proposal.id)
        .order_by(ProposalDecision.id)
    )
    return [DecisionLine(*row) for row in session.execute(query)]
