"""What is already known of observables: own incidents, other reports, live indicators; as far as the asker may see."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from cirt.kernel.among import listed
from cirt.kernel.clock import to_us
from cirt.kernel.work import Work
from cirt.objects.models import ObjectFacts, ObjectObservable, ObjectVersion, StixObject
from cirt.objects.observables.kinds import Observable
from cirt.parties.models import Peer
from cirt.register.meeting import Meeting, meeting_of
from cirt.register.merging.models import IncidentMerge, ReportMerge
from cirt.register.merging.queries import home_of
from cirt.register.models import (
    Incident,
    IncidentObservable,
    IncidentState,
    ObservableState,
    Report,
    ReportObservable,
    ReportState,
)
from cirt.register.pages import Query
from cirt.register.sight import reader_of, sees_incident, sees_report
from cirt.sharing.narrow import visible_facts

MAX_KEYS = 2000  # per question; a page shows far fewer
MANY = 30  # what more records hold says little, and listing it would read them all
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
    state: ReportState


@dataclass(frozen=True, slots=True)
class IndicatorHit:
    """A live object that names the observable; ``peer`` brought it, None: it is ours."""

    stix_id: str
    type: str
    name: str
    peer: str | None


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one observable. The lists name the newest few, the counts are of all.

    What is merged counts once, as what it is shown through.

    Of what more than MANY records hold, the count is MANY + 1 and the list is empty.
    """

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
    observables: Iterable[Observable],
    *,
    besides_incident: int | None = None,
    besides_report: int | None = None,
) -> dict[int, Known]:
    """For each, by key, what the asker may know of it, in six queries at most; at most MAX_KEYS are looked for.

    An address is also known by the networks around it, and a network by what lies within (``register.meeting``).
    ``besides_…`` leaves out the record that asks.
    """
    meeting = meeting_of(work, list(dict.fromkeys(observables))[:MAX_KEYS])
    if not meeting:
        return {}
    found = _known(work, meeting, besides_incident, besides_report)
    return {asked: _together([found[key] for key in keys]) for asked, keys in meeting.items()}


def _known(
    work: Work, meeting: Meeting, besides_incident: int | None, besides_report: int | None
) -> dict[int, Known]:
    """By each key that is met."""
    asked = list(dict.fromkeys(key for keys in meeting.values() for key in keys))
    of_incidents = _incidents(work, besides_incident)
    of_reports = _reports(work, besides_report)
    of_objects = _objects(work)
    counts = _counts(work, asked, of_incidents, of_reports, of_objects)
    incidents = _few(work, of_incidents, counts, "incidents", _SHOWN)
    reports = _few(work, of_reports, counts, "reports", _SHOWN)
    indicators = _few(work, of_objects, counts, "objects", _INDICATORS)
    return {
        key: Known(
            incidents=tuple(
                dict.fromkeys(
                    IncidentHit(r.reference, r.title, r.state) for r in incidents.get(key, ())
                )
            ),
            incident_count=row.incidents,
            reports=tuple(
                dict.fromkeys(
                    ReportHit(r.reference, r.title, r.state) for r in reports.get(key, ())
                )
            ),
            report_count=row.reports,
            indicators=tuple(
                IndicatorHit(r.stix_id, r.type, r.name or r.stix_id, r.peer)
                for r in indicators.get(key, ())
            ),
        )
        for key, row in counts.items()
    }


def _together(met: Sequence[Known]) -> Known:
    """Of several keys as of one; where much is known of them, the counts are the least that it can be."""
    if len(met) == 1:
        return met[0]
    incidents = tuple(dict.fromkeys(hit for one in met for hit in one.incidents))
    reports = tuple(dict.fromkeys(hit for one in met for hit in one.reports))
    indicators = tuple(dict.fromkeys(hit for one in met for hit in one.indicators))
    return Known(
        incidents=incidents[:_SHOWN],
        incident_count=max(len(incidents), *(one.incident_count for one in met)),
        reports=reports[:_SHOWN],
        report_count=max(len(reports), *(one.report_count for one in met)),
        indicators=indicators[:_INDICATORS],
    )


def without_report(known: Known, reference: str) -> Known:
    """As seen from a report that is itself among those that hold the observable."""
    others = tuple(hit for hit in known.reports if hit.reference != reference)
    count = known.report_count - 1 if known.report_count <= MANY else known.report_count
    return Known(known.incidents, known.incident_count, others, max(count, 0), known.indicators)


@dataclass(frozen=True, slots=True)
class _Holders:
    """A query for records that hold observables: its key, and by what the newest are told."""

    query: Query
    key: sa.SQLColumnExpression[int]
    newest: sa.SQLColumnExpression[int]


def _incidents(work: Work, besides: int | None) -> _Holders:
    query: Query = (
        sa.select(IncidentObservable.key, Incident.reference, Incident.title, Incident.state)
        .join(Incident, Incident.id == home_of(IncidentMerge, IncidentObservable.incident_id))
        .where(IncidentObservable.state != ObservableState.DISMISSED, sees_incident(work.actor))
    )
    if besides is not None:
        query = query.where(Incident.id != besides, IncidentObservable.incident_id != besides)
    return _Holders(query, IncidentObservable.key, Incident.id)


def _reports(work: Work, besides: int | None) -> _Holders:
    query: Query = (
        sa.select(ReportObservable.key, Report.reference, Report.title, Report.state)
        .join(Report, Report.id == home_of(ReportMerge, ReportObservable.report_id))
        .where(sees_report(work.actor))
    )
    if besides is not None:
        query = query.where(Report.id != besides, ReportObservable.report_id != besides)
    return _Holders(query, ReportObservable.key, Report.id)


def _objects(work: Work) -> _Holders:
    key = ObjectObservable.key
    query = live_objects(work).with_only_columns(
        key, StixObject.stix_id, StixObject.type, StixObject.name, Peer.name.label("peer")
    )
    return _Holders(query, key, StixObject.id)


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


def _counts(
    work: Work, keys: Collection[int], incidents: _Holders, reports: _Holders, objects: _Holders
) -> dict[int, sa.Row[Any]]:
    """How many hold each key, counted no further than to MANY + 1."""
    asked = listed(keys)

    def capped(holders: _Holders) -> sa.ScalarSelect[int]:
        some: Query = holders.query.with_only_columns(holders.newest.label("id"))
        some = some.where(holders.key == asked.c.value).limit(MANY + 1).correlate(asked)
        different = sa.func.count(sa.distinct(some.subquery().c.id))
        return sa.select(different).scalar_subquery()

    query = sa.select(
        asked.c.value.label("key"),
        capped(incidents).label("incidents"),
        capped(reports).label("reports"),
        capped(objects).label("objects"),
    )
    return {row.key: row for row in work.session.execute(query)}


def _few(
    work: Work, holders: _Holders, counts: dict[int, sa.Row[Any]], name: str, shown: int
) -> dict[int, list[sa.Row[Any]]]:
    """The newest few that hold each key, for the keys that are not too common."""
    keys = [key for key, row in counts.items() if getattr(row, name) <= MANY]
    place = sa.func.row_number().over(partition_by=holders.key, order_by=holders.newest.desc())
    ranked = holders.query.where(holders.key.in_(keys)).add_columns(place.label("place")).subquery()
    query = sa.select(ranked).where(ranked.c.place <= shown).order_by(ranked.c.key, ranked.c.place)
    grouped: dict[int, list[sa.Row[Any]]] = {}
    for row in work.session.execute(query):
        grouped.setdefault(row.key, []).append(row)
    return grouped
