"""Accounts of the team: made and disabled, their roles, password and language."""

import re
import unicodedata
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.work import Work
from cirt.parties.errors import (
    AccountExists,
    AddressWrong,
    DisableOneself,
    LastAdministrator,
    NoSuchAccount,
    PasswordWrong,
    RoleToOneself,
)
from cirt.parties.models import Account, Person, RoleGrant
from cirt.parties.passwords import hash_password, one_time_password, verify
from cirt.parties.roles import Role
from cirt.parties.sessions import end_sessions

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
    normal = spelled(email)
    if not _ADDRESS.match(normal):
        raise AddressWrong(email=email[:80])
    return normal


def spelled(email: str) -> str:
    """As names are compared, also those that are no address."""
    return unicodedata.normalize("NFKC", email).strip().lower()[:254]


def add_account(work: Work, cmd: AddAccount) -> NewPassword:
    """
    Raises:
        AccountExists, AddressWrong, PasswordTooShort, NotAllowed.
    """
    work.require("account:write")
    email = normal_email(cmd.email)
    if find_by_email(work.session, email) is not None:
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
    end_sessions(work, account.id)
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
    end_sessions(work, account.id)
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
    end_sessions(work, account.id)
    work.audit("account.password", account.email)


def set_language(work: Work, language: str) -> None:
    """In which language the actor reads the pages."""
    work.session.get_one(Account, work.actor.id).language = language
    work.audit("account.language", work.actor.name, language=language)


def find_by_email(session: Session, email: str) -> Account | None:
    return session.scalars(sa.select(Account).where(Account.email == email)).one_or_none()


def get_account(session: Session, email: str) -> Account:
    """
    Raises:
        NoSuchAccount.
    """
    account = find_by_email(session, normal_email(email))
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


def accounts(session: Session) -> list[Account]:
    return list(session.scalars(sa.select(Account).order_by(Account.email)))
