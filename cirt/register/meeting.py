"""Under which keys an observable is known: its own, and of an address the networks around it and what lies within.

As the exchange finds objects (``objects.index.keys_meeting``), for many observables at once and only by what is kept:
an address has thirty networks around it, of which hardly any was ever named.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeAlias

import sqlalchemy as sa

from cirt.kernel.among import among
from cirt.kernel.work import Work
from cirt.objects.index import is_address
from cirt.objects.models import ObjectObservable
from cirt.objects.observables import networks
from cirt.objects.observables.kinds import Kind, Observable
from cirt.register.models import IncidentObservable, ReportObservable

Meeting: TypeAlias = dict[int, tuple[int, ...]]
_Found: TypeAlias = dict[int, dict[int, None]]

_KEPT: Sequence[Any] = (IncidentObservable, ReportObservable, ObjectObservable)
_NETWORKS = 20  # asked networks that are looked into; a page names fewer
_MOST = 100  # keys for one
_WITHIN = {
    4: 200,
    6: 2_000,
}  # values that are looked at in each of them and each table; of IPv6, any


def meeting_of(work: Work, asked: Collection[Observable]) -> Meeting:
    """For each key the keys to look for, its own first. None, one or two queries, whatever is asked."""
    found: _Found = {one.key: {one.key: None} for one in asked}
    addresses = {one.key: networks.network(one.value) for one in asked if is_address(one)}
    _look_around(work, addresses, found)
    _look_within(work, addresses, found)
    return {key: tuple(keys) for key, keys in found.items()}


def _look_around(work: Work, addresses: Mapping[int, networks.Network], found: _Found) -> None:
    around: defaultdict[int, list[int]] = defaultdict(list)
    for asked, network in addresses.items():
        for key in networks.keys_around(network):
            if key != asked:  # that many may hold
                around[key].append(asked)
    if not around:
        return
    kept = sa.union(*(sa.select(table.key).where(among(table.key, around)) for table in _KEPT))
    for key in work.session.scalars(kept):
        for asked in around[key]:
            found[asked][key] = None


def _look_within(work: Work, addresses: Mapping[int, networks.Network], found: _Found) -> None:
    wide = [asked for asked, network in addresses.items() if network.num_addresses > 1]
    if not wide:
        return
    queries = [
        _within(table, asked, addresses[asked]) for asked in wide[:_NETWORKS] for table in _KEPT
    ]
    for asked, key, kind, value in work.session.execute(sa.union_all(*queries)):
        is_one = is_address(
            Observable(Kind(kind), value)
        )  # a digest of another kind may fall there
        has_room = len(found[asked]) < _MOST
        if has_room and is_one and networks.holds(addresses[asked], networks.network(value)):
            found[asked][key] = None


def _within(table: Any, asked: int, network: networks.Network) -> sa.Select[Any]:
    first, last = networks.keys_within(network)
    query = sa.select(table.key, table.kind, table.value).where(table.key.between(first, last))
    some = query.distinct().order_by(table.key).limit(_WITHIN[network.version]).subquery()
    return sa.select(sa.literal(asked, sa.BigInteger), some.c.key, some.c.kind, some.c.value)
