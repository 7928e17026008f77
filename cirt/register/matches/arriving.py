"""What came meets what our open incidents hold, in the transaction that stores it."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from cirt.kernel.among import among
from cirt.kernel.clock import to_us
from cirt.kernel.work import Work
from cirt.objects.models import FormerObservable
from cirt.objects.observables.kinds import Observable
from cirt.register.matches.holding import holding
from cirt.register.matches.telling import tell


@dataclass(frozen=True, slots=True)
class Came:
    """An object that was stored now: what it names, when it says that it was changed, until when it holds."""

    object_id: int
    changed_us: int
    until_us: int | None
    observables: Mapping[int, Observable]  # by key


def tell_of_arrivals(work: Work, came: Iterable[Came], since: datetime, run_id: int | None) -> None:
    """What is older than ``since``, by its own date, and what was named before is found and no news."""
    since_us, now_us = to_us(since), to_us(work.now)
    fresh = [
        one
        for one in came
        if one.observables
        and one.changed_us >= since_us
        and (one.until_us is None or one.until_us > now_us)
    ]
    named = {key: each for one in fresh for key, each in one.observables.items()}
    found = holding(work, named)
    met = {one.object_id: keys for one in fresh if (keys := one.observables.keys() & found.keys())}
    tell(work, _counts(met, _named_before(work, met), found), run_id)


def _counts(
    met: Mapping[int, Collection[int]],
    before: Mapping[int, Collection[int]],
    found: Mapping[int, Collection[int]],
) -> Counter[int]:
    """By incident, how many objects meet it by something that they did not name before."""
    counts: Counter[int] = Counter()
    for object_id, keys in met.items():
        new = (key for key in keys if key not in before.get(object_id, ()))
        counts.update({incident for key in new for incident in found[key]})
    return counts


def _named_before(work: Work, object_ids: Collection[int]) -> Mapping[int, Collection[int]]:
    """By object, what earlier versions of it name."""
    named = defaultdict[int, set[int]](set)
    if object_ids:
        query = sa.select(FormerObservable.object_id, FormerObservable.key)
        for row in work.session.execute(query.where(among(FormerObservable.object_id, object_ids))):
            named[row.object_id].add(row.key)
    return named
