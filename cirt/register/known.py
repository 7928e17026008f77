"""What is already known of observables: own incidents, other reports, live indicators; as far as the asker may see."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from cirt.kernel.clock import to_us
from cirt.kernel.work import Work
from cirt.objects.models import ObjectFacts, ObjectObservable, ObjectVersion, StixObject
from cirt.parties.models import Peer
from cirt.register.models import (
    Incident,
    IncidentObservable,
    IncidentState,
    ObservableState,
    Report,
    ReportObservable,
)
from cirt.register.pages import Query
from cirt.register.sight import reader_of, sees_incident, sees_report
from cirt.sharing.narrow import visible_facts

MAX_KEYS = 2000  # per question; a page shows far fewer
_SHOWN = 6  # one more than a page names, for the asker itself is left out
_INDICATORS = 20


@dataclass(frozen=True, slots=True)
class IncidentHit:
    reference: str
    title: str
    state: IncidentState


@dataclass(frozen=True, slots=True)
class ReportHit:
    reference: str
    title: str


@dataclass(frozen=True, slots=True)
class IndicatorHit:
    """A live object that names the observable; ``peer`` brought it, None: it is ours."""

    stix_id: str
    type: str
    name: str
    peer: str | None


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one observable. The lists name the newest few, the counts are of all."""

    incidents: tuple[IncidentHit, ...] = ()
    incident_count: int = 0
    reports: tuple[ReportHit, ...] = ()
    report_count: int = 0
    indicators: tuple[IndicatorHit, ...] = ()

    @property
    def peers(self) -> tuple[str, ...]:
        """Names of the peers that brought something on it."""
        return tuple(dict.fromkeys(hit.peer for hit in self.indicators if hit.peer))

    @property
    def is_new(self) -> bool:
        return not (self.incident_count or self.report_count or self.indicators)


NOTHING = Known()


def known_of(
    work: Work,
    keys: Iterable[int],
    *,
    besides_incident: int | None = None,
    besides_report: int | None = None,
) -> dict[int, Known]:
    """For each key what the asker may know of it, in three queries; at most MAX_KEYS keys.

    ``besides_…`` leaves out the record that asks.
    """
    asked = list(dict.fromkeys(keys))[:MAX_KEYS]
    if not asked:
        return {}
    incidents = _grouped(work, _incidents(work, asked, besides_incident))
    reports = _grouped(work, _reports(work, asked, besides_report))
    indicators = _grouped(work, _indicators(work, asked))
    return {
        key: Known(
            incidents=tuple(
                IncidentHit(r.reference, r.title, r.state) for r in incidents.get(key, ())
            ),
            incident_count=_count(incidents.get(key, ())),
            reports=tuple(ReportHit(r.reference, r.title) for r in reports.get(key, ())),
            report_count=_count(reports.get(key, ())),
            indicators=tuple(
                IndicatorHit(r.stix_id, r.type, r.name or r.stix_id, r.peer)
                for r in indicators.get(key, ())
            ),
        )
        for key in asked
    }


def without_report(known: Known, reference: str) -> Known:
    """As seen from a report that is itself among those that hold the observable."""
    others = tuple(hit for hit in known.reports if hit.reference != reference)
    count = max(known.report_count - 1, 0)
    return Known(known.incidents, known.incident_count, others, count, known.indicators)


def _incidents(work: Work, keys: Collection[int], besides: int | None) -> Query:
    key = IncidentObservable.key
    query = (
        sa.select(key, Incident.reference, Incident.title, Incident.state)
        .join(Incident, Incident.id == IncidentObservable.incident_id)
        .where(
            key.in_(keys),
            IncidentObservable.state != ObservableState.DISMISSED,
            sees_incident(work.actor),
        )
    )
    if besides is not None:
        query = query.where(Incident.id != besides)
    return _newest(query, key, Incident.id, _SHOWN)


def _reports(work: Work, keys: Collection[int], besides: int | None) -> Query:
    key = ReportObservable.key
    query = (
        sa.select(key, Report.reference, Report.title)
        .join(Report, Report.id == ReportObservable.report_id)
        .where(key.in_(keys), sees_report(work.actor))
    )
    if besides is not None:
        query = query.where(Report.id != besides)
    return _newest(query, key, Report.id, _SHOWN)


def _indicators(work: Work, keys: Collection[int]) -> Query:
    key = ObjectObservable.key
    query = live_objects(work).with_only_columns(
        key, StixObject.stix_id, StixObject.type, StixObject.name, Peer.name.label("peer")
    )
    return _newest(query.where(key.in_(keys)), key, StixObject.id, _INDICATORS)


def live_objects(work: Work) -> Query:
    """Observables of objects that are neither revoked nor past their end, whose newest version may be seen."""
    is_live = sa.or_(
        StixObject.valid_until_us.is_(None), StixObject.valid_until_us > to_us(work.now)
    )
    return (
        sa.select(ObjectObservable.key)
        .join(StixObject, StixObject.id == ObjectObservable.object_id)
        .join(ObjectVersion, ObjectVersion.id == StixObject.newest_id)
        .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
        .outerjoin(Peer, Peer.id == StixObject.brought_by_id)
        .where(
            StixObject.revoked.is_(False),
            is_live,
            visible_facts(reader_of(work.actor), None, work.now),
        )
    )


def _newest(
    query: Query,
    key: sa.SQLColumnExpression[int],
    newest: sa.SQLColumnExpression[int],
    shown: int,
) -> Query:
    """The newest few per key, each row with the count of all of its key."""
    ranked = query.add_columns(
        sa.func.count().over(partition_by=key).label("of_all"),
        sa.func.row_number().over(partition_by=key, order_by=newest.desc()).label("place"),
    ).subquery()
    return sa.select(ranked).where(ranked.c.place <= shown).order_by(ranked.c.key, ranked.c.place)


def _grouped(work: Work, query: Query) -> dict[int, list[sa.Row[Any]]]:
    grouped: dict[int, list[sa.Row[Any]]] = {}
    for row in work.session.execute(query):
        grouped.setdefault(row.key, []).append(row)
    return grouped


def _count(rows: Collection[sa.Row[Any]]) -> int:
    return next((row.of_all for row in rows), 0)
