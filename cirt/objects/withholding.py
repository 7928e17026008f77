"""The do-not-share list as the store sees it: which observables stand on it, and which objects name them.

An address stands on it also where a network of the list holds it; a domain where one above it is listed with what lies
below; a URL and a mail address where their host does.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import TypeAlias

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cirt.kernel.among import among
from cirt.kernel.db import Base
from cirt.kernel.prepared import Prepared
from cirt.objects.codec import StixObject
from cirt.objects.listing import ADDRESSES, HOSTS, Entry, Listed, hold
from cirt.objects.models import FormerObservable, ObjectObservable
from cirt.objects.observables import networks
from cirt.objects.observables.kinds import Kind, Observable

_HOSTED = (Kind.DOMAIN, Kind.URL, Kind.EMAIL)  # what may stand there by its host
_LIST = 0x77697468  # names the lock of the list
_FEW = 200  # networks that are looked for one by one
_Table: TypeAlias = type[ObjectObservable] | type[FormerObservable]
_NAMED: tuple[_Table, ...] = (ObjectObservable, FormerObservable)
Condition = sa.ColumnElement[bool]


class WithheldValue(Base):
    """A value, network or domain of which nothing may leave."""

    __tablename__ = "withheld_value"
    __table_args__ = (
        sa.Index(  # listed at most once at a time
            "uq_withheld_value_key",
            "key",
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
        sa.Index("ix_withheld_value_until", "until"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[int] = mapped_column(sa.BigInteger)
    kind: Mapped[Kind]
    value: Mapped[str] = mapped_column(sa.Text)
    prefix: Mapped[int]  # of a network; of all else 0
    below: Mapped[bool]  # of a domain: what lies below it too
    reason: Mapped[str] = mapped_column(sa.Text)
    author: Mapped[str] = mapped_column(sa.String(200))
    added_at: Mapped[datetime]
    until: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(sa.String(200))


_PREFIXES = Prepared(
    sa.select(WithheldValue.kind, WithheldValue.prefix)
    .where(WithheldValue.ended_at.is_(None))
    .distinct()
)


def hold_list(connection: sa.Connection) -> None:
    """Until commit nothing is stored that has not seen what this transaction lists."""
    hold(connection, _LIST)


def on_the_list(connection: sa.Connection, objects: Sequence[StixObject]) -> list[bool]:
    """Whether each names something that is listed now; whoever lists more waits for this transaction."""
    hold(connection, _LIST, shared=True)
    present = _PREFIXES.rows(connection, {})
    if not present:
        return [False] * len(objects)
    found = _listed_among(connection, present, (o for one in objects for o in one.observables))
    return [any(map(found.holds, one.observables)) for one in objects]


def _listed_among(
    connection: sa.Connection, prefixes: Iterable[tuple[Kind, int]], asked: Iterable[Observable]
) -> Listed:
    """What of the list could hold any of these."""
    lengths = [(kind, prefix) for kind, prefix in prefixes if prefix]
    looking = Listed(lengths, {})
    keys = {key for each in asked for key, _ in looking.keys_for(each)}
    query = sa.select(WithheldValue.key, WithheldValue.below).where(
        WithheldValue.ended_at.is_(None), among(WithheldValue.key, keys)
    )
    return Listed(lengths, {row.key: row.below for row in connection.execute(query)})


def objects_naming(connection: sa.Connection, entries: Sequence[Entry]) -> set[int]:
    """Ids of the objects that name, in any version, what these entries keep."""
    keys = {entry.observable.key for entry in entries}
    found = {row.object_id for row in _rows(connection, lambda table: among(table.key, keys))}
    walked = set(_HOSTED) if any(entry.observable.kind in HOSTS for entry in entries) else set()
    for kind in ADDRESSES:
        nets = [e.observable for e in entries if e.prefix and e.observable.kind is kind]
        if kind is Kind.IPV4 and len(nets) <= _FEW:
            for one in nets:
                found |= _within(connection, one)
        elif nets:  # of IPv6 all is one range
            walked.add(kind)
    return found | _walk(connection, entries, walked) if walked else found


def _within(connection: sa.Connection, observable: Observable) -> set[int]:
    outer = networks.network(observable.value)
    first, last = networks.keys_within(outer)
    rows = _rows(
        connection,
        lambda table: sa.and_(table.key.between(first, last), table.kind == observable.kind),
    )
    return {row.object_id for row in rows if networks.holds(outer, networks.network(row.value))}


def _walk(
    connection: sa.Connection, entries: Sequence[Entry], kinds: AbstractSet[Kind]
) -> set[int]:
    """Once over all that is of these kinds, however long the list."""
    listed = Listed(
        {(entry.observable.kind, entry.prefix) for entry in entries if entry.prefix},
        {entry.observable.key: entry.below for entry in entries},
    )
    rows = _rows(connection, lambda table: table.kind.in_(sorted(kinds)))
    return {row.object_id for row in rows if listed.holds(Observable(row.kind, row.value))}


def still_listed(connection: sa.Connection, object_ids: AbstractSet[int]) -> set[int]:
    """Which of these name something that is listed now."""
    present = _PREFIXES.rows(connection, {})
    if not present or not object_ids:
        return set()
    rows = list(_rows(connection, lambda table: among(table.object_id, object_ids)))
    named = [(row.object_id, Observable(row.kind, row.value)) for row in rows]
    listed = _listed_among(connection, present, (observable for _, observable in named))
    return {object_id for object_id, observable in named if listed.holds(observable)}


def _rows(
    connection: sa.Connection, where: Callable[[_Table], Condition]
) -> Iterator[sa.Row[int, Kind, str]]:
    for table in _NAMED:
        query = sa.select(table.object_id, table.kind, table.value).where(where(table))
        yield from connection.execute(query)
