"""What is held until a marking-definition comes, a slice at a time: few enough that nobody waits long for the database."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.exchange.models import Quarantined
from cirt.exchange.quarantine import that_fit
from cirt.kernel.among import among
from cirt.objects.models import KnownMarking

AT_ONCE = 500


def awaiting(session: Session, definitions: Sequence[str]) -> tuple[list[Quarantined], bool]:
    """What waits for one of these, and what waits for that, in the order in which it came; whether there is more.

    Held, so that nobody decides on it meanwhile.
    """
    row = Quarantined
    is_open = row.settled_at.is_(None)
    waiting = sa.select(row.id, row.size, row.stix_id).where(is_open)
    first = waiting.where(among(row.waits_for, definitions)).order_by(row.id).limit(AT_ONCE + 1)
    chain = sa.select(first.subquery()).cte(recursive=True)
    chain = chain.union(waiting.join(chain, chain.c.stix_id == row.waits_for))
    found = session.execute(sa.select(chain.c.id, chain.c.size).limit(AT_ONCE + 1)).all()
    ids = [each.id for each in that_fit(found[:AT_ONCE])]
    if not ids:
        return [], False
    query = sa.select(row).where(among(row.id, ids), is_open).order_by(row.id).with_for_update()
    rows = session.scalars(query.execution_options(populate_existing=True))
    return list(rows), len(ids) < len(found)


def already_here(session: Session) -> list[str]:
    """Definitions that have come, and for which something waits all the same."""
    waits = sa.exists().where(
        Quarantined.waits_for == KnownMarking.stix_id, Quarantined.settled_at.is_(None)
    )
    return list(session.scalars(sa.select(KnownMarking.stix_id).where(waits).limit(AT_ONCE)))
