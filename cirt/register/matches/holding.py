"""Which open incidents hold what a page of arrivals names: by the index alone, a constant number of queries a page.

An incident holds it where one of its observables is the value, an address within the network, a domain below the
domain, or a URL on one of these. Of what very many hold the newest few incidents are told.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any, TypeAlias

import sqlalchemy as sa

from cirt.kernel.among import among, gathered, listed
from cirt.kernel.work import Work
from cirt.objects.index import is_address
from cirt.objects.models import Holder, WiderKey
from cirt.objects.observables import networks
from cirt.objects.observables.families import host_of
from cirt.objects.observables.kinds import Kind, Observable
from cirt.objects.warning import warned_among
from cirt.objects.widening import narrower
from cirt.register.merging.models import IncidentMerge
from cirt.register.merging.queries import home_of
from cirt.register.models import IS_OPEN, Incident, IncidentObservable, ObservableState, Side

Holding: TypeAlias = dict[int, set[int]]  # by key of an arrival, incidents

_MOST = 100  # own observables for one value, and within one network or domain
_SIX = 5_000  # own IPv6 values that are looked at for networks of IPv6, the newest


def holding(work: Work, by_key: Mapping[int, Observable]) -> Holding:
    """Four queries at most, and three more where something is held."""
    if not by_key:
        return {}
    meets = _keys_met(work, by_key)
    nets = {key: networks.network(one.value) for key, one in by_key.items() if _is_network(one)}
    held = _held(work, meets)
    for key, ids in _held_within(work, nets).items():
        held[key] |= ids
    ids = {row_id for some in held.values() for row_id in some}
    if not ids:
        return {}
    rows = _rows(work, ids)
    found: Holding = {}
    for key, some in held.items():
        incidents = {rows[i][0] for i in some if i in rows and _meets(nets.get(key), rows[i][1])}
        if incidents:
            found[key] = incidents
    warned = warned_among(work.connection, [by_key[key] for key in found])
    return {key: some for key, some in found.items() if not warned.holds(by_key[key])}


def _is_network(one: Observable) -> bool:
    return is_address(one) and "/" in one.value


def _keys_met(work: Work, by_key: Mapping[int, Observable]) -> dict[int, list[int]]:
    """By the key of an own observable, the keys of the arrivals that it would meet."""
    wide = [key for key, one in by_key.items() if one.kind is Kind.DOMAIN or is_address(one)]
    inside = narrower(work.session.connection(), wide, [Holder.INCIDENT], _MOST)
    meets: dict[int, list[int]] = {key: [key] for key in by_key}
    for key, some in inside.items():
        for own in some:
            meets.setdefault(own, []).append(key)
    return meets


def _held(work: Work, meets: Mapping[int, Iterable[int]]) -> defaultdict[int, set[int]]:
    """Ids of own observables, the newest few for each value, by key of the arrival."""
    found = defaultdict[int, set[int]](set)
    for row in work.session.execute(held_query(list(meets))):
        for key in meets[row[0]]:
            found[key].update(row[1] or ())
    return found


def held_query(keys: Collection[int]) -> sa.Select[Any]:
    asked = listed(keys)
    row = IncidentObservable
    some = (
        sa.select(row.id.label("id"))
        .where(row.key == asked.c.value)
        .order_by(row.id.desc())
        .limit(_MOST)
        .correlate(asked)
        .subquery()
    )
    has_any = sa.exists().where(row.key == asked.c.value).correlate(asked)
    return sa.select(asked.c.value, sa.select(gathered(some.c.id)).scalar_subquery()).where(has_any)


def _held_within(work: Work, nets: Mapping[int, networks.Network]) -> dict[int, set[int]]:
    """Own addresses, and URLs at them, in these networks; of IPv6 all that could be."""
    found = defaultdict[int, set[int]](set)
    fours = [key for key, net in nets.items() if net.version == 4]  # noqa: PLR2004
    if fours:
        for row in work.session.execute(within_query(fours)):
            found[row[0]].update((*(row[1] or ()), *(row[2] or ())))
    sixes = [key for key, net in nets.items() if net.version != 4]  # noqa: PLR2004
    if sixes:
        ids = set(work.session.scalars(_sixes_query()))
        found.update((key, ids) for key in sixes)
    return found


def within_query(keys: Collection[int]) -> sa.Select[Any]:
    """``keys`` are those of networks of IPv4: all that lies within one is a range of keys (``networks``)."""
    asked = listed(keys)
    row, around = IncidentObservable, WiderKey
    first, last = networks.range_of(asked.c.value)
    addresses = (
        sa.select(row.id.label("id"))
        .where(row.key.between(first, last))
        .limit(_MOST)
        .correlate(asked)
        .subquery()
    )
    urls = (
        sa.select(row.id.label("id"))
        .join(around, around.key == row.key)
        .where(around.wider.between(first, last), around.holder == int(Holder.INCIDENT))
        .limit(_MOST)
        .correlate(asked)
        .subquery()
    )
    lists = (sa.select(gathered(some.c.id)).scalar_subquery() for some in (addresses, urls))
    return sa.select(asked.c.value, *lists)


def _sixes_query() -> sa.Select[int]:
    first, last = networks.keys_of_ipv6()
    row = IncidentObservable
    query = sa.select(row.id).where(row.key.between(first, last))
    return query.order_by(row.id.desc()).limit(_SIX)


def _rows(work: Work, ids: Collection[int]) -> dict[int, tuple[int, Observable]]:
    """Of these own observables those that count: the open incident on which each stands, and what it is."""
    row = IncidentObservable
    query = (
        sa.select(row.id, Incident.id, row.kind, row.value)
        .join(Incident, Incident.id == home_of(IncidentMerge, row.incident_id))
        .where(
            among(row.id, ids),
            row.state != ObservableState.DISMISSED,
            sa.or_(row.side.is_(None), row.side != Side.BENIGN),
            IS_OPEN,
            Incident.bin_id.is_(None),
        )
    )
    return {
        row_id: (incident_id, Observable(kind, value))
        for row_id, incident_id, kind, value in work.session.execute(query)
    }


def _meets(network: networks.Network | None, own: Observable) -> bool:
    """Of what was found in a range of keys, where a digest of another kind may fall."""
    if network is None:
        return True
    at = host_of(own) or own
    return is_address(at) and networks.holds(network, networks.network(at.value))
