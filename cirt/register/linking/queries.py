"""Which incidents and reports a report is linked to."""

from dataclasses import dataclass

import sqlalchemy as sa

from cirt.kernel.work import Work
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
    link = ReportIncident
    query = (
        sa.select(Incident.reference, Incident.title, Incident.state, link.kind, link.reason)
        .join(link, link.incident_id == Incident.id)
        .where(link.report_id == report_id, sees_incident(work.actor))
        .order_by(link.kind == LinkKind.RELATED, link.linked_at, Incident.id)
    )
    return [IncidentLink(*row) for row in work.session.execute(query)]


def related_to(work: Work, report_id: int) -> list[ReportLink]:
    """Reports linked to this one, the newest first."""
    link = RelatedReport
    is_other = sa.or_(
        sa.and_(link.report_id == report_id, Report.id == link.other_id),
        sa.and_(link.other_id == report_id, Report.id == link.report_id),
    )
    query = (
        sa.select(Report.reference, Report.title, Report.state, link.reason)
        .join(link, is_other)
        .where(
            sa.or_(link.report_id == report_id, link.other_id == report_id),
            sees_report(work.actor),
        )
        .order_by(Report.id.desc())
    )
    return [ReportLink(*row) for row in work.session.execute(query)]
