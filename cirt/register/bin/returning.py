"""Reports of an incident that is deleted wait in triage again; restored, it takes back those still waiting."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from cirt.kernel.clock import from_us, to_us
from cirt.kernel.work import Work
from cirt.register.models import Incident, Report, ReportState
from cirt.register.workflow import WAITING


def send_back(work: Work, incident: Incident) -> dict[str, Any]:
    """Put them into triage: what each was before, by reference."""
    query = sa.select(Report).where(Report.incident_id == incident.id).order_by(Report.id)
    before: dict[str, Any] = {}
    for report in work.session.scalars(query.with_for_update()):
        before[report.reference] = _state_of(report)
        report.state = ReportState.CLAIMED if report.claimed_by_id else ReportState.RECEIVED
        report.incident_id = report.decided_by_id = report.decided_at = None
        report.reason = ""
        report.version += 1
    return before


def take_again(work: Work, incident: Incident, before: Mapping[str, Any]) -> list[str]:
    """Those decided on meanwhile stay where they are: their references."""
    query = sa.select(Report).where(Report.reference.in_(list(before)))
    left = []
    for report in work.session.scalars(query.with_for_update()):
        if report.state not in WAITING or report.incident_id is not None:
            left.append(report.reference)
            continue
        was = before[report.reference]
        report.state, report.incident_id = ReportState(was["state"]), incident.id
        report.decided_by_id, report.reason = was["by"], was["reason"]
        report.decided_at = from_us(was["at"]) if was["at"] is not None else None
        report.version += 1
    return sorted(left)


def _state_of(report: Report) -> dict[str, Any]:
    return {
        "state": report.state.value,
        "by": report.decided_by_id,
        "at": to_us(report.decided_at) if report.decided_at else None,
        "reason": report.reason,
    }
