"""What a report's marking asks of the incident that it goes into."""

from cirt.kernel.tlp import Tlp
from cirt.register.errors import BelowReportNeedsReason, StrictReportNeedsReason
from cirt.register.models import Report


def check_marking(report: Report, tlp: Tlp, reason: str) -> dict[str, str]:
    """For the trail: what the report's marking was, where the incident's is below it.

    Raises:
        BelowReportNeedsReason.
    """
    if report.tlp <= tlp:
        return {}
    if not reason.strip():
        promised = report.tlp is Tlp.AMBER_STRICT
        refusal = StrictReportNeedsReason if promised else BelowReportNeedsReason
        raise refusal(report=report.tlp.label, incident=tlp.label)
    return {"tlp": tlp.value, "below": report.tlp.value}
