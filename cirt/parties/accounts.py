"""Accounts of the team: made, disabled, signed in and out.

Sessions live in the database and die at once with sign-out, a new password or a disabled account.
"""

import hashlib
import re
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.errors import TooMany
from cirt.kernel.work import Actor, ActorKind, Work
from cirt.parties.errors import (
    AccountExists,
    AddressWrong,
    DisableOneself,
    LastAdministrator,
    NoSuchAccount,
    PasswordWrong,
    RoleToOneself,
    SignInRefused,
)
from cirt.parties.models import Account, Person, RoleGrant, SignIn, SignInFailure
from cirt.parties.passwords import hash_password, one_time_password, verify
from cirt.parties.roles import Role, permissions_of, roles_with

IDLE = timedelta(hours=2)
LONGEST = timedelta(hours=12)
_WINDOW = timedelta(minutes=15)
_TRIES_PER_NAME = 10
_TRIES_PER_SOURCE = 50
_ADDRESS = re.compile(r"[^@\s]{1,64}@[^@\s]{1,189}\Z")


@dataclass(frozen=True, slots=True)
class AddAccount:
    email: str
    name: str
    roles: tuple[Role, ...]
    password: str | None = None  # None: a one-time password is made
    person_id: int | None = None  # a second account of the same person


@dataclass(frozen=True, slots=True)
class NewPassword:
    """A password to be shown once."""

    email: str
    password: str | None


def normal_email(email: str) -> str:
    """One spelling per mailbox, so that limits and uniqueness cannot be talked around."""
    normal = _spelled(email)
    if not _ADDRESS.match(normal):
        raise AddressWrong(email=email[:80])
    return normal


def _spelled(email: str) -> str:
    return unicodedata.normalize("NFKC", email).strip().lower()[:254]


def add_account(work: Work, cmd: AddAccount) -> NewPassword:
    """
    Raises:
        AccountExists, AddressWrong, PasswordTooShort, NotAllowed.
    """
    work.require("account:write")
    email = normal_email(cmd.email)
    if _account(work.session, email) is not None:
        raise AccountExists(email=email)
    person = work.session.get(Person, cmd.person_id) if cmd.person_id else None
    if person is None:
        person = Person(name=cmd.name.strip() or email)
    made = None if cmd.password else one_time_password()
    account = Account(
        person=person,
        email=email,
        password_hash=hash_password(cmd.password or made or ""),
        one_time=made is not None,
        created_at=work.now,
        grants=[RoleGrant(role=role, granted_at=work.now) for role in dict.fromkeys(cmd.roles)],
    )
    work.session.add(account)
    work.session.flush()
    work.audit("account.add", email, roles=[role.value for role in cmd.roles])
    return NewPassword(email, made)


def set_roles(work: Work, email: str, roles: frozenset[Role]) -> None:
    """
    Raises:
        RoleToOneself: the actor would change their own rights (rulings 24).
    """
    work.require("account:write")
    account = get_account(work.session, email)
    if account.person_id == work.actor.person_id:
        raise RoleToOneself
    # Held as whoever decides holds it, so that no decision rests on a role that is being taken.
    locked = sa.select(Account).where(Account.id == account.id)
    held = locked.with_for_update(of=Account, key_share=True)
    work.session.scalars(held.execution_options(populate_existing=True)).one()
    account.grants[:] = [RoleGrant(role=role, granted_at=work.now) for role in sorted(roles)]
    work.audit("account.roles", account.email, roles=sorted(role.value for role in roles))


def disable_account(work: Work, email: str) -> None:
    """End every session of the account; it cannot sign in until it is enabled again.

    Raises:
        DisableOneself: it is the actor's own; LastAdministrator: nobody could enable it again.
    """
    work.require("account:write")
    account = get_account(work.session, email)
    if account.id == work.actor.id:
        raise DisableOneself
    if _is_last_administrator(work.session, account):
        raise LastAdministrator(email=account.email)
    account.disabled_at = work.now
    _end_sessions(work, account.id)
    work.audit("account.disable", account.email)


def enable_account(work: Work, email: str) -> None:
    """Let a disabled account sign in again, with the password it had."""
    work.require("account:write")
    account = get_account(work.session, email)
    account.disabled_at = None
    work.audit("account.enable", account.email)


def _is_last_administrator(session: Session, account: Account) -> bool:
    administrators = (
        sa.select(sa.func.count())
        .select_from(RoleGrant)
        .join(Account, Account.id == RoleGrant.account_id)
        .where(RoleGrant.role == Role.ADMIN, Account.disabled_at.is_(None))
    )
    is_one = any(grant.role is Role.ADMIN for grant in account.grants)
    return is_one and session.scalar(administrators) == 1


