"""Merging and parting. No row is moved, no text glued: a merge is one row, and its end one date on it.

What changes on the merged record is its state alone, and the merge keeps what it was. What is done in the
meantime stays with what it was done on.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cirt.kernel.among import among
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.parties.models import Ourselves
from cirt.register.errors import IncidentChanged, ReportChanged
from cirt.register.findings import offer_report
from cirt.register.incidents import name_of, note_entry
from cirt.register.linking.queries import decided_into
from cirt.register.merging.commands import Merge, Unmerge
from cirt.register.merging.errors import (
    LeadingClosed,
    LeadingMerged,
    MergeNeedsReason,
    MergeWithItself,
    NotMerged,
    RedApart,
)
from cirt.register.merging.guards import check_incident_whole, check_report_whole
from cirt.register.merging.models import IncidentMerge, ReportMerge
from cirt.register.merging.queries import (
    AnyMerge,
    below_of,
    family,
    merged_into,
    present_merge,
    reports_of,
)
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
from cirt.register.sight import for_trail, get_incident, get_report
from cirt.register.texts import storable


def merge_incident(work: Work, cmd: Merge) -> Incident:
    """Show one incident through another; the leading one.

    Raises:
        MergeWithItself, MergeNeedsReason, IsMerged, LeadingMerged, LeadingClosed, RedApart,
        IncidentChanged: somebody changed the one that is to be merged.
        NoSuchIncident, NotAllowed.
    """
    work.require("incident:merge")
    _check_command(cmd)
    _take_turn(work)
    pair = [get_incident(work, one, lock=True) for one in sorted((cmd.reference, cmd.leading))]
    merged, leading = pair if pair[0].reference == cmd.reference else reversed(pair)
    check_incident_whole(work, merged)
    _check_leading(work, IncidentMerge, leading)
    _check_red(merged.tlp, leading.tlp)
    if leading.state is IncidentState.CLOSED and merged.state is not IncidentState.CLOSED:
        raise LeadingClosed(reference=leading.reference)
    if merged.version != cmd.version:
        raise IncidentChanged(reference=merged.reference, name=name_of(work, merged.owner_id))
    _begin(work, IncidentMerge, merged, leading, cmd.reason, before=_of_incident(merged))
    merged.state, merged.closed_at = IncidentState.CLOSED, work.now
    merged.close_reason = CloseReason.MERGED
    work.session.flush()
    _tell(work, merged, leading, EntryKind.MERGED_INTO, EntryKind.MERGED, cmd.reason)
    why = for_trail(merged.tlp, cmd.reason)
    work.audit("incident.merge", merged.reference, into=leading.reference, reason=why)
    return leading


def unmerge_incident(work: Work, cmd: Unmerge) -> Incident:
    """Give an incident back what it was before it was merged; the incident.

    Raises:
        NotMerged, NoSuchIncident, NotAllowed.
    """
    work.require("incident:merge")
    _take_turn(work)
    merged = get_incident(work, cmd.reference, lock=True)
    merge = _present(work, IncidentMerge, merged, cmd.merge_id)
    leading = work.session.get_one(Incident, merge.leading_id)
    get_incident(work, leading.reference)  # both must be theirs to see
    _end(work, IncidentMerge, merge)
    before = merge.before
    closed_at = before["closed_at"]
    merged.state = IncidentState(before["state"])
    merged.closed_at = datetime.fromisoformat(closed_at) if closed_at else None
    reason = before["close_reason"]
    merged.close_reason = CloseReason(reason) if reason else None
    work.session.flush()
    _tell(work, merged, leading, EntryKind.PARTED_FROM, EntryKind.PARTED, "")
    work.audit("incident.unmerge", merged.reference, out_of=leading.reference)
    return merged


def merge_report(work: Work, cmd: Merge) -> Report:
    """Let a report share the fate of another, whatever has become of either; the leading one.

    Where the leading one stands on incidents, the merged one's observables are offered there.

    Raises:
        MergeWithItself, MergeNeedsReason, IsMerged, LeadingMerged, RedApart,
        ReportChanged: somebody changed the one that is to be merged.
        NoSuchReport, NotAllowed.
    """
    work.require("report:decide")
    _check_command(cmd)
    _take_turn(work)
    pair = [get_report(work, one, lock=True) for one in sorted((cmd.reference, cmd.leading))]
    merged, leading = pair if pair[0].reference == cmd.reference else reversed(pair)
    check_report_whole(work, merged)
    _check_leading(work, ReportMerge, leading)
    _check_red(merged.tlp, leading.tlp)
    if merged.version != cmd.version:
        raise ReportChanged(reference=merged.reference)
    brought = _offer(work, merged, leading)
    before = {"state": merged.state.value}
    _begin(work, ReportMerge, merged, leading, cmd.reason, before=before, brought=brought)
    merged.state = ReportState.MERGED
    work.session.flush()
    why = for_trail(merged.tlp, cmd.reason)
    work.audit("report.merge", merged.reference, into=leading.reference, reason=why)
    return leading


def unmerge_report(work: Work, cmd: Unmerge) -> Report:
    """Give a report back the state it had; what the merge offered and nobody decided on goes again.

    Raises:
        NotMerged, NoSuchReport, NotAllowed.
    """
    work.require("report:decide")
    _take_turn(work)
    merged = get_report(work, cmd.reference, lock=True)
    merge = _present(work, ReportMerge, merged, cmd.merge_id)
    leading = work.session.get_one(Report, merge.leading_id)
    get_report(work, leading.reference)
    _end(work, ReportMerge, merge)
    _take_back(work, merge.brought)
    merged.state = ReportState(merge.before["state"])
    work.session.flush()
    work.audit("report.unmerge", merged.reference, out_of=leading.reference)
    return merged


def _check_command(cmd: Merge) -> None:
    if cmd.reference == cmd.leading:
        raise MergeWithItself(reference=cmd.reference)
    if not cmd.reason.strip():
        raise MergeNeedsReason


def _take_turn(work: Work) -> None:
    """Merges wait for each other: each reads the chains that another one changes."""
    work.session.execute(sa.select(Ourselves.id).with_for_update()).all()


def _check_leading(work: Work, merge: AnyMerge, leading: Incident | Report) -> None:
    into = merged_into(work, merge, leading.id)
    if into is not None:
        raise LeadingMerged(reference=leading.reference, into=into.reference or "…")


def _check_red(one: Tlp, other: Tlp) -> None:
    if (one is Tlp.RED) != (other is Tlp.RED):
        raise RedApart


def _of_incident(incident: Incident) -> dict[str, Any]:
    return {
        "state": incident.state.value,
        "closed_at": incident.closed_at.isoformat() if incident.closed_at else None,
        "close_reason": incident.close_reason.value if incident.close_reason else None,
    }


def _begin(
    work: Work,
    merge: AnyMerge,
    merged: Incident | Report,
    leading: Incident | Report,
    reason: str,
    **given: Any,
) -> None:
    row = merge(
        merged_id=merged.id,
        leading_id=leading.id,
        root_id=leading.id,
        reason=storable(reason),
        merged_at=work.now,
        merged_by_id=work.actor.id,
        **given,
    )
    work.session.add(row)
    work.session.flush()
    _set_root(work, merge, merged.id, leading.id)


def _end(work: Work, merge: AnyMerge, row: Any) -> None:
    row.ended_at, row.ended_by_id = work.now, work.actor.id
    work.session.flush()
    _set_root(work, merge, row.merged_id, row.merged_id)


def _set_root(work: Work, merge: AnyMerge, above: int, root: int) -> None:
    """All that is merged into ``above`` lives in ``root`` from now on."""
    below = below_of(merge, above)
    work.session.execute(
        sa.update(merge)
        .where(merge.merged_id.in_(sa.select(below.c.id)), merge.ended_at.is_(None))
        .values(root_id=root),
        execution_options={"synchronize_session": False},
    )


def _present(work: Work, merge: AnyMerge, record: Incident | Report, merge_id: int) -> Any:
    found = present_merge(work, merge, record.id)
    if found is None or found.id != merge_id:
        raise NotMerged(reference=record.reference)
    return found


def _tell(
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


def _offer(work: Work, merged: Report, leading: Report) -> list[int]:
    """Offer what the merged report and those under it name on the leading one's incidents; the new rows."""
    last = work.session.scalar(sa.select(sa.func.max(IncidentObservable.id))) or 0
    incidents = decided_into(work, leading.id, lock=True)
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


def _take_back(work: Work, ids: list[int]) -> None:
    work.session.execute(
        sa.delete(IncidentObservable).where(
            among(IncidentObservable.id, ids),
            IncidentObservable.state == ObservableState.OFFERED,
            IncidentObservable.decided_at.is_(None),
        )
    )
