"""The observables of the reports on a page, and what is known of all of a report's together."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from cirt.kernel.among import among_given
from cirt.kernel.prepared import Prepared
from cirt.kernel.work import Work
from cirt.objects.observables.kinds import Kind, Observable
from cirt.register.known import NOTHING, IncidentHit, Known
from cirt.register.models import ReportObservable

LINE = 40  # a line of the queue says what is known of the first; the report's page says the rest
WHOLE = 500


@dataclass(frozen=True, slots=True)
class Hits:
    """What is known of all observables of a report together."""

    incidents: tuple[IncidentHit, ...] = ()
    shared: int = 0  # observables that stand in own incidents
    reports: tuple[str, ...] = ()  # newest few other reports with one of them
    peers: tuple[str, ...] = ()  # names of peers with a live indicator on one of them
    own_indicators: int = 0

    @property
    def is_new(self) -> bool:
        return not (self.incidents or self.reports or self.peers or self.own_indicators)


@dataclass(slots=True)
class Found:
    """Observables of one report on a page; ``total`` are all that it has."""

    total: int = 0
    rows: list[Observable] = field(default_factory=list)

    def seen(self, known: Mapping[int, Known]) -> list[tuple[Observable, Known]]:
        return [(one, known.get(one.key, NOTHING)) for one in self.rows]

    @property
    def links(self) -> int:
        return sum(1 for one in self.rows if one.kind is Kind.URL)


def hits_of(known: Collection[Known], own: Collection[str] = ()) -> Hits:
    """``own``: incidents that the report is on or linked to, which it need not be told that it looks like."""
    incidents = dict.fromkeys(hit for one in known for hit in one.incidents)
    return Hits(
        incidents=tuple(hit for hit in incidents if hit.reference not in own),
        shared=sum(1 for one in known if _others(one, own)),
        reports=tuple(dict.fromkeys(hit.reference for one in known for hit in one.reports)),
        peers=tuple(dict.fromkeys(peer for one in known for peer in one.peers)),
        own_indicators=sum(1 for one in known for hit in one.indicators if hit.peer is None),
    )


def _others(known: Known, own: Collection[str]) -> int:
    return known.incident_count - sum(1 for hit in known.incidents if hit.reference in own)


def _first_of_each() -> sa.Select[*tuple[Any, ...]]:
    report_id = ReportObservable.report_id
    ranked = (
        sa.select(
            report_id,
            ReportObservable.kind,
            ReportObservable.value,
            sa.func.count().over(partition_by=report_id).label("total"),
            sa.func.row_number()
            .over(partition_by=report_id, order_by=(ReportObservable.kind, ReportObservable.value))
            .label("place"),
        )
        .where(among_given(report_id, "report_ids"))
        .subquery()
    )
    each = sa.bindparam("each", type_=sa.Integer)
    return sa.select(ranked).where(ranked.c.place <= each).order_by(ranked.c.place)


_OBSERVABLES = Prepared(_first_of_each())


def observables_of(work: Work, report_ids: Collection[int], each: int) -> dict[int, Found]:
    """The first observables of each report, and how many it has."""
    if not report_ids:
        return {}
    found: dict[int, Found] = {}
    asked = {"report_ids": list(report_ids), "each": each}
    for row in _OBSERVABLES.rows(work.connection, asked):
        one = found.setdefault(row.report_id, Found())
        one.total = row.total
        one.rows.append(Observable(Kind(row.kind), row.value))
    return found


def observables_of_all(work: Work, report_ids: list[int]) -> Found:
    """Of a report and of what is merged into it, each value once; its own come first."""
    found = observables_of(work, report_ids, WHOLE)
    if len(report_ids) == 1:
        return found.get(report_ids[0], Found())
    rows = dict.fromkeys(
        one for report_id in report_ids if report_id in found for one in found[report_id].rows
    )
    kept = list(rows)[:WHOLE]
    different = sa.func.count(sa.distinct(ReportObservable.key))
    total = work.session.scalar(
        sa.select(different).where(ReportObservable.report_id.in_(report_ids))
    )
    return Found(total or 0, kept)
