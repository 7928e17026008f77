"""Which incidents and reports a report is linked to."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from cirt.kernel.work import Actor, Work
from cirt.register.linking.models import LinkKind, RelatedReport, ReportIncident
from cirt.register.models import Incident, IncidentState, Report, ReportState
from cirt.register.sight import sees_incident, sees_report


@dataclass(frozen=True, slots=True)
class IncidentLink:
    reference: str
    title: str
    state: IncidentState
    kind: LinkKind
    reason: str

    @property
    def is_decided(self) -> bool:
        return self.kind is not LinkKind.RELATED


@dataclass(frozen=True, slots=True)
class ReportLink:
    reference: str
    title: str
    state: ReportState
    reason: str


def incidents_of(work: Work, report_id: int) -> list[IncidentLink]:
    """What the asker may see of them, decided ones first, in the order they were linked."""
    rows = work.session.execute(_linked(work.actor), {"report_id": report_id})
    return [IncidentLink(*row) for row in rows]


def related_to(work: Work, report_id: int) -> list[ReportLink]:
    """Reports linked to this one, the newest first."""
    rows = work.session.execute(_related(work.actor), {"report_id": report_id})
    return [ReportLink(*row) for row in rows]


_ASKED = sa.bindparam("report_id", type_=sa.BigInteger)


@lru_cache(maxsize=256)
def _linked(actor: Actor) -> sa.Select[*tuple[Any, ...]]:
    """Made once for each who asks, as below: it takes longer to make than to run."""
    link = ReportIncident
    return (
        sa.select(Incident.reference, Incident.title, Incident.state, link.kind, link.reason)
        .join(link, link.incident_id == Incident.id)
        .where(link.report_id == _ASKED, sees_incident(actor))
        .order_by(link.kind == LinkKind.RELATED, link.linked_at, Incident.id)
    )


@lru_cache(maxsize=256)
def _related(actor: Actor) -> sa.Select[*tuple[Any, ...]]:
    link = RelatedReport
    is_other = sa.or_(
        sa.and_(link.report_id == _ASKED, Report.id == link.other_id),
        sa.and_(link.other_id == _ASKED, Report.id == link.report_id),
    )
    return (
        sa.select(Report.reference, Report.title, Report.state, link.reason)
        .join(link, is_other)
        .where(sa.or_(link.report_id == _ASKED, link.other_id == _ASKED), sees_report(actor))
        .order_by(Report.id.desc())
    )
