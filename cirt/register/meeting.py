"""Under which keys an observable is known: its own, what it lies within, and what lies within it.

As the exchange finds objects (``objects.index.keys_meeting``), for many observables at once and only by what is kept:
an address has thirty networks around it, of which hardly any was ever named. What stands on the warning list meets nothing.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import sqlalchemy as sa

from cirt.kernel.among import among_given
from cirt.kernel.work import Work
from cirt.objects.index import is_address
from cirt.objects.listing import Listed
from cirt.objects.models import Holder, ObjectObservable, WiderKey
from cirt.objects.observables import networks
from cirt.objects.observables.families import host_of, wider
from cirt.objects.observables.kinds import Kind, Observable
from cirt.objects.warning import warned_among
from cirt.objects.widening import narrower
from cirt.register.models import IncidentObservable, ReportObservable

_Found: TypeAlias = dict[int, dict[int, None]]

_KEPT: Sequence[Any] = (IncidentObservable, ReportObservable, ObjectObservable)
_NETWORKS = 20  # asked networks that are looked into; a page names fewer
_MOST = 100  # keys for one, in each direction
_WITHIN = {
    4: 200,
    6: 2_000,
}  # values that are looked at in each of them and each table; of IPv6, any


@dataclass(frozen=True, slots=True)
class Met:
    """The keys to look for.

    ``same``: its own first, those of networks around and within it, and of what a URL or a domain lies within.
    ``below``: of URLs and domains that lie within it.
    """

    same: tuple[int, ...]
    above: frozenset[int]  # of ``same``, those that a URL or domain lies within
    below: tuple[int, ...]
    is_common: bool = False  # on the warning list: nothing is looked for


Meeting: TypeAlias = dict[int, Met]
_COMMON = Met((), frozenset(), (), is_common=True)


def meeting_of(work: Work, asked: Collection[Observable]) -> Meeting:
    """For each key what to look for. Five queries at most, whatever is asked."""
    if not asked:
        return {}
    lying = {one.key: wider(one) for one in asked}
    warned = _warned(work, asked, lying)
    common = {one.key for one in asked if warned.holds(one)}
    looked = [one for one in asked if one.key not in common]
    above = {
        one.key: {each.key: None for each in lying[one.key] if not warned.holds(each)}
        for one in looked
    }
    found: _Found = {one.key: {one.key: None, **above[one.key]} for one in looked}
    addresses = {one.key: networks.network(at.value) for one in looked if (at := _address(one))}
    _look_around(work, addresses, found)
    _look_within(work, addresses, found)
    inside = narrower(
        work.connection,
        [one.key for one in looked if one.kind is Kind.DOMAIN or is_address(one)],
        list(Holder),
        _MOST,
    )
    meeting = {
        key: Met(tuple(keys), frozenset(above[key]), tuple(inside.get(key, ())))
        for key, keys in found.items()
    }
    return meeting | dict.fromkeys(common, _COMMON)


def _warned(
    work: Work, asked: Collection[Observable], lying: Mapping[int, tuple[Observable, ...]]
) -> Listed:
    every = dict.fromkeys([*asked, *(each for some in lying.values() for each in some)])
    return warned_among(work.connection, every)


def _address(one: Observable) -> Observable | None:
    """Itself, or that on which a URL is."""
    at = host_of(one) or one
    return at if is_address(at) else None


def _look_around(work: Work, addresses: Mapping[int, networks.Network], found: _Found) -> None:
    around: defaultdict[int, list[int]] = defaultdict(list)
    for asked, network in addresses.items():
        for key in networks.keys_around(network):
            if key not in found[asked]:  # that many may hold
                around[key].append(asked)
    if not around:
        return
    for key in work.session.scalars(_KEPT_KEYS, {"keys": list(around)}):
        for asked in around[key]:
            found[asked][key] = None


_KEPT_KEYS = sa.union(
    *(sa.select(table.key).where(among_given(table.key, "keys")) for table in _KEPT)
)


def _look_within(work: Work, addresses: Mapping[int, networks.Network], found: _Found) -> None:
    wide = [asked for asked, network in addresses.items() if network.num_addresses > 1]
    if not wide:
        return
    queries = [
        _within(table, asked, addresses[asked]) for asked in wide[:_NETWORKS] for table in _KEPT
    ]
    queries += [
        _urls_within(asked, addresses[asked])
        for asked in wide[:_NETWORKS]
        if addresses[asked].version == 4  # noqa: PLR2004 - of IPv6 all is one range
    ]
    for asked, key, kind, value in work.session.execute(sa.union_all(*queries)):
        at = _address(Observable(Kind(kind), value)) if kind else None
        # A digest of another kind may fall there.
        is_inside = at is not None and networks.holds(addresses[asked], networks.network(at.value))
        if len(found[asked]) < _MOST and (is_inside or not kind):
            found[asked][key] = None


def _within(table: Any, asked: int, network: networks.Network) -> sa.Select[Any]:
    first, last = networks.keys_within(network)
    query = sa.select(table.key, table.kind, table.value).where(table.key.between(first, last))
    some = query.distinct().order_by(table.key).limit(_WITHIN[network.version]).subquery()
    return sa.select(sa.literal(asked, sa.BigInteger), some.c.key, some.c.kind, some.c.value)


def _urls_within(asked: int, network: networks.Network) -> sa.Select[Any]:
    """URLs on addresses of the network. By keys alone, among which hardly a digest of a domain falls."""
    first, last = networks.keys_within(network)
    query = sa.select(WiderKey.key).where(WiderKey.wider.between(first, last)).distinct()
    some = query.order_by(WiderKey.key).limit(_WITHIN[network.version]).subquery()
    nothing = sa.cast(sa.null(), sa.String)
    return sa.select(sa.literal(asked, sa.BigInteger), some.c.key, nothing, nothing)
