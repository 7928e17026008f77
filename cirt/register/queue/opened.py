"""One report taken up to be read, with the observables of all that is merged into it."""

from dataclasses import dataclass

from cirt.kernel.work import Work
from cirt.register.merging.models import ReportMerge
from cirt.register.merging.queries import family
from cirt.register.models import Report
from cirt.register.queue.found import Found, observables_of_all
from cirt.register.sight import get_report


@dataclass(frozen=True, slots=True)
class Opened:
    """``ids`` are of the report and of what is merged into it."""

    report: Report
    ids: list[int]
    found: Found


def open_report(work: Work, reference: str) -> Opened:
    """
    Raises:
        NoSuchReport.
    """
    report = get_report(work, reference)
    ids = family(work, ReportMerge, report.id)
    return Opened(report, ids, observables_of_all(work, ids))
