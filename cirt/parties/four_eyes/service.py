"""One asks, another person decides, and both must still be allowed at that moment."""

from typing import TypeVar

from sqlalchemy.orm import Session

from cirt.kernel.errors import NotAllowed
from cirt.kernel.work import ActorKind, Work
from cirt.parties.four_eyes.commands import DecideRequest, Ruling
from cirt.parties.four_eyes.errors import (
    NoSuchRequest,
    NotYours,
    OwnChange,
    PersonAsks,
    ReasonNeeded,
    RequestDecided,
    ShownIsOld,
    WordsNeeded,
)
from cirt.parties.four_eyes.models import FourEyes, RequestState
from cirt.parties.models import Account, Person
from cirt.parties.rights import held_account, may

_Asked = TypeVar("_Asked", bound=FourEyes)
VERBS = {  # for the trail
    RequestState.APPROVED: "approve",
    RequestState.REFUSED: "refuse",
    RequestState.WITHDRAWN: "withdraw",
    RequestState.VOIDED: "void",
}


def person_acting(work: Work) -> tuple[int, int]:
    """Account and person of the actor.

    Raises:
        PersonAsks: nobody who signed in.
    """
    actor = work.actor
    if actor.kind is not ActorKind.PERSON or actor.id is None or actor.person_id is None:
        raise PersonAsks
    return actor.id, actor.person_id


def reason_of(text: str) -> str:
    """
    Raises:
        ReasonNeeded: nothing but space.
    """
    if not text.strip():
        raise ReasonNeeded
    return text.strip()


def find_request(
    session: Session, kind: type[_Asked], request_id: int, *, lock: bool = False
) -> _Asked:
    """
    Raises:
        NoSuchRequest.
    """
    held = {"key_share": True} if lock else None
    found = session.get(kind, request_id, with_for_update=held, populate_existing=lock)
    if found is None:
        raise NoSuchRequest
    return found


def rule_on(
    work: Work, asked: FourEyes, cmd: DecideRequest, permission: str, digest: str
) -> RequestState:
    """Close a locked request, and say as what; ``digest`` is of what an approval would do now.

    An approval leads to VOIDED where that is not what was asked for, or the asker may no longer ask: nothing
    is raised, as that has to be committed.

    Raises:
        RequestDecided, NotYours, OwnChange, WordsNeeded, ShownIsOld, PersonAsks, NotAllowed.
    """
    _check_decider(work, asked, cmd, permission)
    state, comment = RequestState(cmd.ruling.value), cmd.comment.strip()
    if state is RequestState.APPROVED:
        asker = held_account(work.session, asked.asked_by_id)
        if asked.digest != digest or not may(asker, permission):
            state, comment = RequestState.VOIDED, ""
    asked.state, asked.comment = state, comment
    asked.decided_by_id, asked.decided_at = work.actor.id, work.now
    return state


def asker_of(session: Session, asked: FourEyes) -> Person:
    return session.get_one(Account, asked.asked_by_id).person


def barred(work: Work, asked: FourEyes, permission: str) -> str | None:
    """The code of the reason why the actor cannot decide; None if they can."""
    if asked.state is not RequestState.ASKED:
        return RequestDecided.code
    if not work.actor.may(permission):
        return NotAllowed.code
    if work.actor.person_id is None:
        return PersonAsks.code
    is_mine = asker_of(work.session, asked).id == work.actor.person_id
    return OwnChange.code if is_mine else None


def _check_decider(work: Work, asked: FourEyes, cmd: DecideRequest, permission: str) -> None:
    account_id, person_id = person_acting(work)
    if asked.state is not RequestState.ASKED:
        raise RequestDecided(state=asked.state.value)
    is_mine = asker_of(work.session, asked).id == person_id
    if cmd.ruling is Ruling.WITHDRAWN:
        if not is_mine:
            raise NotYours
        return
    if is_mine:
        raise OwnChange
    if not may(held_account(work.session, account_id), permission):
        raise NotAllowed(needed=permission)
    if cmd.ruling is Ruling.REFUSED and not cmd.comment.strip():
        raise WordsNeeded
    if cmd.digest != asked.digest:
        raise ShownIsOld
