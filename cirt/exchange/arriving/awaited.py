"""What is held until a marking-definition comes, a slice at a time: few enough that nobody waits long for the database."""

from collections.abc import Iterator, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.exchange.models import Quarantined
from cirt.kernel.among import among

AT_ONCE = 500
_BYTES = 8 << 20  # of them, at least one


def awaiting(session: Session, definitions: Sequence[str]) -> tuple[list[Quarantined], bool]:
    """What waits for one of these, and what waits for that, in the order in which it came; whether there is more."""
    row = Quarantined
    waiting = sa.select(row.id, row.size, row.stix_id).where(row.settled_at.is_(None))
    first = waiting.where(among(row.waits_for, definitions)).order_by(row.id).limit(AT_ONCE + 1)
    chain = sa.select(first.subquery()).cte(recursive=True)
    chain = chain.union(waiting.join(chain, chain.c.stix_id == row.waits_for))
    found = session.execute(sa.select(chain.c.id, chain.c.size).limit(AT_ONCE + 1))
    sizes = dict(found.all())
    ids = list(_that_fit(sizes))
    query = sa.select(row).where(among(row.id, ids)).order_by(row.id)
    return list(session.scalars(query)) if ids else [], len(ids) < len(sizes)


def _that_fit(sizes: Mapping[int, int]) -> Iterator[int]:
    total = 0
    for count, (row_id, size) in enumerate(sizes.items()):
        total += size
        if count == AT_ONCE or (count and total > _BYTES):
            return
        yield row_id
