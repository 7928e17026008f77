"""A list of values, networks and domains by which observables are listed: what the do-not-share list and the
warning list have in common.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.among import among
from cirt.objects.observables import networks
from cirt.objects.observables.families import host_of
from cirt.objects.observables.kinds import Kind, Observable, canonical

ADDRESSES = (Kind.IPV4, Kind.IPV6)
HOSTS = (*ADDRESSES, Kind.DOMAIN)
PAGE = 50


class Entry(NamedTuple):
    """What may stand on the list."""

    observable: Observable
    below: bool = False

    @property
    def prefix(self) -> int:
        is_network = self.observable.kind in ADDRESSES and "/" in self.observable.value
        return int(self.observable.value.partition("/")[2]) if is_network else 0


class Listed:
    """Entries by key, to look observables up in; the lengths of networks among them are known beforehand."""

    def __init__(
        self,
        prefixes: Iterable[tuple[Kind, int]],
        below: Mapping[int, bool],
        *,
        by_name: bool = True,
    ) -> None:
        """``by_name``: a domain that is listed by itself lists what is on it: its URLs and mail addresses."""
        self._below = below
        self._by_name = by_name
        self._lengths: dict[Kind, list[int]] = {kind: [] for kind in ADDRESSES}
        for kind, prefix in prefixes:
            if prefix:
                self._lengths[kind].append(prefix)

    def holds(self, observable: Observable) -> bool:
        return next(self.by(observable), None) is not None

    def by(self, observable: Observable) -> Iterator[int]:
        """The keys of the entries by which it is listed."""
        if not self._below:
            return
        for key, is_it in self.keys_for(observable):
            if key in self._below and (is_it or self._below[key]):
                yield key

    def keys_for(self, observable: Observable) -> Iterator[tuple[int, bool]]:
        """Of entries by which it would be listed; false where such an entry must count what is below it."""
        yield observable.key, True
        host = _host(observable)
        if host is None:
            return
        if host is not observable:
            yield host.key, self._by_name or host.kind is not Kind.DOMAIN
        if host.kind is Kind.DOMAIN:
            yield from ((key, False) for key in _above(host.value))
        elif lengths := self._lengths[host.kind]:
            inner = networks.network(host.value)
            for length in lengths:
                if length < inner.prefixlen:
                    outer = inner.supernet(new_prefix=length)
                    yield Observable(host.kind, str(outer)).key, True


def _above(domain: str) -> Iterator[int]:
    while "." in domain:
        domain = domain.partition(".")[2]
        yield Observable(Kind.DOMAIN, domain).key


def _host(observable: Observable) -> Observable | None:
    """Itself where it is one."""
    kind, value = observable.kind, observable.value
    if kind in HOSTS:
        return observable
    if kind is Kind.EMAIL:
        return canonical(Kind.DOMAIN, value.rpartition("@")[2])
    return host_of(observable)


def hold(connection: sa.Connection, name: int, *, shared: bool = False) -> None:
    """Until commit nobody else holds the list of this name, but where all share it.

    On SQLite those who write follow one another anyway.
    """
    if connection.dialect.name == "postgresql":
        kind = "_shared" if shared else ""
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock{kind}({name})")


@dataclass(frozen=True, slots=True)
class ListPage:
    """``older`` is where the next page begins; None where there is nothing more."""

    rows: list[Any]
    total: int
    older: int | None

    def observable(self, row: Any) -> Observable:
        return Observable(row.kind, row.value)


def list_page(
    session: Session, table: Any, keys: Collection[int] | None, before: int | None
) -> ListPage:
    """What is listed, the latest first; ``keys`` are those of the lines that are looked for, None: of all."""
    listed = table.ended_at.is_(None)
    if keys is not None:
        listed = sa.and_(listed, among(table.key, keys))
    query = sa.select(table).where(listed, table.id < before if before is not None else sa.true())
    rows = list(session.scalars(query.order_by(table.id.desc()).limit(PAGE + 1)))
    total = session.scalar(sa.select(sa.func.count()).select_from(table).where(listed)) or 0
    return ListPage(rows[:PAGE], total, rows[PAGE - 1].id if len(rows) > PAGE else None)


def new_lines(
    session: Session,
    table: Any,
    entries: Sequence[Entry],
    *,
    reason: str,
    author: str,
    at: datetime,
) -> tuple[list[Entry], list[dict[str, Any]]]:
    """What is not listed yet, and the rows for it, to be put in once the session is flushed.

    A domain whose subdomains did not count gives way to a line by which they do.
    """
    keys = [entry.observable.key for entry in entries]
    query = sa.select(table).where(table.ended_at.is_(None), among(table.key, keys))
    listed = {row.key: row for row in session.scalars(query.with_for_update())}
    fresh = []
    for entry in entries:
        here = listed.get(entry.observable.key)
        if here is not None and (here.below or not entry.below):
            continue
        if here is not None:
            here.ended_at, here.ended_by = at, author
        fresh.append(entry)
    return fresh, [_row(entry, reason, author, at) for entry in fresh]


def _row(entry: Entry, reason: str, author: str, at: datetime) -> dict[str, Any]:
    return {
        "key": entry.observable.key,
        "kind": entry.observable.kind,
        "value": entry.observable.value,
        "prefix": entry.prefix,
        "below": entry.below,
        "reason": reason,
        "author": author,
        "added_at": at,
        "ended_at": None,
        "ended_by": None,
    }


def end_lines(
    session: Session, table: Any, which: sa.ColumnElement[bool], *, author: str, at: datetime
) -> list[Any]:
    """The rows that are off the list now."""
    query = sa.select(table).where(table.ended_at.is_(None), which)
    rows = list(session.scalars(query.order_by(table.id).with_for_update()))
    for row in rows:
        row.ended_at, row.ended_by = at, author
    return rows
