"""A report from one state to the next: whether it may still be decided, and what each move leaves on it."""

from cirt.kernel.work import Work
from cirt.register import workflow
from cirt.register.errors import AlreadyDecided, ReportChanged
from cirt.register.incidents import name_of
from cirt.register.merging.guards import check_report_whole
from cirt.register.models import Report, ReportState


def check_open(work: Work, report: Report, version: int) -> None:
    """
    Raises:
        IsMerged, AlreadyDecided, ReportChanged.
    """
    check_report_whole(work, report)
    if report.state in workflow.DECIDED:
        name = name_of(work, report.decided_by_id)
        raise AlreadyDecided(name=name, reference=report.reference)
    if report.version != version:
        raise ReportChanged(reference=report.reference)


def moved(work: Work, report: Report, to: ReportState, act: str, **facts: object) -> Report:
    """Moved without a decision; ``act`` and ``facts`` are for the trail."""
    workflow.check_report(report.state, to)
    report.state = to
    report.version += 1
    work.session.flush()
    work.audit(act, report.reference, **facts)
    return report


def decide(work: Work, report: Report, to: ReportState, reason: str) -> None:
    workflow.check_report(report.state, to)
    report.state = to
    report.version += 1
    report.decided_by_id, report.decided_at = work.actor.id, work.now
    report.reason = reason
    work.session.flush()
