"""Deciding a release: by others, bound to exactly what was shown (rulings 6, 13, 14)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.errors import Conflict, NotAllowed
from cirt.kernel.work import Work
from cirt.objects.stating import state_sector
from cirt.parties.models import Account
from cirt.parties.roles import permissions_of
from cirt.register.models import EntryKind
from cirt.release.collections import publish
from cirt.release.commands import DecideRelease
from cirt.release.errors import (
    AlreadyApproved,
    CommentNeeded,
    OwnRequest,
    ReleaseChanged,
    ReleaseDecided,
    ReleaseEdited,
    ReleaseVoided,
)
from cirt.release.models import Proposal, ProposalDecision, ProposalState, Ruling
from cirt.release.requests import approvals_of, get_proposal, person_of, tell
from cirt.release.weighing import Weighed, changes, hold, keep_rows, weigh


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
        NoSuchRelease, ReleaseDecided, OwnRequest, AlreadyApproved, CommentNeeded, PersonNeeded, NotAllowed.
    """
    work.require("release:decide")
    account_id, person_id = person_of(work)
    proposal = get_proposal(work.session, cmd.reference, lock=True)
    if proposal.state is not ProposalState.ASKED:
        raise ReleaseDecided(reference=proposal.reference, state=proposal.state.value)
    if _owner(work.session, proposal.asked_by_id) == person_id:
        raise OwnRequest(reference=proposal.reference)
    if not _still_may(work.session, account_id, "release:decide"):
        raise NotAllowed(needed="release:decide")
    if cmd.ruling is Ruling.APPROVED:
        return _approve(work, proposal, cmd, account_id, person_id)
    if not cmd.comment.strip():
        raise CommentNeeded
    _note_decision(work, proposal, cmd, account_id, person_id)
    return _turn_down(work, proposal, cmd)


def _approve(
    work: Work, proposal: Proposal, cmd: DecideRelease, account_id: int, person_id: int
) -> Outcome:
    hold(work, proposal)
    weighed = weigh(work, proposal)
    if not _still_may(work.session, proposal.asked_by_id, "release:ask"):
        return _void(work, proposal, "asker-lost-right")
    edited = [each.stix_id for each in weighed.objects if each.was_edited]
    if edited:
        return _send_back_edited(work, proposal, edited)
    if weighed.needed is None:
        return _void(work, proposal, "nothing-would-leave")
    earlier = _still_counting(work, proposal)
    if cmd.digest != weighed.digest:
        return _note_change(work, proposal, weighed, earlier)
    _void_approvals([each for each in earlier if each.digest != weighed.digest])
    counting = [each for each in earlier if not each.voided]
    if any(each.person_id == person_id for each in counting):
        raise AlreadyApproved(reference=proposal.reference)
    _note_decision(work, proposal, cmd, account_id, person_id)
    work.audit("release.approve", proposal.reference, digest=weighed.digest)
    missing = weighed.needed - len(counting) - 1
    if missing > 0:
        return Outcome(ProposalState.ASKED, missing)
    return _release(work, proposal, weighed)


def _release(work: Work, proposal: Proposal, weighed: Weighed) -> Outcome:
    keep_rows(work, proposal, weighed.rows)
    going = {row.version_id for row in weighed.leaving}
    if proposal.sector:
        state_sector(work, sorted(going), proposal.sector)
    for collection in weighed.collections:
        publish(work, collection, weighed.leaving_into(collection.id), proposal=proposal)
    proposal.state, proposal.decided_at = ProposalState.RELEASED, work.now
    tell(work, proposal, EntryKind.RELEASED, count=len(going))
    work.audit(
        "release.publish",
        proposal.reference,
        digest=weighed.digest,
        objects=len(going),
        peers=sorted({row.peer_id for row in weighed.leaving}),
        collections=[each.alias for each in weighed.collections],
    )
    return Outcome(ProposalState.RELEASED)


def _turn_down(work: Work, proposal: Proposal, cmd: DecideRelease) -> Outcome:
    if cmd.ruling is Ruling.SENT_BACK:
        proposal.state, act = ProposalState.SENT_BACK, "release.send-back"
        _void_approvals(approvals_of(work.session, proposal.id))
    else:
        proposal.state, act = ProposalState.REFUSED, "release.refuse"
    proposal.decided_at = work.now
    tell(work, proposal, EntryKind.RELEASE_REFUSED, ruling=cmd.ruling.value)
    work.audit(act, proposal.reference)
    return Outcome(proposal.state)


def _send_back_edited(work: Work, proposal: Proposal, edited: Sequence[str]) -> Outcome:
    proposal.state, proposal.decided_at = ProposalState.SENT_BACK, work.now
    _void_approvals(approvals_of(work.session, proposal.id))
    tell(work, proposal, EntryKind.RELEASE_REFUSED, ruling=Ruling.SENT_BACK.value)
    work.audit("release.send-back", proposal.reference, edited=list(edited))
    names = ", ".join(edited[:3]) + ("…" if len(edited) > 3 else "")  # noqa: PLR2004 - for a sentence
    conflict = ReleaseEdited(reference=proposal.reference, count=len(edited), names=names)
    return Outcome(proposal.state, conflict=conflict)


def _note_change(
    work: Work, proposal: Proposal, weighed: Weighed, earlier: Iterable[ProposalDecision]
) -> Outcome:
    """What would leave is not what was shown: no approval given before counts any more."""
    stale = [each for each in earlier if each.digest != weighed.digest]
    _void_approvals(stale)
    differing = changes(work.session, proposal, weighed)
    keep_rows(work, proposal, weighed.rows)
    work.audit("release.change", proposal.reference, digest=weighed.digest, voided=len(stale))
    counts = {
        what: sum(each.what == what for each in differing) for what in ("gains", "loses", "differs")
    }
    return Outcome(ProposalState.ASKED, conflict=ReleaseChanged(differing, **counts))


def _void(work: Work, proposal: Proposal, why: str) -> Outcome:
    proposal.state, proposal.decided_at = ProposalState.VOIDED, work.now
    _void_approvals(approvals_of(work.session, proposal.id))
    tell(work, proposal, EntryKind.RELEASE_REFUSED, ruling="voided")
    work.audit("release.void", proposal.reference, why=why)
    return Outcome(proposal.state, conflict=ReleaseVoided(reference=proposal.reference))


def _still_counting(work: Work, proposal: Proposal) -> list[ProposalDecision]:
    """Approvals whose givers may still give them; those of the others are void."""
    counting = []
    for approval in approvals_of(work.session, proposal.id):
        if _still_may(work.session, approval.account_id, "release:decide"):
            counting.append(approval)
            continue
        approval.voided = True
        facts = {"account": approval.account_id, "why": "approver-lost-right"}
        work.audit("release.void-approval", proposal.reference, **facts)
    return counting


def _void_approvals(decisions: Iterable[ProposalDecision]) -> None:
    for decision in decisions:
        decision.voided = True


def _note_decision(
    work: Work, proposal: Proposal, cmd: DecideRelease, account_id: int, person_id: int
) -> None:
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


def _owner(session: Session, account_id: int) -> int:
    return session.get_one(Account, account_id).person_id


def _still_may(session: Session, account_id: int, permission: str) -> bool:
    """Asked anew in the deciding transaction: a role may have been taken since the page was shown."""
    query = sa.select(Account).where(Account.id == account_id)
    account = session.scalars(
        query.with_for_update(read=True, of=Account).execution_options(populate_existing=True)
    ).one()
    roles = frozenset(grant.role for grant in account.grants)
    return account.disabled_at is None and permission in permissions_of(roles)
