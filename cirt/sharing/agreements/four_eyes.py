"""One asks, another person decides, and both must still be allowed at that moment."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.errors import NotAllowed
from cirt.kernel.work import ActorKind, Work
from cirt.parties.models import Account, Person
from cirt.parties.roles import permissions_of
from cirt.sharing.agreements.commands import DecideRequest, Ruling
from cirt.sharing.agreements.errors import (
    NotYours,
    OwnChange,
    PersonAsks,
    RequestDecided,
    ShownIsOld,
    WordsNeeded,
)
from cirt.sharing.agreements.models import FourEyes, RequestState


def account_of_actor(work: Work) -> int:
    """
    Raises:
        PersonAsks: nobody who signed in.
    """
    actor = work.actor
    if actor.kind is not ActorKind.PERSON or actor.id is None or actor.person_id is None:
        raise PersonAsks
    return actor.id


def check_decider(work: Work, asked: FourEyes, cmd: DecideRequest, permission: str) -> None:
    """That this request still waits, and that the actor may rule on it so.

    Raises:
        RequestDecided, NotYours, OwnChange, WordsNeeded, ShownIsOld, PersonAsks, NotAllowed.
    """
    account_id = account_of_actor(work)
    if asked.state is not RequestState.ASKED:
        raise RequestDecided(state=asked.state.value)
    is_mine = person_of(work.session, asked.asked_by_id).id == work.actor.person_id
    if cmd.ruling is Ruling.WITHDRAWN:
        if not is_mine:
            raise NotYours
        return
    if is_mine:
        raise OwnChange
    if not still_may(work.session, account_id, permission):
        raise NotAllowed(needed=permission)
    if cmd.ruling is Ruling.REFUSED and not cmd.comment.strip():
        raise WordsNeeded
    if cmd.digest != asked.digest:
        raise ShownIsOld


def close_request(work: Work, asked: FourEyes, state: RequestState, comment: str = "") -> None:
    asked.state, asked.comment = state, comment.strip()
    asked.decided_by_id, asked.decided_at = work.actor.id, work.now


def person_of(session: Session, account_id: int) -> Person:
    return session.get_one(Account, account_id).person


def still_may(session: Session, account_id: int, permission: str) -> bool:
    """Asked anew in the deciding transaction: a role may have been taken since the page was shown."""
    query = sa.select(Account).where(Account.id == account_id)
    account = session.scalars(
        query.with_for_update(read=True, of=Account).execution_options(populate_existing=True)
    ).one()
    roles = frozenset(grant.role for grant in account.grants)
    return account.disabled_at is None and permission in permissions_of(roles)


def barred(work: Work, asked: FourEyes, permission: str) -> str | None:
    """The code of the reason why the actor cannot decide; None if they can."""
    if asked.state is not RequestState.ASKED:
        return "request-decided"
    if not work.actor.may(permission):
        return "not-allowed"
    if work.actor.person_id is None:
        return "person-asks"
    is_mine = person_of(work.session, asked.asked_by_id).id == work.actor.person_id
    return "own-change" if is_mine else None
