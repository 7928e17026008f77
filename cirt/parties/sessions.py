"""Sessions of accounts, in the database: begun, recognised at each request, ended.

They die at once with sign-out, a new password or a disabled account.
"""

import hashlib
import secrets
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.work import Actor, Work
from cirt.parties.errors import SignInRefused
from cirt.parties.models import Account, SignIn
from cirt.parties.rights import actor_of

IDLE = timedelta(hours=2)
LONGEST = timedelta(hours=12)


def sign_in(work: Work, account_id: int) -> tuple[str, Account]:
    """Begin a session for somebody recognised a moment ago: its secret for the cookie, and whose it is.

    Raises:
        SignInRefused: the account was disabled in between.
    """
    account = work.session.get_one(Account, account_id)
    if account.disabled_at:
        raise SignInRefused
    secret = secrets.token_urlsafe(32)
    work.session.add(
        SignIn(
            secret_hash=_hashed(secret),
            account_id=account.id,
            started_at=work.now,
            seen_at=work.now,
        )
    )
    work.audit("account.sign-in", account.email)
    return secret, account


def current(session: Session, secret: str, now: datetime) -> tuple[Actor, Account, SignIn] | None:
    """Who holds this session, if it lives: not ended, idle or old, account not disabled."""
    row = session.execute(
        sa.select(SignIn, Account)
        .join(Account, Account.id == SignIn.account_id)
        .where(SignIn.secret_hash == _hashed(secret), SignIn.ended_at.is_(None))
    ).one_or_none()
    if row is None:
        return None
    sign, account = row
    if account.disabled_at or now - sign.seen_at > IDLE or now - sign.started_at > LONGEST:
        return None
    return actor_of(account), account, sign


def touch(work: Work, sign_in_id: int) -> None:
    """Note that the session is in use; the caller does so once a minute, not at every request."""
    work.session.execute(sa.update(SignIn).where(SignIn.id == sign_in_id).values(seen_at=work.now))


def former_account(session: Session, sign_in_id: int) -> int | None:
    """Whose session this was, living or not; says who may have back what they typed, and nothing more."""
    return session.scalar(sa.select(SignIn.account_id).where(SignIn.id == sign_in_id))


def sign_out(work: Work, secret: str) -> None:
    ended = sa.update(SignIn).where(
        SignIn.secret_hash == _hashed(secret), SignIn.ended_at.is_(None)
    )
    work.session.execute(ended.values(ended_at=work.now))
    work.audit("account.sign-out", work.actor.name)


def end_sessions(work: Work, account_id: int) -> None:
    living = sa.update(SignIn).where(SignIn.account_id == account_id, SignIn.ended_at.is_(None))
    work.session.execute(living.values(ended_at=work.now))


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
