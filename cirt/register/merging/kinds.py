"""What there is to merge, as data: the acts of ``service`` are the same for both."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

import sqlalchemy as sa

from cirt.kernel.among import among
from cirt.kernel.errors import Conflict
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.register.errors import IncidentChanged, IncidentInBin, ReportChanged
from cirt.register.findings import offer_report
from cirt.register.incidents import name_of, note_entry
from cirt.register.linking.whereabouts import incidents_on
from cirt.register.merging.errors import LeadingClosed, MergeInCircle, MergeRefused
from cirt.register.merging.guards import check_incident_whole, check_report_whole
from cirt.register.merging.models import IncidentMerge, ReportMerge
from cirt.register.merging.observables import leave_to_others
from cirt.register.merging.queries import AnyMerge, family, reports_of, whole_family
from cirt.register.models import (
    CloseReason,
    EntryKind,
    Incident,
    IncidentObservable,
    IncidentState,
    ObservableState,
    Report,
    ReportState,
)
from cirt.register.relations.circles import Standing, standing
from cirt.register.sight import get_incident, get_report

Record: TypeAlias = Any  # an Incident, or a Report


@dataclass(frozen=True, slots=True)
class Sort:
    """Incidents, or reports. What ``change`` does to the merged one, ``give_back`` takes back."""

    merge: AnyMerge
    right: str
    word: str  # of the audit trail
    get: Callable[..., Record]
    check_sight: Callable[[Work, str], object]  # also of what lies in the bin
    check_whole: Callable[[Work, Record], None]
    check_pair: Callable[[Work, Record, Record], None]
    changed: Callable[[Work, Record], Conflict]
    change: Callable[[Work, Record, Record], dict[str, Any]]  # what the row of the merge keeps
    give_back: Callable[[Work, Record, Any], None]
    tell: Callable[[Work, Record, Record, EntryKind, EntryKind, str], None]


def _check_sight(work: Work, reference: str) -> None:
    with suppress(IncidentInBin):
        get_incident(work, reference)


def _check_incidents(work: Work, merged: Incident, leading: Incident) -> None:
    if leading.state is IncidentState.CLOSED and merged.state is not IncidentState.CLOSED:
        raise LeadingClosed(reference=leading.reference)
    for part, whole in ((merged, leading), (leading, merged)):
        found = standing(work, part.id, whole.id)
        if found is Standing.SEEN:
            raise MergeInCircle(part=part.reference, whole=whole.reference)
        if found is Standing.HIDDEN:
            raise MergeRefused(reference=merged.reference, leading=leading.reference)


def _close(work: Work, merged: Incident, leading: Incident) -> dict[str, Any]:
    before = {
        "state": merged.state.value,
        "closed_at": merged.closed_at.isoformat() if merged.closed_at else None,
        "close_reason": merged.close_reason.value if merged.close_reason else None,
    }
    merged.state, merged.closed_at = IncidentState.CLOSED, work.now
    merged.close_reason = CloseReason.MERGED
    return {"before": before}


def _open_again(work: Work, merged: Incident, row: IncidentMerge) -> None:
    before = row.before
    closed_at, reason = before["closed_at"], before["close_reason"]
    merged.state = IncidentState(before["state"])
    merged.closed_at = datetime.fromisoformat(closed_at) if closed_at else None
    merged.close_reason = CloseReason(reason) if reason else None


def _tell_both(
    work: Work,
    merged: Incident,
    leading: Incident,
    on_merged: EntryKind,
    on_leading: EntryKind,
    reason: str,
) -> None:
    """A line on both, unless one has become RED since: then the other must not name it."""
    if (merged.tlp is Tlp.RED) != (leading.tlp is Tlp.RED):
        return
    note_entry(work, merged.id, on_merged, incident=leading.reference, reason=reason)
    note_entry(work, leading.id, on_leading, incident=merged.reference, reason=reason)


def _share_fate(work: Work, merged: Report, leading: Report) -> dict[str, Any]:
    brought = _offer(work, merged, leading)
    before = {"state": merged.state.value}
    merged.state = ReportState.MERGED
    return {"before": before, "brought": brought}


def _offer(work: Work, merged: Report, leading: Report) -> list[int]:
    """Offer what the merged report and those under it name on the leading one's incidents; the new rows."""
    last = work.session.scalar(sa.select(sa.func.max(IncidentObservable.id))) or 0
    incidents = incidents_on(work, leading.id, lock=True)
    reports = reports_of(work, family(work, ReportMerge, merged.id))
    for incident in incidents:
        for report in reports:
            if report.tlp is not Tlp.RED:  # its names are handed on by a decision alone
                offer_report(work, incident.id, report)
    query = sa.select(IncidentObservable.id).where(
        IncidentObservable.id > last,
        IncidentObservable.incident_id.in_([incident.id for incident in incidents]),
        IncidentObservable.source.in_([report.reference for report in reports]),
    )
    return list(work.session.scalars(query.order_by(IncidentObservable.id)))


def _go_own_way(work: Work, merged: Report, row: ReportMerge) -> None:
    """What the merge offered, nobody decided on and nobody else names goes again."""
    brought = (
        among(IncidentObservable.id, row.brought),
        IncidentObservable.state == ObservableState.OFFERED,
        IncidentObservable.decided_at.is_(None),
    )
    left = leave_to_others(work, whole_family(work, ReportMerge, merged.id), *brought)
    gone = sa.delete(IncidentObservable).where(*brought, ~among(IncidentObservable.id, left))
    work.session.execute(gone)
    merged.state = ReportState(row.before["state"])


INCIDENTS = Sort(
    merge=IncidentMerge,
    right="incident:merge",
    word="incident",
    get=get_incident,
    check_sight=_check_sight,
    check_whole=check_incident_whole,
    check_pair=_check_incidents,
    changed=lambda work, one: IncidentChanged(
        reference=one.reference, name=name_of(work, one.owner_id)
    ),
    change=_close,
    give_back=_open_again,
    tell=_tell_both,
)
REPORTS = Sort(
    merge=ReportMerge,
    right="report:decide",
    word="report",
    get=get_report,
    check_sight=get_report,
    check_whole=check_report_whole,
    check_pair=lambda *_: None,
    changed=lambda _, one: ReportChanged(reference=one.reference),
    change=_share_fate,
    give_back=_go_own_way,
    tell=lambda *_: None,
)
