"""What is already known of observables: own incidents, other reports, live indicators; as far as the asker may see."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import sqlalchemy as sa

from cirt.kernel.work import Work
from cirt.objects.observables.kinds import Observable
from cirt.register.holders import INDICATORS, MANY, SHOWN, holders_of
from cirt.register.meeting import Meeting, meeting_of
from cirt.register.models import IncidentState, ReportState

MAX_KEYS = 2000  # per question; a page shows far fewer

_Hit = TypeVar("_Hit")


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
    besides_incident: int = 0,
    besides_report: int = 0,
) -> dict[int, Known]:
    """For each, by key, what the asker may know of it, in four queries at most; at most MAX_KEYS are looked for.

    An address is also known by the networks around it, and a network by what lies within (``register.meeting``).
    ``besides_…`` leaves out the record that asks.
    """
    meeting = meeting_of(work, list(dict.fromkeys(observables))[:MAX_KEYS])
    if not meeting:
        return {}
    found = _known(work, meeting, besides_incident, besides_report)
    return {asked: _together([found[key] for key in keys]) for asked, keys in meeting.items()}


def _known(
    work: Work, meeting: Meeting, besides_incident: int, besides_report: int
) -> dict[int, Known]:
    """By each key that is met."""
    asked = list(dict.fromkeys(key for keys in meeting.values() for key in keys))
    held = holders_of(work, asked, besides_incident, besides_report)
    return {
        key: Known(
            incidents=_different(_incident(row) for row in held.incidents.get(key, ())),
            incident_count=row.incidents,
            reports=_different(_report(row) for row in held.reports.get(key, ())),
            report_count=row.reports,
            indicators=_different(_indicator(row) for row in held.objects.get(key, ())),
        )
        for key, row in held.counts.items()
    }


def _different(hits: Iterable[_Hit]) -> tuple[_Hit, ...]:
    return tuple(dict.fromkeys(hits))


def _incident(row: sa.Row[Any]) -> IncidentHit:
    return IncidentHit(row.reference, row.title, IncidentState(row.state))


def _report(row: sa.Row[Any]) -> ReportHit:
    return ReportHit(row.reference, row.title, ReportState(row.state))


def _indicator(row: sa.Row[Any]) -> IndicatorHit:
    return IndicatorHit(row.reference, row.state, row.title or row.reference, row.peer)


def _together(met: Sequence[Known]) -> Known:
    """Of several keys as of one; where much is known of them, the counts are the least that it can be."""
    if len(met) == 1:
        return met[0]
    incidents = tuple(dict.fromkeys(hit for one in met for hit in one.incidents))
    reports = tuple(dict.fromkeys(hit for one in met for hit in one.reports))
    indicators = tuple(dict.fromkeys(hit for one in met for hit in one.indicators))
    return Known(
        incidents=incidents[:SHOWN],
        incident_count=max(len(incidents), *(one.incident_count for one in met)),
        reports=reports[:SHOWN],
        report_count=max(len(reports), *(one.report_count for one in met)),
        indicators=indicators[:INDICATORS],
    )


def without_report(known: Known, reference: str) -> Known:
    """As seen from a report that is itself among those that hold the observable."""
    others = tuple(hit for hit in known.reports if hit.reference != reference)
    count = known.report_count - 1 if known.report_count <= MANY else known.report_count
    return Known(known.incidents, known.incident_count, others, max(count, 0), known.indicators)
