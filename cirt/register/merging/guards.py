"""What is merged is worked on through its leading record."""

from cirt.kernel.work import Work
from cirt.register.merging.errors import IsMerged
from cirt.register.merging.models import IncidentMerge, ReportMerge
from cirt.register.merging.queries import AnyMerge, merged_into
from cirt.register.models import CloseReason, Incident, Report, ReportState


def check_incident_whole(work: Work, incident: Incident) -> None:
    """
    Raises:
        IsMerged: its facts and its state are now those of the leading incident.
    """
    if incident.close_reason is CloseReason.MERGED:
        _refuse(work, IncidentMerge, incident)


def check_report_whole(work: Work, report: Report) -> None:
    """
    Raises:
        IsMerged: it is decided on with its leading report.
    """
    if report.state is ReportState.MERGED:
        _refuse(work, ReportMerge, report)


def _refuse(work: Work, merge: AnyMerge, record: Incident | Report) -> None:
    into = merged_into(work, merge, record.id)
    if into is not None:
        raise IsMerged(reference=record.reference, into=into.reference or "…")
