"""The decision on a report. Of two people who decide at once, the second is told."""

from cirt.kernel.work import Work
from cirt.register import workflow
from cirt.register.commands import AcceptReport, AddReport, MarkSpam, RejectReport
from cirt.register.incidents import new_incident
from cirt.register.linking.models import LinkKind
from cirt.register.linking.service import open_for_more, put_on_incident
from cirt.register.marking import check_marking
from cirt.register.models import Incident, Report, ReportState
from cirt.register.sight import for_trail, get_report
from cirt.register.triage.moves import check_open, decide


def accept_report(work: Work, cmd: AcceptReport) -> Incident:
    """The report becomes a new incident; its observables are offered there.

    Raises:
        BelowReportNeedsReason: the incident's marking is below the report's and no reason is given.
        AlreadyDecided, ReportChanged, ClassUnknown, NoSuchReport, NotAllowed.
    """
    work.require("report:decide")
    report = get_report(work, cmd.reference, lock=True)
    check_open(work, report, cmd.version)
    below = check_marking(report, cmd.tlp, cmd.reason)
    incident = new_incident(work, cmd)
    kind, act = LinkKind.ACCEPTED, "report.accept"
    put_on_incident(work, report, incident, kind, cmd.reason, act=act, below=below)
    decide(work, report, ReportState.ACCEPTED, cmd.reason)
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
    check_open(work, report, cmd.version)
    incident = open_for_more(work, cmd.incident)
    below = check_marking(report, incident.tlp, cmd.reason)
    kind, act = LinkKind.ADDED, "report.add"
    put_on_incident(work, report, incident, kind, cmd.reason, act=act, below=below)
    decide(work, report, ReportState.ADDED, cmd.reason)
    return incident


def reject_report(work: Work, cmd: RejectReport) -> Report:
    """
    Raises:
        ReasonMissing, AlreadyDecided, ReportChanged, NoSuchReport, NotAllowed.
    """
    work.require("report:decide")
    report = get_report(work, cmd.reference, lock=True)
    check_open(work, report, cmd.version)
    workflow.check_rejection(cmd.reason)
    decide(work, report, ReportState.REJECTED, cmd.reason)
    work.audit("report.reject", report.reference, reason=for_trail(report.tlp, cmd.reason))
    return report


def mark_spam(work: Work, cmd: MarkSpam) -> Report:
    """
    Raises:
        IsMerged, AlreadyDecided, ReportChanged, NoSuchReport, NotAllowed.
    """
    work.require("report:decide")
    report = get_report(work, cmd.reference, lock=True)
    check_open(work, report, cmd.version)
    decide(work, report, ReportState.SPAM, cmd.reason)
    work.audit("report.spam", report.reference, reason=for_trail(report.tlp, cmd.reason))
    return report


def decide_elsewhere(work: Work, reference: str, version: int, reason: str) -> Report:
    """The report becomes another body's; for ``register.forwarding``, which says whose.

    Raises:
        IsMerged, AlreadyDecided, ReportChanged, NoSuchReport, NotAllowed.
    """
    work.require("report:decide")
    report = get_report(work, reference, lock=True)
    check_open(work, report, version)
    decide(work, report, ReportState.FORWARDED, reason)
    return report
