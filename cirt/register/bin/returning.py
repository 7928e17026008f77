"""Reports of an incident that is deleted wait in triage again; restored, it takes back those still waiting.

The links of its reports stay as they are, out of reach with it. A report that is on another incident as well stays
decided. What was merged is told in its merge: that is where the state of its own stands.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from cirt.kernel.clock import from_us, to_us
from cirt.kernel.work import Work
from cirt.register.bin.models import BinAct
from cirt.register.linking.models import LinkKind, ReportIncident
from cirt.register.merging.models import ReportMerge
from cirt.register.merging.queries import present_merge
from cirt.register.models import Incident, Report, ReportState
from cirt.register.workflow import ON_INCIDENT, WAITING

_STAYED = "stayed"  # in what is noted of a report: it was on another incident as well


def hold_reports(work: Work, incident_id: int) -> None:
    """Before the incident itself is held: whoever decides on a report holds it first, too."""
    work.session.scalars(_decided_into(incident_id).with_for_update(of=Report)).all()


def send_back(work: Work, incident: Incident) -> dict[str, Any]:
    """Put them into triage: what each was before, by reference; the caller has put the incident in the bin."""
    before: dict[str, Any] = {}
    staying = _on_others(work, incident)
    for report in _held(work, incident.id):
        stays = report.id in staying
        before[report.reference] = {**_state_of(work, report), _STAYED: stays}
        if not stays:
            waiting = ReportState.CLAIMED if report.claimed_by_id else ReportState.RECEIVED
            _set_state(work, report, waiting)
            report.decided_by_id = report.decided_at = None
            report.reason = ""
            report.version += 1
    return before


def take_again(work: Work, incident: Incident, before: Mapping[str, Any]) -> list[str]:
    """Those decided on meanwhile stay where they are, linked here without a decision: their references."""
    left = []
    for report in _held(work, incident.id):
        was = before.get(report.reference)
        state = _own_state(work, report)
        if was is not None and state in WAITING and _only_suspended(work, report, was):
            _set_state(work, report, ReportState(was["state"]))
            report.decided_by_id, report.reason = was["by"], was["reason"]
            report.decided_at = from_us(was["at"]) if was["at"] is not None else None
            report.version += 1
        elif state not in ON_INCIDENT or (was is not None and was["at"] != _decided_us(report)):
            link = work.session.get_one(ReportIncident, (report.id, incident.id))
            link.kind = LinkKind.RELATED
            left.append(report.reference)
    work.session.flush()
    return sorted(left)


def sent_back(before: Mapping[str, Any]) -> list[str]:
    """References of those that wait in triage again."""
    return sorted(reference for reference, was in before.items() if not was.get(_STAYED))


def _decided_into(incident_id: int) -> sa.Select[Any]:
    return (
        sa.select(Report)
        .join(ReportIncident, ReportIncident.report_id == Report.id)
        .where(ReportIncident.incident_id == incident_id, ReportIncident.kind != LinkKind.RELATED)
        .order_by(Report.id)
    )


def _held(work: Work, incident_id: int) -> Sequence[Report]:
    query = _decided_into(incident_id).with_for_update(of=Report)
    return work.session.scalars(query.execution_options(populate_existing=True)).all()


def _on_others(work: Work, incident: Incident) -> set[int]:
    """Ids of its reports that are on another incident as well."""
    of_it = aliased(ReportIncident)
    query = (
        sa.select(ReportIncident.report_id)
        .join(of_it, of_it.report_id == ReportIncident.report_id)
        .join(Incident, Incident.id == ReportIncident.incident_id)
        .where(
            of_it.incident_id == incident.id,
            Incident.id != incident.id,
            ReportIncident.kind != LinkKind.RELATED,
            Incident.bin_id.is_(None),
        )
    )
    return set(work.session.scalars(query))


def _only_suspended(work: Work, report: Report, was: Mapping[str, Any]) -> bool:
    """Whether it waits because of a deletion: of this incident, or of another that it was on as well."""
    if not was.get(_STAYED):
        return True
    acts = (
        sa.select(BinAct.reports)
        .join(Incident, Incident.bin_id == BinAct.id)
        .join(ReportIncident, ReportIncident.incident_id == Incident.id)
        .where(ReportIncident.report_id == report.id)
    )
    noted = [reports.get(report.reference) for reports in work.session.scalars(acts)]
    return any(one and not one.get(_STAYED) and one["at"] == was["at"] for one in noted)


def _state_of(work: Work, report: Report) -> dict[str, Any]:
    return {
        "state": _own_state(work, report).value,
        "by": report.decided_by_id,
        "at": _decided_us(report),
        "reason": report.reason,
    }


def _decided_us(report: Report) -> int | None:
    return to_us(report.decided_at) if report.decided_at else None


def _own_state(work: Work, report: Report) -> ReportState:
    """What it is by itself, whatever it is merged into."""
    merge = _merge_of(work, report)
    return report.state if merge is None else ReportState(merge.before["state"])


def _set_state(work: Work, report: Report, state: ReportState) -> None:
    merge = _merge_of(work, report)
    if merge is None:
        report.state = state
    else:
        merge.before = {**merge.before, "state": state.value}


def _merge_of(work: Work, report: Report) -> ReportMerge | None:
    if report.state is not ReportState.MERGED:
        return None
    merge: ReportMerge = present_merge(work, ReportMerge, report.id)
    return merge
