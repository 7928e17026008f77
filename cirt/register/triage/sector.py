"""Saying which sector a report is about, where its sender did not."""

from cirt.kernel.work import Work
from cirt.register.commands import NameSector
from cirt.register.errors import ReportChanged
from cirt.register.merging.guards import check_report_whole
from cirt.register.models import Report
from cirt.register.sight import get_report


def name_sector(work: Work, cmd: NameSector) -> Report:
    """Also of a report that is decided: the year's figures ask for it.

    Raises:
        IsMerged, ReportChanged, NoSuchReport, NotAllowed.
    """
    work.require("report:decide")
    report = get_report(work, cmd.reference, lock=True)
    check_report_whole(work, report)
    if report.version != cmd.version:
        raise ReportChanged(reference=report.reference)
    if report.sector != cmd.sector:
        report.sector = cmd.sector
        report.version += 1
        work.session.flush()
        work.audit("report.sector", report.reference)
    return report
