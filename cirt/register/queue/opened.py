"""One report taken up to be read, with the observables of all that is merged into it."""

from dataclasses import dataclass

from cirt.kernel.work import Work
from cirt.register.merging.models import ReportMerge
from cirt.register.merging.queries import MergedInto, family, merged_into
from cirt.register.models import Report
from cirt.register.queue.found import Found, observables_of_all
from cirt.register.sight import get_report


@dataclass(frozen=True, slots=True)
class Opened:
    """``ids`` are of the report and of what is merged into it."""

    report: Report
    ids: list[int]
    found: Found
    merged_into: MergedInto | None


def open_report(work: Work, reference: str) -> Opened:
    """
    Raises:
        NoSuchReport.
    """
    report = get_report(work, reference)
    ids = family(work, ReportMerge, report.id)
    found = observables_of_all(work, ids)
    return Opened(report, ids, found, merged_into(work, ReportMerge, report.id))
