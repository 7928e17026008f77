"""Many reports at once: noted, looked over, done in one transaction, undone in one.

Each is done by the same service as alone, so the same rules hold and the trail has a line for each.
"""

from collections.abc import Callable

import sqlalchemy as sa

from cirt.kernel.errors import Conflict
from cirt.kernel.work import Work
from cirt.register.bulk.commands import ConfirmBulk, TickReports, UndoBulk
from cirt.register.bulk.errors import (
    BulkDone,
    BulkNotUndone,
    LeadingNotTicked,
    NothingCanBeDone,
    NothingTicked,
    TooManyTicked,
)
from cirt.register.bulk.models import BulkAct, BulkDo
from cirt.register.bulk.queries import PlannedReport, earlier_ones, get_act, planned
from cirt.register.commands import (
    AddReport,
    ClaimReport,
    MarkSpam,
    RejectReport,
    ReleaseClaim,
    UndoDecision,
)
from cirt.register.merging.commands import Merge, Unmerge
from cirt.register.merging.models import ReportMerge
from cirt.register.merging.queries import present_merge
from cirt.register.merging.service import merge_report, unmerge_report
from cirt.register.models import Report
from cirt.register.sight import get_incident, get_report, sees_report
from cirt.register.triage.claims import claim_report, release_claim
from cirt.register.triage.decisions import add_report_to_incident, mark_spam, reject_report
from cirt.register.triage.undoing import undo_decision
from cirt.register.workflow import UNDO_WITHIN, check_rejection

MOST = 100


def tick_reports(work: Work, cmd: TickReports) -> BulkAct:
    """Note what is about to be done to which reports, in the versions they have now; nothing changes yet.

    Raises:
        NothingTicked, TooManyTicked, NotAllowed.
    """
    work.require("report:decide")
    if len(cmd.references) > MOST:
        raise TooManyTicked(count=len(cmd.references), limit=MOST)
    query = sa.select(Report.reference, Report.version).where(
        Report.reference.in_(cmd.references), sees_report(work.actor)
    )
    ticked = [list(row) for row in work.session.execute(query.order_by(Report.id))]
    if not ticked:
        raise NothingTicked
    act = BulkAct(account_id=work.actor.id, do=cmd.do, ticked=ticked, done=[], made_at=work.now)
    work.session.add(act)
    work.session.flush()
    return act


def confirm_bulk(work: Work, cmd: ConfirmBulk) -> BulkAct:
    """Do it to all that it can be done to; those that somebody decides on first are left as they are.

    Raises:
        BulkDone, NothingCanBeDone, LeadingNotTicked, RejectionNeedsReason, MergeNeedsReason, IncidentClosed,
        BelowReportNeedsReason, NoSuchIncident, NoSuchBulk, NotAllowed.
    """
    work.require("report:decide")
    act = get_act(work, cmd.act_id, lock=True)
    if act.done_at is not None:
        raise BulkDone
    possible = [one for one in planned(work, act) if one.hindrance is None]
    _check(work, act.do, cmd, possible)
    if act.do is BulkDo.MERGE:
        _check_leading(cmd, [*possible, *earlier_ones(work, act)])
        possible = [one for one in possible if one.reference != cmd.target]
    done = [left for one in possible if (left := _try(work, act.do, cmd, one)) is not None]
    if not done:
        raise NothingCanBeDone
    act.done, act.done_at, act.target = done, work.now, cmd.target
    work.session.flush()
    return act


def undo_bulk(work: Work, cmd: UndoBulk) -> BulkAct:
    """Take back what was done, of each report that nobody has touched since.

    Raises:
        BulkNotUndone: it is undone, or older than a day.
        NoSuchBulk, NotAllowed.
    """
    work.require("report:decide")
    act = get_act(work, cmd.act_id, lock=True)
    is_fresh = act.done_at is not None and work.now - act.done_at <= UNDO_WITHIN
    if act.undone_at is not None or not is_fresh:
        raise BulkNotUndone
    left = [entry for entry in act.done if not _undone(work, act, *entry)]
    act.undone_at = work.now
    act.done = left
    work.session.flush()
    return act


def _check(work: Work, do: BulkDo, cmd: ConfirmBulk, possible: list[PlannedReport]) -> None:
    if not possible:
        raise NothingCanBeDone
    if do is BulkDo.REJECT:
        check_rejection(cmd.reason)
    if do is BulkDo.ADD:
        get_incident(work, cmd.target)


def _check_leading(cmd: ConfirmBulk, offered: list[PlannedReport]) -> None:
    if cmd.target not in {one.reference for one in offered}:
        raise LeadingNotTicked


def _try(work: Work, do: BulkDo, cmd: ConfirmBulk, one: PlannedReport) -> list[object] | None:
    """Its reference with the version it has after; None where somebody was first."""
    before = len(work.lines)
    try:
        with work.session.begin_nested():
            report = _DO[do](work, one, cmd)
    except Conflict as error:
        if error.code not in _SOMEBODY_WAS_FIRST:
            raise
        del work.lines[before:]
        return None
    return [one.reference, report.version]


_SOMEBODY_WAS_FIRST = {"already-decided", "already-claimed", "report-changed", "is-merged"}


def _add(work: Work, one: PlannedReport, cmd: ConfirmBulk) -> Report:
    add_report_to_incident(work, AddReport(one.reference, one.version, cmd.target, cmd.reason))
    return get_report(work, one.reference)


def _merge(work: Work, one: PlannedReport, cmd: ConfirmBulk) -> Report:
    merge_report(work, Merge(one.reference, one.version, cmd.target, cmd.reason))
    return get_report(work, one.reference)


_DO: dict[BulkDo, Callable[[Work, PlannedReport, ConfirmBulk], Report]] = {
    BulkDo.CLAIM: lambda work, one, _: claim_report(work, ClaimReport(one.reference, one.version)),
    BulkDo.ADD: _add,
    BulkDo.MERGE: _merge,
    BulkDo.REJECT: lambda work, one, cmd: reject_report(
        work, RejectReport(one.reference, one.version, cmd.reason)
    ),
    BulkDo.SPAM: lambda work, one, cmd: mark_spam(
        work, MarkSpam(one.reference, one.version, cmd.reason)
    ),
}


def _undone(work: Work, act: BulkAct, reference: str, version: int) -> bool:
    try:
        with work.session.begin_nested():
            if act.do is BulkDo.MERGE:
                return _unmerge(work, act, reference)
            if act.do is BulkDo.CLAIM:
                release_claim(work, ReleaseClaim(reference, version))
            else:
                undo_decision(work, UndoDecision(reference, version))
    except Conflict:
        return False
    return True


def _unmerge(work: Work, act: BulkAct, reference: str) -> bool:
    """Only the merge of this act: somebody may have taken the report out and merged it into another since."""
    merge = present_merge(work, ReportMerge, get_report(work, reference).id)
    if merge is None or merge.merged_at != act.done_at:
        return False
    unmerge_report(work, Unmerge(reference, merge.id))
    return True
