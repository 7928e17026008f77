"""Changes of agreements with what they do to feeds, in one transaction: what was lost is closed, what was gained offered."""

from dataclasses import dataclass

from cirt.kernel.work import Work
from cirt.parties.four_eyes.commands import DecideRequest
from cirt.parties.four_eyes.models import RequestState
from cirt.parties.four_eyes.service import reason_of
from cirt.release.settling import offer_missing
from cirt.sharing.agreements.changes import Decided, decide_change, narrow_agreement
from cirt.sharing.agreements.commands import WriteTerms
from cirt.sharing.agreements.service import end_agreement, suspend_agreement
from cirt.sharing.models import Agreement

CLOSING = {"suspend": suspend_agreement, "end": end_agreement}


@dataclass(frozen=True, slots=True)
class Agreed:
    """``offered`` is how many versions were offered by it."""

    decided: Decided
    offered: int = 0


def decide(work: Work, cmd: DecideRequest) -> Agreed:
    """As ``decide_change``, and the peer's feeds are made right."""
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
    """Suspend or end it at once.

    Raises:
        NoSuchAgreement, NotInThatState, ReasonNeeded, NotAllowed.
    """
    work.require("agreement:write")
    return CLOSING[act](work, reference, reason_of(reason))
