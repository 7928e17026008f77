"""Who looks at a report. Of two people who claim it at once, the second is told."""

from cirt.kernel.work import Work
from cirt.register.commands import ClaimReport, ReleaseClaim
from cirt.register.errors import AlreadyClaimed
from cirt.register.incidents import name_of
from cirt.register.models import Report, ReportState
from cirt.register.sight import get_report
from cirt.register.triage.moves import check_open, moved


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
    check_open(work, report, cmd.version)
    report.claimed_by_id, report.claimed_at = work.actor.id, work.now
    return moved(work, report, ReportState.CLAIMED, "report.claim")


def release_claim(work: Work, cmd: ReleaseClaim) -> Report:
    """Put a claimed report back; anyone in triage may, for people go home."""
    work.require("report:decide")
    report = get_report(work, cmd.reference, lock=True)
    check_open(work, report, cmd.version)
    report.claimed_by_id = report.claimed_at = None
    return moved(work, report, ReportState.RECEIVED, "report.unclaim")
