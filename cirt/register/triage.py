"""Triage: who looks at a report and what becomes of it. Of two people who decide at once, the second is told."""

from cirt.kernel.work import Work
from cirt.register import workflow
from cirt.register.commands import (
    AcceptReport,
    AddReport,
    ClaimReport,
    MarkSpam,
    RejectReport,
    ReleaseClaim,
    UndoDecision,
)
from cirt.register.errors import (
    AlreadyClaimed,
    AlreadyDecided,
    ReportChanged,
    UndoTooLate,
)
from cirt.register.forwarding.undo import take_back
from cirt.register.incidents import name_of, new_incident
from cirt.register.linking.leaving import leave_incidents
from cirt.register.linking.models import LinkKind
from cirt.register.linking.service import open_for_more, put_on_incident
from cirt.register.marking import check_marking
from cirt.register.merging.guards import check_report_whole
from cirt.register.models import Incident, Report, ReportState
from cirt.register.sight import for_trail, get_report


def claim_report(work: Work, cmd: ClaimReport) -> Report:
    """Say that one is looking at it. Claiming what one has already claimed changes nothing.

    Raises:
        AlreadyClaimed, AlreadyDecided, ReportChanged, NoSuchReport, NotAllowed.
    """
    work.require("report:decide")
    report = get_report(work, cmd.reference, lock=True)
    if report.state is ReportState.CLAIMED:
        if report.claimed_by_id == work.actor.id:
            return report
        name = name_of(work, report.claimed_by_id)
        raise AlreadyClaimed(name=name, reference=report.reference)
    _check_open(work, report, cmd.version)
    report.claimed_by_id, report.claimed_at = work.actor.id, work.now
    return _moved(work, report, ReportState.CLAIMED, "report.claim")


def release_claim(work: Work, cmd: ReleaseClaim) -> Report:
    """Put a claimed report back; anyone in triage may, for people go home."""
    work.require("report:decide")
    report = get_report(work, cmd.reference, lock=True)
    _check_open(work, report, cmd.version)
    report.claimed_by_id = report.claimed_at = None
    return _moved(work, report, ReportState.RECEIVED, "report.unclaim")


def accept_report(work: Work, cmd: AcceptReport) -> Incident:
    """The report becomes a new incident; its observables are offered there.

    Raises:
        BelowReportNeedsReason: the incident's marking is below the report's and no reason is given.
        AlreadyDecided, ReportChanged, ClassUnknown, NoSuchReport, NotAllowed.
    """
    work.require("report:decide")
    report = get_report(work, cmd.reference, lock=True)
    _check_open(work, report, cmd.version)
    below = check_marking(report, cmd.tlp, cmd.reason)
    incident = new_incident(work, cmd)
    kind, act = LinkKind.ACCEPTED, "report.accept"
    put_on_incident(work, report, incident, kind, cmd.reason, act=act, below=below)
    _decide(work, report, ReportState.ACCEPTED, cmd.reason)
    return incident


def add_report_to_incident(work: Work, cmd: AddReport) -> Incident:
    """
    Raises:
        IncidentClosed: it must be opened again first.
        BelowReportNeedsReason: the incident's marking is below the report's and no reason is given.
        AlreadyDecided, ReportChanged, NoSuchReport, NoSuchIncident, NotAllowed.
    """
    work.require("report:decide")
    report = get_report(work, cmd.reference, lock=True)
    _check_open(work, report, cmd.version)
    incident = open_for_more(work, cmd.incident)
    below = check_marking(report, incident.tlp, cmd.reason)
    kind, act = LinkKind.ADDED, "report.add"
    put_on_incident(work, report, incident, kind, cmd.reason, act=act, below=below)
    _decide(work, report, ReportState.ADDED, cmd.reason)
    return incident


def reject_report(work: Work, cmd: RejectReport) -> Report:
    """
    Raises:
        ReasonMissing, AlreadyDecided, ReportChanged, NoSuchReport, NotAllowed.
    """
    work.require("report:decide")
    report = get_report(work, cmd.reference, lock=True)
    _check_open(work, report, cmd.version)
    workflow.check_rejection(cmd.reason)
    _decide(work, report, ReportState.REJECTED, cmd.reason)
    work.audit("report.reject", report.reference, reason=for_trail(report.tlp, cmd.reason))
    return report


def mark_spam(work: Work, cmd: MarkSpam) -> Report:
    """
    Raises:
        IsMerged, AlreadyDecided, ReportChanged, NoSuchReport, NotAllowed.
    """
    work.require("report:decide")
    report = get_report(work, cmd.reference, lock=True)
    _check_open(work, report, cmd.version)
    _decide(work, report, ReportState.SPAM, cmd.reason)
    work.audit("report.spam", report.reference, reason=for_trail(report.tlp, cmd.reason))
    return report


def decide_elsewhere(work: Work, reference: str, version: int, reason: str) -> Report:
    """The report becomes another body's; for ``register.forwarding``, which says whose.

    Raises:
        IsMerged, AlreadyDecided, ReportChanged, NoSuchReport, NotAllowed.
    """
    work.require("report:decide")
    report = get_report(work, reference, lock=True)
    _check_open(work, report, version)
    _decide(work, report, ReportState.FORWARDED, reason)
    return report


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
    return _moved(work, report, after, "report.undo", decision=before, reason=reason)


def _check_open(work: Work, report: Report, version: int) -> None:
    check_report_whole(work, report)
    if report.state in workflow.DECIDED:
        name = name_of(work, report.decided_by_id)
        raise AlreadyDecided(name=name, reference=report.reference)
    if report.version != version:
        raise ReportChanged(reference=report.reference)


def _moved(work: Work, report: Report, to: ReportState, act: str, **facts: object) -> Report:
    workflow.check_report(report.state, to)
    report.state = to
    report.version += 1
    work.session.flush()
    work.audit(act, report.reference, **facts)
    return report


def _decide(work: Work, report: Report, to: ReportState, reason: str) -> None:
    workflow.check_report(report.state, to)
    report.state = to
    report.version += 1
    report.decided_by_id, report.decided_at = work.actor.id, work.now
    report.reason = reason
    work.session.flush()
