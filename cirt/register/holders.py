"""Which records hold an observable: own incidents, reports, live objects. Statements are made once for each who asks."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from cirt.kernel.among import among_given, listed_given
from cirt.kernel.clock import to_us
from cirt.kernel.work import Actor, Work
from cirt.objects.models import ObjectFacts, ObjectObservable, ObjectVersion, StixObject
from cirt.parties.models import Ourselves, Peer
from cirt.register.merging.models import IncidentMerge, ReportMerge
from cirt.register.merging.queries import home_of
from cirt.register.models import (
    Incident,
    IncidentObservable,
    ObservableState,
    Report,
    ReportObservable,
)
from cirt.register.pages import Query
from cirt.register.sight import reader_of, sees_incident, sees_report
from cirt.sharing.narrow import visible_facts_here

MANY = 20  # what more records hold says little, and listing it would read them all
SHOWN = 6  # one more than a page names, for the asker itself is left out
INDICATORS = 20

_Rows: TypeAlias = dict[int, list[sa.Row[Any]]]


@dataclass(frozen=True, slots=True)
class Held:
    """By key: how many hold it, counted no further than to MANY + 1, and of each that is not too common the newest.

    A row has ``reference, title, state, peer, author, author_peer, began_us``; of an object these are its STIX id, name,
    type and bringer, whom it claims to be of, that peer's name, and when it says that it began.
    """

    counts: dict[int, sa.Row[Any]]
    incidents: _Rows
    reports: _Rows
    objects: _Rows


def holders_of(
    work: Work, keys: Collection[int], besides_incident: int, besides_report: int
) -> Held:
    """Two queries at most; ``besides_…`` is the id of a record that is left out, 0: none."""
    statements = _statements(work.actor)
    values = {
        "now_us": to_us(work.now),
        "besides_incident": besides_incident,
        "besides_report": besides_report,
    }
    rows = work.session.execute(statements.counting, {**values, "keys": list(keys)})
    counts = {row.key: row for row in rows}
    wanted = {
        name: [key for key, row in counts.items() if 0 < getattr(row, name) <= MANY]
        for name in _NAMES
    }
    found: Mapping[str, _Rows] = {name: defaultdict(list) for name in _NAMES}
    if any(wanted.values()):
        for row in work.session.execute(statements.naming, {**values, **wanted}):
            found[row.name][row.key].append(row)
    return Held(counts, *(found[name] for name in _NAMES))


@dataclass(frozen=True, slots=True)
class _Holders:
    """A query for records that hold observables, by what the newest are told, and how many are wanted."""

    query: Query
    key: Any
    newest: sa.SQLColumnExpression[int]
    shown: int


@dataclass(frozen=True, slots=True)
class _Statements:
    """``counting`` asks about ``keys``, ``naming`` about those of each name."""

    counting: Query
    naming: sa.CompoundSelect[*tuple[Any, ...]]


_NAMES = ("incidents", "reports", "objects")


@lru_cache(maxsize=256)
def _statements(actor: Actor) -> _Statements:
    holders = (_incidents(actor), _reports(actor), _objects(actor))
    asked = listed_given("keys")
    counts = (_capped(each, asked).label(name) for name, each in zip(_NAMES, holders, strict=True))
    parts = (_newest(each, name) for name, each in zip(_NAMES, holders, strict=True))
    naming = sa.union_all(*parts)
    columns = naming.selected_columns
    ordered = naming.order_by(columns["name"], columns["key"], columns["place"])
    return _Statements(sa.select(asked.c.value.label("key"), *counts), ordered)


def _capped(holders: _Holders, asked: sa.TableValuedAlias) -> sa.ScalarSelect[int]:
    some: Query = holders.query.with_only_columns(holders.newest.label("id"))
    some = some.where(holders.key == asked.c.value).limit(MANY + 1).correlate(asked)
    different = sa.func.count(sa.distinct(some.subquery().c.id))
    return sa.select(different).scalar_subquery()


def _newest(holders: _Holders, name: str) -> Query:
    place = sa.func.row_number().over(partition_by=holders.key, order_by=holders.newest.desc())
    ranked = (
        holders.query.where(among_given(holders.key, name))
        .add_columns(sa.literal(name).label("name"), place.label("place"))
        .subquery()
    )
    return sa.select(ranked).where(ranked.c.place <= holders.shown)


def _told(
    key: Any, reference: Any, title: Any, state: Any, made: Sequence[Any] | None = None
) -> Query:
    peer, author, author_peer, began_us = made or _NOT_MADE
    return sa.select(
        key.label("key"),
        reference.label("reference"),
        title.label("title"),
        sa.cast(state, sa.String).label("state"),
        peer.label("peer"),
        author.label("author"),
        author_peer.label("author_peer"),
        began_us.label("began_us"),
    )


_NO_NAME = sa.cast(sa.null(), sa.String)
_NOT_MADE = (_NO_NAME, _NO_NAME, _NO_NAME, sa.cast(sa.null(), sa.BigInteger))
_Author = aliased(Peer)


def _incidents(actor: Actor) -> _Holders:
    key, besides = IncidentObservable.key, sa.bindparam("besides_incident", type_=sa.BigInteger)
    query = (
        _told(key, Incident.reference, Incident.title, Incident.state)
        .join(Incident, Incident.id == home_of(IncidentMerge, IncidentObservable.incident_id))
        .where(
            IncidentObservable.state != ObservableState.DISMISSED,
            sees_incident(actor),
            Incident.id != besides,
            IncidentObservable.incident_id != besides,
        )
    )
    return _Holders(query, key, Incident.id, SHOWN)


def _reports(actor: Actor) -> _Holders:
    key, besides = ReportObservable.key, sa.bindparam("besides_report", type_=sa.BigInteger)
    query = (
        _told(key, Report.reference, Report.title, Report.state)
        .join(Report, Report.id == home_of(ReportMerge, ReportObservable.report_id))
        .where(sees_report(actor), Report.id != besides, ReportObservable.report_id != besides)
    )
    return _Holders(query, key, Report.id, SHOWN)


def _objects(actor: Actor) -> _Holders:
    key = ObjectObservable.key
    ours = ObjectFacts.creator == sa.select(Ourselves.identity_id).scalar_subquery()
    bringer = sa.case((ours, sa.null()), else_=Peer.name)  # what is ours no peer has seen
    made = (bringer, ObjectFacts.creator, _Author.name, ObjectVersion.valid_from_us)
    told = _told(key, StixObject.stix_id, StixObject.name, StixObject.type, made)
    now_us = sa.bindparam("now_us", type_=sa.BigInteger)
    query = live(told.select_from(ObjectObservable), actor, now_us)
    query = query.outerjoin(_Author, _Author.identity_id == ObjectFacts.creator)
    return _Holders(query, key, StixObject.id, INDICATORS)


def live(query: Query, actor: Actor, now_us: Any) -> Query:
    """Of observables of objects those that are neither revoked nor past their end by then, and whose newest version
    the actor may see; the object is joined as StixObject, who brought it as Peer.
    """
    return (
        query.join(StixObject, StixObject.id == ObjectObservable.object_id)
        .join(ObjectVersion, ObjectVersion.id == StixObject.newest_id)
        .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
        .outerjoin(Peer, Peer.id == StixObject.brought_by_id)
        .where(
            StixObject.revoked.is_(False),
            sa.or_(StixObject.valid_until_us.is_(None), StixObject.valid_until_us > now_us),
            visible_facts_here(reader_of(actor)),
        )
    )
