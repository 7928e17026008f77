"""What a report's marking asks of the incident that it goes into."""

from collections.abc import Sequence

import sqlalchemy as sa

from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.register.errors import BelowReportNeedsReason, StrictReportNeedsReason
from cirt.register.models import Entry, Incident, Report
from cirt.register.sight import sees_incident


def check_marking(report: Report, tlp: Tlp, reason: str) -> dict[str, str]:
    """For the trail: what the report's marking was, where the incident's is below it.

    Raises:
        BelowReportNeedsReason.
    """
    if report.tlp <= tlp:
        return {}
    if not reason.strip():
        promised = report.tlp is Tlp.AMBER_STRICT
        refusal = StrictReportNeedsReason if promised else BelowReportNeedsReason
        raise refusal(report=report.tlp.label, incident=tlp.label)
    return {"tlp": tlp.value, "below": report.tlp.value}


def strictest_of(work: Work, ids: Sequence[int]) -> Tlp:
    """Of these incidents, and of others that their timelines name to this reader."""
    named = sa.select(Entry.other_id).where(Entry.incident_id.in_(ids), Entry.other_id.is_not(None))
    others = sa.and_(Incident.id.in_(named), sees_incident(work.actor))
    query = sa.select(Incident.tlp).where(sa.or_(Incident.id.in_(ids), others)).distinct()
    return max(work.session.scalars(query))
