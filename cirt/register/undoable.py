"""A decision just taken, for the bar that offers to take it back."""

from dataclasses import dataclass

from cirt.kernel.work import Work
from cirt.register.errors import NoSuchReport
from cirt.register.models import ReportState
from cirt.register.sight import get_report
from cirt.register.workflow import can_undo


@dataclass(frozen=True, slots=True)
class Decided:
    reference: str
    title: str
    state: ReportState
    version: int


def decided(work: Work, reference: str) -> Decided | None:
    """The report if its decision can still be undone by the actor, else None: so what is hidden tells nothing."""
    try:
        report = get_report(work, reference)
    except NoSuchReport:
        return None
    may_undo = work.actor.may("report:decide") and can_undo(
        report.state, report.decided_at, work.now
    )
    return (
        Decided(report.reference, report.title, report.state, report.version) if may_undo else None
    )
