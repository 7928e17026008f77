"""Whether a password is that of an account; wrong ones are counted, and only so many are tried."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.errors import TooMany
from cirt.kernel.work import Work
from cirt.parties.accounts import find_by_email, spelled
from cirt.parties.errors import PasswordWrong, SignInRefused
from cirt.parties.models import Account, SignInFailure
from cirt.parties.passwords import verify

_WINDOW = timedelta(minutes=15)
_TRIES_PER_NAME = 10
_TRIES_PER_SOURCE = 50


def recognise(work: Work, email: str, password: str, source: str) -> int:
    """Whose name and password these are: the account's id. Reads only, since hashing takes a while.

    Raises:
        SignInRefused: unknown, disabled or wrong password, not told apart; the caller then notes the
            failure with :func:`note_failure`.
        TooMany: over the limit for this name or source.
    """
    name = spelled(email)
    _limit(work.session, name, source, work.now)
    account = find_by_email(work.session, name)
    fits = verify(account.password_hash if account else None, password)
    if account is None or account.disabled_at or not fits:
        raise SignInRefused
    return account.id


def check_password(work: Work, password: str, source: str) -> None:
    """Ask the actor once more before a decision (rulings 25).

    Raises:
        PasswordWrong, TooMany.
    """
    account = work.session.get_one(Account, work.actor.id)
    _limit(work.session, account.email, source, work.now)
    if not verify(account.password_hash, password):
        raise PasswordWrong


def note_failure(work: Work, email: str, source: str) -> None:
    name = spelled(email)
    work.session.add(SignInFailure(name=name, source=source[:64], at=work.now))
    work.audit("account.sign-in-refused", name)


def _limit(session: Session, name: str, source: str, now: datetime) -> None:
    """Per name from one source, and per source. Not per name alone: anybody could then lock a colleague out."""
    from_source = sa.select(sa.func.count(), sa.func.min(SignInFailure.at)).where(
        SignInFailure.source == source[:64], SignInFailure.at > now - _WINDOW
    )
    for query, most in (
        (from_source.where(SignInFailure.name == name), _TRIES_PER_NAME),
        (from_source, _TRIES_PER_SOURCE),
    ):
        count, first = session.execute(query).one()
        if count >= most:
            raise TooMany(wait_s=max(1, int((first + _WINDOW - now).total_seconds())))
