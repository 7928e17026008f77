"""The register's figures for the desk: what waits, what is open, what peers saw as well."""

from collections import Counter
from dataclasses import dataclass

import sqlalchemy as sa

from cirt.kernel.clock import to_us
from cirt.kernel.work import Work
from cirt.objects.models import ObjectObservable, StixObject
from cirt.objects.observables.kinds import Kind, Observable
from cirt.objects.warning import warned_among
from cirt.parties.models import Peer
from cirt.register.holders import live
from cirt.register.known import witnesses_of
from cirt.register.matches.queries import MatchLine, match_news
from cirt.register.merging.models import IncidentMerge
from cirt.register.merging.queries import home_of
from cirt.register.models import (
    IS_OPEN,
    Incident,
    IncidentObservable,
    IncidentState,
    ObservableState,
    Severity,
)
from cirt.register.pages import Query
from cirt.register.queue.counts import QueueCounts, queue_counts
from cirt.register.sight import sees_incident

_NEWEST = 2000  # observables looked at for what peers saw as well
_LOOKED = 27  # of which some may be on the warning list, or passed on by many
_SHOWN = 9


@dataclass(frozen=True, slots=True)
class AlsoSeen:
    """An observable of an open incident that peers sent something on."""

    observable: Observable
    incident: str  # the newest that holds it
    peers: int


@dataclass(frozen=True, slots=True)
class Desk:
    reports: QueueCounts
    open_incidents: int
    by_severity: dict[Severity, int]  # all five, the most severe first
    by_class: list[tuple[str, int]]  # RSIT codes, the most incidents first
    also_seen: list[AlsoSeen]
    matches: list[MatchLine]


def desk(work: Work) -> Desk:
    """Nine queries at most, whatever the register holds."""
    query = (
        sa.select(Incident.severity, Incident.rsit_class, sa.func.count().label("count"))
        .where(IS_OPEN, sees_incident(work.actor))
        .group_by(Incident.severity, Incident.rsit_class)
    )
    by_severity: Counter[Severity] = Counter()
    by_class: Counter[str] = Counter()
    for severity, rsit_class, count in work.session.execute(query):
        by_severity[severity] += count
        by_class[rsit_class] += count
    return Desk(
        reports=queue_counts(work),
        open_incidents=by_severity.total(),
        by_severity={severity: by_severity[severity] for severity in Severity},
        by_class=by_class.most_common(),
        also_seen=also_seen(work),
        matches=match_news(work),
    )


def also_seen(work: Work) -> list[AlsoSeen]:
    """The newest observables of open incidents on which most peers have something live, independently of one another.

    By the value itself; what meets in other ways is told as news of matches.
    """
    newest = (
        sa.select(IncidentObservable.id)
        .where(IncidentObservable.state != ObservableState.DISMISSED)
        .order_by(IncidentObservable.id.desc())
        .limit(_NEWEST)
        .subquery()
    )
    peers = sa.func.count(sa.distinct(Peer.id))
    told: Query = sa.select(
        IncidentObservable.kind,
        IncidentObservable.value,
        sa.func.max(Incident.id).label("incident_id"),
        peers.label("peers"),
    )
    query = (
        live(told.select_from(ObjectObservable), work.actor, to_us(work.now))
        .join(IncidentObservable, IncidentObservable.key == ObjectObservable.key)
        .join(newest, newest.c.id == IncidentObservable.id)
        .join(Incident, Incident.id == home_of(IncidentMerge, IncidentObservable.incident_id))
        .where(
            Incident.state != IncidentState.CLOSED,
            StixObject.brought_by_id.is_not(None),
            sees_incident(work.actor),
        )
        .group_by(IncidentObservable.kind, IncidentObservable.value)
        .order_by(peers.desc(), sa.func.max(IncidentObservable.id).desc())
        .limit(_LOOKED)
        .subquery()
    )
    named = (
        sa.select(query.c.kind, query.c.value, query.c.peers, Incident.reference)
        .join(Incident, Incident.id == query.c.incident_id)
        .order_by(query.c.peers.desc(), query.c.incident_id.desc(), query.c.value)
    )
    rows = work.session.execute(named).all()
    return _independent(work, [(Observable(Kind(r.kind), r.value), r.reference) for r in rows])


def _independent(work: Work, rows: list[tuple[Observable, str]]) -> list[AlsoSeen]:
    """Most were brought by several peers; how many of those say it by themselves is looked up for these few."""
    if not rows:
        return []
    warned = warned_among(work.connection, [one for one, _ in rows])
    by_key = {one.key: (one, reference) for one, reference in rows if not warned.holds(one)}
    witnesses = witnesses_of(work, list(by_key))
    found = [AlsoSeen(*by_key[key], len(names)) for key, names in witnesses.items() if names]
    return sorted(found, key=lambda each: -each.peers)[:_SHOWN]