def reset_password(work: Work, email: str) -> NewPassword:
    """A new one-time password; every session ends."""
    work.require("account:write")
    account = get_account(work.session, email)
    made = one_time_password()
    account.password_hash, account.one_time = hash_password(made), True
    _end_sessions(work, account.id)
    work.audit("account.reset", account.email)
    return NewPassword(account.email, made)


def change_password(work: Work, old: str, new: str) -> None:
    """The actor's own; every session ends, the present one too.

    Raises:
        PasswordWrong, PasswordTooShort.
    """
    account = work.session.get_one(Account, work.actor.id)
    if not verify(account.password_hash, old):
        raise PasswordWrong
    account.password_hash, account.one_time = hash_password(new), False
    _end_sessions(work, account.id)
    work.audit("account.password", account.email)


def set_language(work: Work, language: str) -> None:
    """In which language the actor reads the pages."""
    work.session.get_one(Account, work.actor.id).language = language
    work.audit("account.language", work.actor.name, language=language)


def check_password(work: Work, password: str, source: str) -> None:
    """Ask the actor once more before a decision (rulings 25).

    Raises:
        PasswordWrong, TooMany.
    """
    account = work.session.get_one(Account, work.actor.id)
    _limit(work.session, account.email, source, work.now)
    if not verify(account.password_hash, password):
        raise PasswordWrong


def recognise(work: Work, email: str, password: str, source: str) -> int:
    """Whose name and password these are: the account's id. Reads only, since hashing takes a while.

    Raises:
        SignInRefused: unknown, disabled or wrong password, not told apart; the caller then notes the
            failure with :func:`note_failure`.
        TooMany: over the limit for this name or source.
    """
    name = _spelled(email)
    _limit(work.session, name, source, work.now)
    account = _account(work.session, name)
    fits = verify(account.password_hash if account else None, password)
    if account is None or account.disabled_at or not fits:
        raise SignInRefused
    return account.id


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


def note_failure(work: Work, email: str, source: str) -> None:
    name = _spelled(email)
    work.session.add(SignInFailure(name=name, source=source[:64], at=work.now))
    work.audit("account.sign-in-refused", name)


def sign_out(work: Work, secret: str) -> None:
    ended = sa.update(SignIn).where(
        SignIn.secret_hash == _hashed(secret), SignIn.ended_at.is_(None)
    )
    work.session.execute(ended.values(ended_at=work.now))
    work.audit("account.sign-out", work.actor.name)


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


def former_account(session: Session, sign_in_id: int) -> int | None:
    """Whose session this was, living or not; says who may have back what they typed, and nothing more."""
    return session.scalar(sa.select(SignIn.account_id).where(SignIn.id == sign_in_id))


def touch(work: Work, sign_in_id: int) -> None:
    """Note that the session is in use; the caller does so once a minute, not at every request."""
    work.session.execute(sa.update(SignIn).where(SignIn.id == sign_in_id).values(seen_at=work.now))


def actor_of(account: Account) -> Actor:
    roles = frozenset(grant.role for grant in account.grants)
    return Actor(
        kind=ActorKind.PERSON,
        id=account.id,
        name=account.person.name,
        person_id=account.person_id,
        roles=frozenset(role.value for role in roles),
        permissions=permissions_of(roles),
    )


def get_account(session: Session, email: str) -> Account:
    """
    Raises:
        NoSuchAccount.
    """
    account = _account(session, normal_email(email))
    if account is None:
        raise NoSuchAccount(email=email)
    return account


def account_of(session: Session, account_id: int) -> Account:
    """
    Raises:
        NoSuchAccount.
    """
    account = session.get(Account, account_id)
    if account is None:
        raise NoSuchAccount(email=str(account_id))
    return account


def persons_who(session: Session, permission: str) -> list[tuple[int, str]]:
    """Persons, by id and name, with an account that may do this."""
    query = (
        sa.select(Person.id, Person.name)
        .join(Account, Account.person_id == Person.id)
        .join(RoleGrant, RoleGrant.account_id == Account.id)
        .where(Account.disabled_at.is_(None), RoleGrant.role.in_(roles_with(permission)))
        .distinct()
        .order_by(Person.name, Person.id)
    )
    return [(row.id, row.name) for row in session.execute(query)]


def accounts(session: Session) -> list[Account]:
    return list(session.scalars(sa.select(Account).order_by(Account.email)))


def _account(session: Session, email: str) -> Account | None:
    return session.scalars(sa.select(Account).where(Account.email == email)).one_or_none()


def _end_sessions(work: Work, account_id: int) -> None:
    living = sa.update(SignIn).where(SignIn.account_id == account_id, SignIn.ended_at.is_(None))
    work.session.execute(living.values(ended_at=work.now))


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


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
