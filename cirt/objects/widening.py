"""Keeps what the values that are stored lie within, so that what is named more widely finds them by one look-up.

From a value to what it lies within nothing has to be kept: ``families.wider`` computes that.
"""

from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from cirt.kernel.among import gathered, listed_given
from cirt.kernel.inserting import insert_columns
from cirt.objects.models import Holder, WiderKey
from cirt.objects.observables.families import wider
from cirt.objects.observables.kinds import Kind, Observable

_NARROW = frozenset({Kind.DOMAIN, Kind.URL})


def keep_wider(connection: sa.Connection, holder: Holder, values: Iterable[Observable]) -> None:
    """In one order, so that two who store the same wait for one another and not crosswise."""
    pairs = sorted(
        {(around.key, one.key) for one in values if one.kind in _NARROW for around in wider(one)}
    )
    if pairs:
        columns = {"wider": [pair[0] for pair in pairs], "key": [pair[1] for pair in pairs]}
        same = {"holder": int(holder)}
        unless = ("wider", "holder", "key")
        insert_columns(connection, WiderKey, columns, same=same, unless=unless)


def narrower(
    connection: sa.Connection, keys: Collection[int], holders: Iterable[Holder], most: int
) -> dict[int, list[int]]:
    """By each of these keys those of what lies within it, ``most`` at most of each holder. One query."""
    if not keys:
        return {}
    query = _within(tuple(holders), most)
    return {
        value: list(dict.fromkeys(key for some in lists for key in some or ()))
        for value, *lists in connection.execute(query, {"keys": list(keys)})
    }


@lru_cache(maxsize=16)
def _within(holders: tuple[Holder, ...], most: int) -> sa.Select[*tuple[Any, ...]]:
    asked = listed_given("keys")
    has_any = sa.exists().where(WiderKey.wider == asked.c.value).correlate(asked)
    return sa.select(asked.c.value, *(_some(asked, each, most) for each in holders)).where(has_any)


def _some(asked: sa.TableValuedAlias, holder: Holder, most: int) -> sa.ScalarSelect[list[int]]:
    some = (
        sa.select(WiderKey.key.label("key"))
        .where(WiderKey.wider == asked.c.value, WiderKey.holder == int(holder))
        .order_by(WiderKey.key)
        .limit(most)
        .correlate(asked)
        .subquery()
    )
    return sa.select(gathered(some.c.key)).scalar_subquery()
