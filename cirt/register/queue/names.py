"""The names behind accounts, for those who claimed and decided."""

from collections.abc import Collection

import sqlalchemy as sa

from cirt.kernel.work import Work
from cirt.parties.models import Account, Person


def names_of(work: Work, account_ids: Collection[int | None]) -> dict[int | None, str]:
    asked = [one for one in account_ids if one is not None]
    if not asked:
        return {}
    query = (
        sa.select(Account.id, Person.name)
        .join(Person, Person.id == Account.person_id)
        .where(Account.id.in_(asked))
    )
    return {row.id: row.name for row in work.session.execute(query)}
