"""What accounts may do: as their actor says it, and as it stands at the moment of a decision."""

from collections.abc import Collection, Iterable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.work import Actor, ActorKind
from cirt.parties.models import Account, Person, RoleGrant
from cirt.parties.roles import Role, permissions_of, roles_with


def actor_of(account: Account) -> Actor:
    roles = frozenset(grant.role for grant in account.grants)
    return person(account.id, account.person_id, account.person.name, roles)


def person(account_id: int, person_id: int, name: str, roles: frozenset[Role]) -> Actor:
    """Somebody signed in by this account, with these roles."""
    return Actor(
        kind=ActorKind.PERSON,
        id=account_id,
        name=name,
        person_id=person_id,
        roles=frozenset(role.value for role in roles),
        permissions=permissions_of(roles),
    )


def may(account: Account, permission: str) -> bool:
    roles = frozenset(grant.role for grant in account.grants)
    return account.disabled_at is None and permission in permissions_of(roles)


def held_account(session: Session, account_id: int) -> Account:
    """As it is now, until commit: a role may have been taken since the page was shown, or the person changed."""
    return accounts_now(session, {account_id}, lock=True)[account_id]


def accounts_now(session: Session, ids: Collection[int], *, lock: bool) -> dict[int, Account]:
    """By id; with ``lock`` they stay as they are until commit."""
    query = sa.select(Account).where(Account.id.in_(ids)).order_by(Account.id)
    if lock:
        query = query.with_for_update(read=True, of=Account)
    found = session.scalars(query.execution_options(populate_existing=True))
    return {account.id: account for account in found}


def names_who(session: Session, permission: str, besides: Collection[int | None]) -> list[str]:
    """Names of the persons with an account that may do this, but for those of these ids."""
    query = (
        sa.select(Person.id, Person.name)
        .join(Account, Account.person_id == Person.id)
        .join(RoleGrant, RoleGrant.account_id == Account.id)
        .where(Account.disabled_at.is_(None), RoleGrant.role.in_(roles_with(permission)))
        .distinct()
        .order_by(Person.name, Person.id)
    )
    return [row.name for row in session.execute(query) if row.id not in besides]


def names_behind(session: Session, account_ids: Iterable[int | None]) -> dict[int | None, str]:
    """By account, the name of its person."""
    asked = [each for each in account_ids if each is not None]
    query = sa.select(Account.id, Person.name).join(Person, Person.id == Account.person_id)
    rows = session.execute(query.where(Account.id.in_(asked))) if asked else ()
    return {row.id: row.name for row in rows}
