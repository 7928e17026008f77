"""Changes of agreements with what they do to feeds, in one transaction: what was lost is closed, what was gained offered.

What a change opens and closes is in ``visibility`` for the peer itself, in ``elsewhere`` for every other.
"""

from dataclasses import dataclass

from cirt.kernel.work import Work
from cirt.parties.four_eyes.commands import DecideRequest, Ruling
from cirt.parties.four_eyes.errors import ShownIsOld
from cirt.parties.four_eyes.models import RequestState
from cirt.parties.four_eyes.service import barred, find_request, reason_of
from cirt.release.previewing.surroundings import surroundings
from cirt.release.settling import offer_missing, settle_due
from cirt.sharing.agreements.changes import WRITE, Decided, decide_change, narrow_agreement
from cirt.sharing.agreements.commands import WriteTerms
from cirt.sharing.agreements.models import AgreementChange
from cirt.sharing.agreements.service import end_agreement, hold_every_peer, suspend_agreement
from cirt.sharing.models import Agreement

CLOSING = {"suspend": suspend_agreement, "end": end_agreement}


@dataclass(frozen=True, slots=True)
class Agreed:
    """``offered`` is how many versions were offered by it."""

    decided: Decided
    offered: int = 0


def decide(work: Work, cmd: DecideRequest) -> Agreed:
    """As ``decide_change``, and the feeds of the peer, and of all whom it touches, are made right.

    An approval counts only while every peer stands as on the page that said what it opens and closes for whom.
    """
    if cmd.ruling is Ruling.APPROVED:
        work.require(WRITE)
        hold_every_peer(work)
        change = find_request(work.session, AgreementChange, cmd.id)
        if barred(work, change, WRITE) is None and cmd.seen != surroundings(work):
            raise ShownIsOld
        settle_due(work)  # what ran out is closed before this opens it again: nobody passes it
    decided = decide_change(work, cmd)
    if decided.change.state is not RequestState.APPROVED:
        return Agreed(decided)
    return Agreed(decided, offer_missing(work, decided.agreement.peer_id))


def narrow(work: Work, reference: str, cmd: WriteTerms) -> Agreement:
    """As ``narrow_agreement``, and rows that the peer lost are closed."""
    agreement = narrow_agreement(work, reference, cmd)
    offer_missing(work, agreement.peer_id)
    return agreement


def close(work: Work, act: str, reference: str, reason: str) -> Agreement:
    """Suspend or end it at once. What the peer brought leaves the feeds of others in the same transaction.

    Raises:
        NoSuchAgreement, NotInThatState, ReasonNeeded, NotAllowed.
    """
    work.require(WRITE)
    agreement = CLOSING[act](work, reference, reason_of(reason))
    offer_missing(work, agreement.peer_id)
    return agreement
