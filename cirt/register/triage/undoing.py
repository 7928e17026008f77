"""Taking a decision back, for a day."""

from cirt.kernel.work import Work
from cirt.register import workflow
from cirt.register.commands import UndoDecision
from cirt.register.errors import ReportChanged, UndoTooLate
from cirt.register.forwarding.undo import take_back
from cirt.register.linking.leaving import leave_incidents
from cirt.register.merging.guards import check_report_whole
from cirt.register.models import Report, ReportState
from cirt.register.sight import for_trail, get_report
from cirt.register.triage.moves import moved


def undo_decision(work: Work, cmd: UndoDecision) -> Report:
    """Take back a decision within a day. What it brought to an incident is dismissed, not deleted.

    An incident that began with the report is closed as a false alarm, if nobody has done anything on it yet.

    Raises:
        UndoneByWork, UndoneByMerge, UndoneByClosing, UndoneByOthers: more has come of it since (``linking.leaving``).
        IsMerged, UndoTooLate, ReportChanged, NoSuchReport, NotAllowed.
    """
    work.require("report:decide")
    report = get_report(work, cmd.reference, lock=True)
    check_report_whole(work, report)
    if report.version != cmd.version:
        raise ReportChanged(reference=report.reference)
    if not workflow.can_undo(report.state, report.decided_at, work.now):
        raise UndoTooLate(reference=report.reference)
    before, reason = report.state, for_trail(report.tlp, report.reason)
    leave_incidents(work, report)
    take_back(work, report)
    report.decided_by_id = report.decided_at = None
    report.reason = ""
    after = ReportState.CLAIMED if report.claimed_by_id else ReportState.RECEIVED
    return moved(work, report, after, "report.undo", decision=before, reason=reason)
