"""Sessions of accounts, in the database: begun, recognised at each request, ended.

They die at once with sign-out, a new password or a disabled account.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.prepared import Prepared
from cirt.kernel.work import Actor, Work
from cirt.parties.errors import SignInRefused
from cirt.parties.models import Account, Person, RoleGrant, SignIn
from cirt.parties.rights import person

IDLE = timedelta(hours=2)
LONGEST = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Current:
    """A session that lives, and who holds it."""

    id: int
    actor: Actor
    seen_at: datetime
    one_time: bool  # the password must be replaced first
    language: str | None


_CURRENT = Prepared(  # a row for each role
    sa.select(
        SignIn.id,
        SignIn.started_at,
        SignIn.seen_at,
        SignIn.account_id,
        Account.person_id,
        Person.name,
        Account.one_time,
        Account.disabled_at,
        Account.language,
        RoleGrant.role,
    )
    .join(Account, Account.id == SignIn.account_id)
    .join(Person, Person.id == Account.person_id)
    .outerjoin(RoleGrant, RoleGrant.account_id == Account.id)
    .where(
        SignIn.secret_hash == sa.bindparam("secret_hash", type_=sa.String),
        SignIn.ended_at.is_(None),
    )
)


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
    work.session.flush()
    work.audit("account.sign-in", account.email)
    return secret, account


def current(work: Work, secret: str) -> Current | None:
    """This session, if it lives: not ended, idle or old, account not disabled."""
    rows = _CURRENT.rows(work.connection, {"secret_hash": _hashed(secret)})
    if not rows:
        return None
    one = rows[0]
    if one.disabled_at or work.now - one.seen_at > IDLE or work.now - one.started_at > LONGEST:
        return None
    roles = frozenset(row.role for row in rows if row.role)
    actor = person(one.account_id, one.person_id, one.name, roles)
    return Current(one.id, actor, one.seen_at, one.one_time, one.language)


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
