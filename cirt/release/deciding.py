"""Deciding a release: by others, bound to exactly what was shown (rulings 6, 13, 14)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cirt.kernel.errors import Conflict, NotAllowed
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.objects.stating import state_sector
from cirt.parties.four_eyes.service import person_acting
from cirt.parties.rights import held_account, may
from cirt.register.models import EntryKind
from cirt.release import eyes
from cirt.release.commands import DecideRelease, WithdrawRelease
from cirt.release.errors import (
    AlreadyApproved,
    CommentNeeded,
    NotAsker,
    OwnRequest,
    ReleaseChanged,
    ReleaseDecided,
    ReleaseEdited,
    ReleaseUnheld,
    ReleaseVoided,
)
from cirt.release.eyes import DECIDE, askers_of, tally_of
from cirt.release.handing.service import queue_handovers
from cirt.release.locks import hold
from cirt.release.models import Proposal, ProposalDecision, ProposalState, Ruling
from cirt.release.publishing import publish
from cirt.release.requests import approvals_of, get_proposal, tell
from cirt.release.rows import changes, keep_rows
from cirt.release.settling import settle_objects
from cirt.release.weighing import Asked, Weighed, weigh


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a decision led to.

    ``conflict`` says why an approval did not count, with what changed. It is not raised here, for what it
    led to (approvals voided, the request sent back) must be committed; the edge shows it afterwards.
    """

    state: ProposalState
    missing: int = 0  # approvals still needed
    conflict: Conflict | None = None


def decide_release(work: Work, cmd: DecideRelease) -> Outcome:
    """Approve, send back or refuse; the last approval needed publishes in this transaction.

    Raises:
        NoSuchRelease, ReleaseDecided, OwnRequest, AlreadyApproved, CommentNeeded, PersonAsks, NotAllowed.
    """
    work.require(DECIDE)
    account_id, person_id = person_acting(work)
    proposal = get_proposal(work.session, cmd.reference, lock=True)
    if proposal.state is not ProposalState.ASKED:
        raise ReleaseDecided(reference=proposal.reference, state=proposal.state.value)
    held = hold(work, proposal) if cmd.ruling is Ruling.APPROVED else frozenset[int]()
    account = held_account(work.session, account_id)
    if askers_of(work.session, proposal, lock=True) & {person_id, account.person_id}:
        raise OwnRequest(reference=proposal.reference)
    if not may(account, DECIDE):
        raise NotAllowed(needed=DECIDE)
    if cmd.ruling is Ruling.APPROVED:
        return _approve(work, proposal, cmd, held)
    if not cmd.comment.strip():
        raise CommentNeeded
    _note_decision(work, proposal, cmd)
    return _turn_down(work, proposal, cmd)


def withdraw_release(work: Work, cmd: WithdrawRelease) -> Proposal:
    """Take a request back; whoever asked for it may, as long as nobody has decided.

    Raises:
        NoSuchRelease, ReleaseDecided, NotAsker, PersonAsks.
    """
    account_id, person_id = person_acting(work)
    proposal = get_proposal(work.session, cmd.reference, lock=True)
    if proposal.state not in (ProposalState.ASKED, ProposalState.SENT_BACK):
        raise ReleaseDecided(reference=proposal.reference, state=proposal.state.value)
    account = held_account(work.session, account_id)
    if not askers_of(work.session, proposal) & {person_id, account.person_id}:
        raise NotAsker(reference=proposal.reference)
    proposal.state, proposal.decided_at = ProposalState.WITHDRAWN, work.now
    _void_all(work, proposal, eyes.WITHDRAWN)
    tell(work, proposal, EntryKind.RELEASE_WITHDRAWN)
    work.audit("release.withdraw", proposal.reference)
    return proposal


def _approve(work: Work, proposal: Proposal, cmd: DecideRelease, held: frozenset[int]) -> Outcome:
    weighed = weigh(work, proposal)
    if not {row.peer_id for row in weighed.every} <= held:
        return Outcome(ProposalState.ASKED, conflict=ReleaseUnheld())
    ended = _ended(work, proposal, weighed)
    if ended is not None:
        return ended
    tally = tally_of(work, proposal, weighed.digest, lock=True)
    _void_approvals(work, proposal, tally.void)
    if cmd.digest != weighed.digest:
        return _note_change(work, proposal, weighed, len(tally.void))
    account_id, person_id = person_acting(work)
    if tally.persons & {person_id, held_account(work.session, account_id).person_id}:
        raise AlreadyApproved(reference=proposal.reference)
    _note_decision(work, proposal, cmd)
    work.audit("release.approve", proposal.reference, digest=weighed.digest)
    missing = (weighed.needed or 0) - len(tally.counting) - 1
    if missing > 0:
        return Outcome(ProposalState.ASKED, missing)
    return _release(work, proposal, weighed)


