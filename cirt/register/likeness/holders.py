"""Which reports hold what a report holds: for each key the newest few, looked up in the index, never searched for.

A key costs one look-up however many hold it and whatever the database knows of its tables: a join would be
planned by figures, which are missing where a database is new.
"""

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any, TypeAlias

import sqlalchemy as sa

from cirt.kernel.among import gathered, listed_given
from cirt.kernel.work import Work
from cirt.register.likeness.models import ReportTrait
from cirt.register.models import ReportObservable

Holders: TypeAlias = Mapping[int, list[int]]  # by key: ids of reports, the newest first


def holders_of_traits(work: Work, keys: Collection[int], most: int) -> Holders:
    return _newest(work, ReportTrait.key, ReportTrait.report_id, keys, most)


def holders_of_observables(work: Work, keys: Collection[int], most: int) -> Holders:
    return _newest(work, ReportObservable.key, ReportObservable.report_id, keys, most)


def _newest(work: Work, key: Any, report_id: Any, keys: Collection[int], most: int) -> Holders:
    if not keys:
        return {}
    query = _asking(key, report_id, most)
    found = work.session.execute(query, {"keys": list(keys)})
    return {row.key: sorted(row.ids or (), reverse=True) for row in found}


@lru_cache(maxsize=16)
def _asking(key: Any, report_id: Any, most: int) -> sa.Select[*tuple[Any, ...]]:
    asked = listed_given("keys")
    newest = (
        sa.select(report_id.label("id"))
        .where(key == asked.c.value)
        .order_by(report_id.desc())
        .limit(most)
        .correlate(asked)
        .subquery()
    )
    found = sa.select(gathered(newest.c.id)).scalar_subquery()
    return sa.select(asked.c.value.label("key"), found.label("ids"))
