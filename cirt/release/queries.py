"""One release as its page shows it: who would get what and why, and who has decided."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.errors import NotAllowed
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.parties.four_eyes.errors import PersonAsks
from cirt.parties.models import Account, Person
from cirt.parties.rights import names_who
from cirt.register.models import Incident
from cirt.release.checks import Check, checks_of
from cirt.release.errors import AlreadyApproved, OwnRequest, ReleaseDecided
from cirt.release.eyes import DECIDE, Tally, askers_of, tally_of
from cirt.release.handing.queries import HandoverLine, handovers
from cirt.release.holdings.sight import objects_naming_actor
from cirt.release.lines import (
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
    ProposalState,
    Ruling,
)
from cirt.release.requests import approvals_of, get_proposal, reads_words
from cirt.release.rows import recorded
from cirt.release.weighing import Asked, Weighed, weigh

AUDIT = "audit:read"


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

    ``could`` are those who could still approve. ``barred`` is the code of the reason why the actor cannot decide,
    or None. Title, reason and incident are None where it was asked from an incident that is not for the actor to
    see. ``persons``, ``handovers`` and whatever names a person are empty where the actor may not know them.
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
    weighed: Weighed
    peers: list[PeerLine]
    kinds: list[KindLine]
    approved_by: list[str]
    decisions: list[DecisionLine]
    barred: str | None
    could: list[str]
    is_asker: bool  # the actor, or another account of the same person
    why_void: str | None  # in eyes.WHY_VOID
    to_persons: bool  # by mail, not to peers
    knows_persons: bool  # the actor may know who they are
    persons: list[PersonLine]
    handovers: list[HandoverLine]
    checks: list[Check]
    may_read: bool  # title, reason and incident

    @property
    def objects(self) -> list[Asked]:
        return self.weighed.objects

    @property
    def collections(self) -> list[Collection]:
        return self.weighed.collections

    @property
    def digest(self) -> str:
        return self.weighed.digest

    @property
    def needed(self) -> int | None:
        return self.weighed.needed

    @property
    def tlp(self) -> Tlp | None:
        """The strictest of its objects."""
        return max((each.tlp for each in self.objects), default=None)

    @property
    def going(self) -> frozenset[int]:
        """Versions that leave."""
        return self.weighed.going

    @property
    def leaving(self) -> int:
        return len(self.going)

    @property
    def asked(self) -> int:
        return len(self.objects)

    @property
    def peers_asked(self) -> int:
        return len(self.peers)

    @property
    def peers_getting(self) -> int:
        return sum(line.gets > 0 for line in self.peers)

    @property
    def persons_getting(self) -> int:
        return sum(line.gets > 0 for line in self.persons)

    @property
    def short(self) -> int:
        """How many of those who could approve are missing."""
        return max(0, (self.needed or 0) - len(self.approved_by) - len(self.could))


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
    asker = session.get_one(Account, proposal.asked_by_id)
    peers = peer_lines(session, weighed)
    persons = person_lines(session, weighed, work.now)
    kinds = kind_lines(session, weighed, peers, persons)
    decisions = _decisions_of(session, proposal)
    knows_persons = _knows_persons(work, weighed, askers | {one.person_id for _, one in decisions})
    if not knows_persons:
        kinds = [replace(line, except_for=[], reasons=[]) for line in kinds]
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
        weighed=weighed,
        peers=peers,
        kinds=kinds,
        approved_by=_names(session, [each.person_id for each in tally.counting]),
        decisions=_decision_lines(decisions, tally),
        barred=_barred(work, proposal, askers, tally),
        could=names_who(session, DECIDE, askers | tally.persons),
        is_asker=work.actor.person_id in askers,
        why_void=proposal.why_void,
        to_persons=bool(persons),
        knows_persons=knows_persons,
        persons=persons if knows_persons else [],
        handovers=handovers(session, [proposal.id]) if knows_persons else [],
        checks=checks_of(work, weighed),
        may_read=bool(may_read),
    )


def _knows_persons(work: Work, weighed: Weighed, behind: frozenset[int]) -> bool:
    """To whom TLP:RED goes is for those who asked or decided, may decide or audit it, or are named on all of it."""
    red = {each.object_id for each in weighed.objects if each.tlp is Tlp.RED}
    if not weighed.hands or not red or work.actor.person_id in behind:
        return True
    if work.actor.may(DECIDE) or work.actor.may(AUDIT):
        return True
    return objects_naming_actor(work, red) == red


def _tally(work: Work, proposal: Proposal, weighed: Weighed) -> Tally:
    """The approvals that count now; of a decided release, those that counted then."""
    if proposal.state is ProposalState.ASKED:
        return tally_of(work, proposal, weighed.digest)
    then = approvals_of(work.session, proposal.id)
    return Tally(then, [], frozenset(each.person_id for each in then))


def _barred(work: Work, proposal: Proposal, askers: frozenset[int], tally: Tally) -> str | None:
    if proposal.state is not ProposalState.ASKED:
        return ReleaseDecided.code
    if not work.actor.may(DECIDE):
        return NotAllowed.code
    if work.actor.person_id is None:
        return PersonAsks.code
    if work.actor.person_id in askers:
        return OwnRequest.code
    return AlreadyApproved.code if work.actor.person_id in tally.persons else None


def _names(session: Session, person_ids: Sequence[int]) -> list[str]:
    rows = session.execute(sa.select(Person.id, Person.name).where(Person.id.in_(person_ids)))
    names = {row.id: row.name for row in rows}
    return [names[each] for each in person_ids]


def _decisions_of(session: Session, proposal: Proposal) -> list[tuple[str, ProposalDecision]]:
    """Oldest first, each with the name of who made it."""
    query = (
        sa.select(Person.name, ProposalDecision)
        .join(Person, Person.id == ProposalDecision.person_id)
        .where(ProposalDecision.proposal_id == proposal.id)
        .order_by(ProposalDecision.id)
    )
    return [(name, one) for name, one in session.execute(query)]


def _decision_lines(
    decisions: Sequence[tuple[str, ProposalDecision]], tally: Tally
) -> list[DecisionLine]:
    why = {one.id: reason for one, reason in tally.void}
    return [
        DecisionLine(
            name,
            one.ruling,
            one.comment,
            one.at,
            one.ruling is Ruling.APPROVED and (one.voided or one.id in why),
            one.why_void or why.get(one.id),
        )
        for name, one in decisions
    ]