def _ended(work: Work, proposal: Proposal, weighed: Weighed) -> Outcome | None:
    """What ends the request, whoever approves it; None if it still stands."""
    if not may(held_account(work.session, proposal.asked_by_id), "release:ask"):
        return _void(work, proposal, eyes.ASKER_LOST_RIGHT)
    edited = [each for each in weighed.objects if each.was_edited]
    if edited:
        return _send_back_edited(work, proposal, edited)
    return _void(work, proposal, eyes.NOTHING) if weighed.needed is None else None


def _release(work: Work, proposal: Proposal, weighed: Weighed) -> Outcome:
    keep_rows(work, proposal, weighed)
    going = weighed.going
    if proposal.sector:
        _state_sector(work, proposal.sector, weighed)
    for collection in weighed.collections:
        publish(work, collection, weighed.leaving_into(collection.id), proposal=proposal)
    handed = queue_handovers(work, proposal, weighed)
    proposal.state, proposal.decided_at = ProposalState.RELEASED, work.now
    kind = EntryKind.HANDED_OVER if handed else EntryKind.RELEASED
    tell(work, proposal, kind, count=len(going))
    work.audit(
        "release.publish",
        proposal.reference,
        digest=weighed.digest,
        objects=len(going),
        peers=sorted({row.peer_id for row in weighed.leaving}),
        persons=sorted({row.person_id for row in weighed.handed}),
        collections=[each.alias for each in weighed.collections],
    )
    return Outcome(ProposalState.RELEASED)


def _state_sector(work: Work, sector: str, weighed: Weighed) -> None:
    """Where these stand already, agreements that name sectors may open or close them too."""
    going = weighed.going
    state_sector(work, sorted(going), sector)
    objects = {each.object_id for each in weighed.objects if each.version_id in going}
    settle_objects(work, objects, [each.id for each in weighed.collections])


def _turn_down(work: Work, proposal: Proposal, cmd: DecideRelease) -> Outcome:
    if cmd.ruling is Ruling.SENT_BACK:
        proposal.state, act = ProposalState.SENT_BACK, "release.send-back"
        _void_all(work, proposal, eyes.SENT_BACK)
    else:
        proposal.state, act = ProposalState.REFUSED, "release.refuse"
    proposal.decided_at = work.now
    tell(work, proposal, EntryKind.RELEASE_REFUSED, ruling=cmd.ruling.value)
    work.audit(act, proposal.reference)
    return Outcome(proposal.state)


def _send_back_edited(work: Work, proposal: Proposal, edited: Sequence[Asked]) -> Outcome:
    proposal.state, proposal.decided_at = ProposalState.SENT_BACK, work.now
    _void_all(work, proposal, eyes.EDITED)
    tell(work, proposal, EntryKind.RELEASE_REFUSED, ruling=Ruling.SENT_BACK.value)
    named = [each.stix_id for each in edited if each.tlp is not Tlp.RED]
    work.audit("release.send-back", proposal.reference, edited=named, count=len(edited))
    names = ", ".join(named[:3] or [Tlp.RED.label]) + ("…" if len(edited) > 3 else "")  # noqa: PLR2004 - for a sentence
    conflict = ReleaseEdited(reference=proposal.reference, count=len(edited), names=names)
    return Outcome(proposal.state, conflict=conflict)


def _note_change(work: Work, proposal: Proposal, weighed: Weighed, voided: int) -> Outcome:
    """What would leave is not what was shown: no approval given before counts any more."""
    differing = changes(work.session, proposal, weighed)
    keep_rows(work, proposal, weighed)
    work.audit("release.change", proposal.reference, digest=weighed.digest, voided=voided)
    counts = {
        what: sum(each.what == what for each in differing) for what in ("gains", "loses", "differs")
    }
    return Outcome(ProposalState.ASKED, conflict=ReleaseChanged(differing, **counts))


def _void(work: Work, proposal: Proposal, why: str) -> Outcome:
    proposal.state, proposal.decided_at = ProposalState.VOIDED, work.now
    proposal.why_void = why
    _void_all(work, proposal, why)
    tell(work, proposal, EntryKind.RELEASE_VOID)
    work.audit("release.void", proposal.reference, why=why)
    return Outcome(proposal.state, conflict=ReleaseVoided(reference=proposal.reference))


def _void_all(work: Work, proposal: Proposal, why: str) -> None:
    for approval in approvals_of(work.session, proposal.id):
        approval.voided, approval.why_void = True, why


def _void_approvals(
    work: Work, proposal: Proposal, void: Iterable[tuple[ProposalDecision, str]]
) -> None:
    """Those that count no more, each with its reason."""
    for approval, why in void:
        approval.voided, approval.why_void = True, why
        facts = {"account": approval.account_id, "why": why}
        work.audit("release.void-approval", proposal.reference, **facts)


def _note_decision(work: Work, proposal: Proposal, cmd: DecideRelease) -> None:
    account_id, person_id = person_acting(work)
    decision = ProposalDecision(
        proposal_id=proposal.id,
        person_id=person_id,
        account_id=account_id,
        ruling=cmd.ruling,
        comment=cmd.comment.strip(),
        digest=cmd.digest[:64],
        at=work.now,
    )
    work.session.add(decision)
    work.session.flush()
