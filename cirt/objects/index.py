"""Finds and lists objects without their content.

``shown`` is a condition on ObjectFacts, as the gate's ``narrow.visible_facts`` makes it for whoever reads:
a list is cut by it before it is counted or paged.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple, TypeAlias

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.among import among
from cirt.kernel.tlp import Tlp
from cirt.objects.models import ObjectFacts, ObjectObservable, ObjectVersion, StixObject
from cirt.objects.observables import networks
from cirt.objects.observables.kinds import Kind, Observable
from cirt.objects.policies import Pap

Condition = sa.ColumnElement[bool]
_CHUNK = 500
_MOST_WITHIN = 5_000  # keys within networks, well below the databases' limits of parameters
_ADDRESSES = (Kind.IPV4, Kind.IPV6)
_Query: TypeAlias = sa.Select[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Listed:
    """An object by its newest version."""

    object_id: int
    version_id: int
    stix_id: str
    type: str
    name: str | None
    tlp: Tlp
    newest_us: int
    revoked: bool
    valid_until_us: int | None
    brought_by_id: int | None  # None: ourselves

    @property
    def place(self) -> tuple[int, int]:
        """Where the next page begins."""
        return self.newest_us, self.object_id


@dataclass(frozen=True, slots=True)
class Match:
    """An object that looks for, or is, one of the observables asked for."""

    key: int
    kind: Kind
    value: str
    found: Listed


class Said(NamedTuple):
    tlp: Tlp
    pap: Pap | None  # None: nothing said


_LISTED = (
    StixObject.id,
    ObjectVersion.id,
    StixObject.stix_id,
    StixObject.type,
    StixObject.name,
    ObjectFacts.tlp,
    StixObject.newest_us,
    StixObject.revoked,
    StixObject.valid_until_us,
    StixObject.brought_by_id,
)


def find_object(session: Session, stix_id: str) -> StixObject | None:
    return session.scalars(sa.select(StixObject).where(StixObject.stix_id == stix_id)).one_or_none()


def find_listed(session: Session, stix_id: str, shown: Condition) -> Listed | None:
    """The object as lists show it; None also where it is not shown to the reader."""
    query = _newest(sa.select(*_LISTED), shown).where(StixObject.stix_id == stix_id)
    row = session.execute(query).one_or_none()
    return Listed(*row) if row else None


def versions_of(session: Session, object_id: int) -> list[ObjectVersion]:
    """The newest first."""
    query = sa.select(ObjectVersion).where(ObjectVersion.object_id == object_id)
    return list(session.scalars(query.order_by(ObjectVersion.version_us.desc())))


def observables_of(session: Session, object_id: int) -> list[ObjectObservable]:
    query = sa.select(ObjectObservable).where(ObjectObservable.object_id == object_id)
    return list(session.scalars(query.order_by(ObjectObservable.kind, ObjectObservable.value)))


def observables_by_object(
    session: Session, object_ids: Sequence[int]
) -> dict[int, list[ObjectObservable]]:
    """For the rows of one page."""
    query = sa.select(ObjectObservable).where(ObjectObservable.object_id.in_(object_ids))
    found: dict[int, list[ObjectObservable]] = {}
    for each in session.scalars(query.order_by(ObjectObservable.kind, ObjectObservable.value)):
        found.setdefault(each.object_id, []).append(each)
    return found


def brought_since(session: Session, since: datetime) -> dict[int, int]:
    """How many objects each peer was the first to bring, by peer id."""
    query = (
        sa.select(StixObject.brought_by_id, sa.func.count())
        .where(StixObject.brought_by_id.is_not(None), StixObject.first_at >= since)
        .group_by(StixObject.brought_by_id)
    )
    return {row[0]: row[1] for row in session.execute(query) if row[0] is not None}


def said_of(session: Session, version_ids: Collection[int]) -> dict[int, Said]:
    """The effective marking of each version, and what may be done with it."""
    query = (
        sa.select(ObjectVersion.id, ObjectFacts.tlp, ObjectFacts.pap)
        .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
        .where(among(ObjectVersion.id, version_ids))
    )
    return {row.id: Said(row.tlp, row.pap) for row in session.execute(query)}


def called(shown: Condition) -> sa.SQLColumnExpression[str | None]:
    """On StixObject: its name; once it is revoked and has none, that of the last version which ``shown`` lets be seen."""
    last = (
        sa.select(ObjectVersion.name)
        .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
        .where(ObjectVersion.object_id == StixObject.id, ObjectVersion.name.is_not(None), shown)
        .order_by(ObjectVersion.version_us.desc())
        .limit(1)
        .correlate(StixObject)
    )
    return sa.func.coalesce(StixObject.name, last.scalar_subquery())


def names_of(
    session: Session, object_ids: Iterable[int], shown: Condition
) -> dict[str, str | None]:
    """By STIX id, of those that ``shown`` on ObjectFacts lets be seen."""
    query = (
        sa.select(StixObject.stix_id, called(shown))
        .join(ObjectVersion, ObjectVersion.id == StixObject.newest_id)
        .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
        .where(StixObject.id.in_(list(object_ids)), shown)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def names_any(keys: Iterable[int]) -> Condition:
    """On StixObject: it looks for, or is, one of these observables."""
    return sa.exists().where(
        ObjectObservable.object_id == StixObject.id, ObjectObservable.key.in_(sorted(set(keys)))
    )


def is_address(observable: Observable) -> bool:
    """Of one, or of a network: what meets others than its equals."""
    return observable.kind in _ADDRESSES


def keys_meeting(session: Session, observables: Iterable[Observable]) -> list[int]:
    """The keys by which to look for these observables and, where one is an address, for what it meets.

    An address meets every network that holds it, and a network also what lies within it; of that the first
    5,000 stored are named.
    """
    asked = list(observables)
    keys = dict.fromkeys(each.key for each in asked)
    addresses = [(each.kind, networks.network(each.value)) for each in asked if is_address(each)]
    for _, network in addresses:
        keys |= dict.fromkeys(networks.keys_around(network))
    room = _MOST_WITHIN
    for kind, network in addresses:
        if room and network.num_addresses > 1:
            within = _keys_within(session, kind, network, room)
            room -= len(within)
            keys |= dict.fromkeys(within)
    return list(keys)


def _keys_within(session: Session, kind: Kind, network: networks.Network, most: int) -> list[int]:
    first, last = networks.keys_within(network)
    query = (
        sa.select(ObjectObservable.key, ObjectObservable.value)
        .where(ObjectObservable.key.between(first, last), ObjectObservable.kind == kind)
        .distinct()
        .order_by(ObjectObservable.key)
        .execution_options(yield_per=_CHUNK)
    )
    with session.execute(query) as rows:
        inside = (key for key, value in rows if networks.holds(network, networks.network(value)))
        return list(islice(inside, most))


def matching(session: Session, keys: Iterable[int], now_us: int, shown: Condition) -> list[Match]:
    """Live objects by observable keys: neither revoked nor past their ``valid_until``."""
    wanted, found = sorted(set(keys)), list[Match]()
    for start in range(0, len(wanted), _CHUNK):
        query = (
            _newest(
                sa.select(
                    ObjectObservable.key, ObjectObservable.kind, ObjectObservable.value, *_LISTED
                ),
                shown,
            )
            .join(ObjectObservable, ObjectObservable.object_id == StixObject.id)
            .where(ObjectObservable.key.in_(wanted[start : start + _CHUNK]), live(now_us))
            .order_by(ObjectObservable.key, StixObject.id)
        )
        rows = session.execute(query)
        found += [Match(key, kind, value, Listed(*listed)) for key, kind, value, *listed in rows]
    return found


def live(now_us: int) -> Condition:
    """On StixObject: neither revoked nor past its ``valid_until``."""
    return sa.and_(
        StixObject.revoked.is_(False),
        sa.or_(StixObject.valid_until_us.is_(None), StixObject.valid_until_us > now_us),
    )


def page_of(
    session: Session,
    types: Sequence[str],
    shown: Condition,
    *,
    where: Condition | None = None,
    after: tuple[int, int] | None = None,
    before: tuple[int, int] | None = None,
    limit: int = 50,
) -> list[Listed]:
    """Objects of these types, the newest version first.

    ``after`` and ``before`` are the ``place`` of the last or first one seen: the page beside that one.
    """
    query = _newest(sa.select(*_LISTED), shown).where(StixObject.type.in_(types))
    if where is not None:
        query = query.where(where)
    place = sa.tuple_(StixObject.newest_us, StixObject.id)
    if before is not None:
        later = query.where(place > sa.tuple_(*map(sa.literal, before)))
        later = later.order_by(StixObject.newest_us, StixObject.id).limit(limit)
        return [Listed(*row) for row in session.execute(later)][::-1]
    if after is not None:
        query = query.where(place < sa.tuple_(*map(sa.literal, after)))
    query = query.order_by(StixObject.newest_us.desc(), StixObject.id.desc()).limit(limit)
    return [Listed(*row) for row in session.execute(query)]


def count_of(
    session: Session, types: Sequence[str], shown: Condition, *, where: Condition | None = None
) -> int:
    query = _newest(sa.select(sa.func.count()), shown).where(StixObject.type.in_(types))
    return session.scalar(query if where is None else query.where(where)) or 0


def _newest(query: _Query, shown: Condition) -> _Query:
    return (
        query.select_from(StixObject)
        .join(ObjectVersion, ObjectVersion.id == StixObject.newest_id)
        .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
        .where(shown)
    )
