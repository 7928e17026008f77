"""One report that tells of several incidents: accepted or added once more."""

from collections.abc import Mapping

from cirt.kernel.work import Work
from cirt.register import workflow
from cirt.register.commands import AcceptReport, AddReport
from cirt.register.errors import ReportChanged
from cirt.register.incidents import new_incident
from cirt.register.linking.errors import AlreadyOnIncident, NotDecidedYet
from cirt.register.linking.models import LinkKind
from cirt.register.linking.service import open_for_more, put_on_incident
from cirt.register.linking.whereabouts import incidents_on
from cirt.register.marking import check_marking
from cirt.register.merging.guards import check_report_whole
from cirt.register.models import Incident, Report
from cirt.register.sight import get_report


def accept_as_another(work: Work, cmd: AcceptReport) -> Incident:
    """A further incident begins with a report that is on one already.

    Raises:
        NotDecidedYet, BelowReportNeedsReason, IsMerged, ReportChanged, ClassUnknown, NoSuchReport, NotAllowed.
    """
    report = _decided(work, cmd.reference, cmd.version)
    below = check_marking(report, cmd.tlp, cmd.reason)
    incident = new_incident(work, cmd)
    _put(work, report, incident, LinkKind.ACCEPTED, cmd.reason, below)
    return incident


def add_to_another(work: Work, cmd: AddReport) -> Incident:
    """
    Raises:
        NotDecidedYet, AlreadyOnIncident, IncidentClosed, BelowReportNeedsReason, IsMerged, ReportChanged,
        NoSuchReport, NoSuchIncident, NotAllowed.
    """
    report = _decided(work, cmd.reference, cmd.version)
    incident = open_for_more(work, cmd.incident)
    if incident.id in {one.id for one in incidents_on(work, report.id)}:
        raise AlreadyOnIncident(reference=report.reference, incident=incident.reference)
    below = check_marking(report, incident.tlp, cmd.reason)
    _put(work, report, incident, LinkKind.ADDED, cmd.reason, below)
    return incident


def _decided(work: Work, reference: str, version: int) -> Report:
    work.require("report:decide")
    report = get_report(work, reference, lock=True)
    check_report_whole(work, report)
    if report.state not in workflow.ON_INCIDENT:
        raise NotDecidedYet(reference=report.reference)
    if report.version != version:
        raise ReportChanged(reference=report.reference)
    return report


def _put(
    work: Work,
    report: Report,
    incident: Incident,
    kind: LinkKind,
    reason: str,
    below: Mapping[str, str],
) -> None:
    put_on_incident(work, report, incident, kind, reason, act="report.split", below=below)
    report.version += 1
    work.session.flush()
