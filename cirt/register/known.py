"""What is already known of observables: own incidents, other reports, live indicators; as far as the asker may see."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import sqlalchemy as sa

from cirt.kernel.work import Work
from cirt.objects.observables.kinds import Observable
from cirt.register.holders import INDICATORS, MANY, SHOWN, holders_of
from cirt.register.meeting import Meeting, Met, meeting_of
from cirt.register.models import IncidentState, ReportState
from cirt.register.witnesses import Witness, independent

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
    """A live object that names the observable; ``peer`` brought it, None: it is ours.

    ``author`` is the identity that it claims to be of, ``author_peer`` the name of that peer.
    """

    stix_id: str
    type: str
    name: str
    peer: str | None
    author: str | None = None
    author_peer: str | None = None
    began_us: int | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one observable. The lists name the newest few, the counts are of all.

    What is merged counts once, as what it is shown through.

    Of what more than MANY records hold, the count is MANY + 1 and the list is empty. ``related`` is what is known of what
    is not it, but beside it in one direction: of an observable URLs and domains below it, of an indicator what it lies within.
    ``is_common``: it is on the warning list, so nothing was looked for.
    """

    incidents: tuple[IncidentHit, ...] = ()
    incident_count: int = 0
    reports: tuple[ReportHit, ...] = ()
    report_count: int = 0
    indicators: tuple[IndicatorHit, ...] = ()
    related: "Known | None" = None  # None: nothing
    is_common: bool = False

    @property
    def peers(self) -> tuple[str, ...]:
        """Names of those who say something on it independently of one another (``witnesses``)."""
        return independent(
            Witness(hit.peer, hit.author, hit.author_peer, hit.name, hit.began_us)
            for hit in self.indicators
            if hit.peer
        )

    @property
    def is_empty(self) -> bool:
        return not (self.incident_count or self.report_count or self.indicators)

    @property
    def is_new(self) -> bool:
        return self.is_empty and self.related is None and not self.is_common


NOTHING = Known()


COMMON = Known(is_common=True)


def known_of(
    work: Work,
    observables: Iterable[Observable],
    *,
    besides_incident: int = 0,
    besides_report: int = 0,
    as_indicator: bool = False,
) -> dict[int, Known]:
    """For each, by key, what the asker may know of it, in nine queries at most; at most MAX_KEYS are looked for.

    An address is also known by the networks around it, and a network by what lies within (``register.meeting``). A URL is
    known by its host, a domain by those above it; what lies below is ``related``. With ``as_indicator`` they are looked for
    as what an indicator names: then what lies below is what it means, and what it lies within is related.
    ``besides_…`` leaves out the record that asks.
    """
    meeting = meeting_of(work, list(dict.fromkeys(observables))[:MAX_KEYS])
    if not meeting:
        return {}
    found = _known(work, meeting, besides_incident, besides_report)
    return {
        asked: COMMON if met.is_common else _of(met, found, as_indicator=as_indicator)
        for asked, met in meeting.items()
    }


def _of(met: Met, found: Mapping[int, Known], *, as_indicator: bool) -> Known:
    meant, beside = met.same, met.below
    if as_indicator:
        meant = tuple(key for key in (*met.same, *met.below) if key not in met.above)
        beside = tuple(met.above)
    known = _together([found[key] for key in meant])
    related = _together([found[key] for key in beside])
    return known if related.is_empty else replace(known, related=related)


def _known(
    work: Work, meeting: Meeting, besides_incident: int, besides_report: int
) -> dict[int, Known]:
    """By each key that is met."""
    asked = list(dict.fromkeys(key for met in meeting.values() for key in (*met.same, *met.below)))
    if not asked:
        return {}
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


def witnesses_of(work: Work, keys: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """By key, in this order, the names of those who say something on just this value, independently of one another."""
    held = holders_of(work, keys, 0, 0)
    return {
        key: Known(
            indicators=_different(_indicator(row) for row in held.objects.get(key, ()))
        ).peers
        for key in keys
    }


def _different(hits: Iterable[_Hit]) -> tuple[_Hit, ...]:
    return tuple(dict.fromkeys(hits))


def _incident(row: sa.Row[Any]) -> IncidentHit:
    return IncidentHit(row.reference, row.title, IncidentState(row.state))


def _report(row: sa.Row[Any]) -> ReportHit:
    return ReportHit(row.reference, row.title, ReportState(row.state))


def _indicator(row: sa.Row[Any]) -> IndicatorHit:
    name = row.title or row.reference
    made = (row.author, row.author_peer, row.began_us)
    return IndicatorHit(row.reference, row.state, name, row.peer, *made)


def _together(met: Sequence[Known]) -> Known:
    """Of several keys as of one; where much is known of them, the counts are the least that it can be."""
    if len(met) < 2:  # noqa: PLR2004
        return met[0] if met else NOTHING
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
    return replace(known, reports=others, report_count=max(count, 0))
