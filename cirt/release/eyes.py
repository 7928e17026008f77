"""Whose approval counts: persons, never accounts; nobody who asked; only who may still give it, for what would leave now."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.text import mark
from cirt.kernel.work import Work
from cirt.parties.rights import accounts_now, may
from cirt.release.models import Proposal, ProposalAsker, ProposalDecision
from cirt.release.requests import approvals_of

DECIDE = "release:decide"
LOST_RIGHT, CHANGED, SAME_PERSON, EDITED = "approver-lost-right", "changed", "same-person", "edited"
SENT_BACK, WITHDRAWN, ASKER_LOST_RIGHT, NOTHING = (
    "sent-back",
    "withdrawn",
    "asker-lost-right",
    "nothing-would-leave",
)
# Why an approval, or a whole request, counts no more.
WHY_VOID = {
    LOST_RIGHT: mark("who gave it may no longer decide"),
    CHANGED: mark("what would leave is not what it was given for"),
    SAME_PERSON: mark(
        "whoever gave it asked for it too, or approved it already, by another account"
    ),
    EDITED: mark("an object was edited after it was given"),
    SENT_BACK: mark("the request was sent back"),
    WITHDRAWN: mark("the request was withdrawn"),
    ASKER_LOST_RIGHT: mark("whoever asked for it may no longer ask"),
    NOTHING: mark("nothing of it would leave any more"),
}


@dataclass(frozen=True, slots=True)
class Given:
    """An approval with all persons who stand behind it: then, and now that the account may be another's."""

    approval: ProposalDecision
    persons: frozenset[int]
    may: bool  # the account may still decide


@dataclass(frozen=True, slots=True)
class Tally:
    """Approvals that count, and why each of the others does not."""

    counting: list[ProposalDecision]
    void: list[tuple[ProposalDecision, str]]
    persons: frozenset[int]  # behind those that count


def tally(given: Sequence[Given], askers: AbstractSet[int], digest: str) -> Tally:
    """Pure; the earlier of two by one person counts."""
    counting: list[ProposalDecision] = []
    void: list[tuple[ProposalDecision, str]] = []
    persons: set[int] = set()
    for one in given:
        why = _why_void(one, askers | persons, digest)
        if why is None:
            counting.append(one.approval)
            persons |= one.persons
        else:
            void.append((one.approval, why))
    return Tally(counting, void, frozenset(persons))


def _why_void(one: Given, barred: AbstractSet[int], digest: str) -> str | None:
    if not one.may:
        return LOST_RIGHT
    if one.persons & barred:
        return SAME_PERSON
    return CHANGED if one.approval.digest != digest else None


def tally_of(work: Work, proposal: Proposal, digest: str, *, lock: bool = False) -> Tally:
    """As it stands; with ``lock`` everybody behind it stays as they are until commit."""
    approvals = approvals_of(work.session, proposal.id)
    accounts = accounts_now(work.session, {one.account_id for one in approvals}, lock=lock)
    given = [
        Given(
            one,
            frozenset({one.person_id, accounts[one.account_id].person_id}),
            may(accounts[one.account_id], DECIDE),
        )
        for one in approvals
    ]
    return tally(given, askers_of(work.session, proposal, lock=lock), digest)


def askers_of(session: Session, proposal: Proposal, *, lock: bool = False) -> frozenset[int]:
    """Everybody who asked for it, as the accounts were theirs then and are now."""
    query = sa.select(ProposalAsker.account_id, ProposalAsker.person_id)
    rows = session.execute(query.where(ProposalAsker.proposal_id == proposal.id)).all()
    ids = {row.account_id for row in rows} | {proposal.asked_by_id}
    accounts = accounts_now(session, ids, lock=lock)
    return frozenset(
        {row.person_id for row in rows} | {account.person_id for account in accounts.values()}
    )


def note_asker(session: Session, proposal: Proposal, account_id: int, person_id: int) -> None:
    """For good: also after somebody else has asked again."""
    session.merge(
        ProposalAsker(proposal_id=proposal.id, account_id=account_id, person_id=person_id)
    )
    session.flush()
