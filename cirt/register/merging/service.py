"""Merging and parting. No row is moved, no text glued: a merge is one row, and its end one date on it.

What changes on the merged record is its state alone, and the merge keeps what it was. What is done in the
meantime stays with what it was done on.
"""

from typing import Any

import sqlalchemy as sa

from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.register.merging.commands import Merge, Unmerge
from cirt.register.merging.errors import (
    LeadingMerged,
    MergeNeedsReason,
    MergeWithItself,
    NotMerged,
    RedApart,
)
from cirt.register.merging.kinds import INCIDENTS, REPORTS, Sort
from cirt.register.merging.queries import AnyMerge, below_of, merged_into, present_merge
from cirt.register.models import EntryKind, Incident, Report
from cirt.register.sight import for_trail
from cirt.register.texts import storable
from cirt.register.turns import take_turn


def merge_incident(work: Work, cmd: Merge) -> Incident:
    """Show one incident through another; the leading one.

    Raises:
        MergeWithItself, MergeNeedsReason, IsMerged, LeadingMerged, LeadingClosed, RedApart,
        MergeInCircle, MergeRefused: one is a part of the other.
        IncidentChanged: somebody changed the one that is to be merged.
        NoSuchIncident, NotAllowed.
    """
    leading: Incident = _merge(work, INCIDENTS, cmd)
    return leading


def unmerge_incident(work: Work, cmd: Unmerge) -> Incident:
    """Give an incident back what it was before it was merged; the incident.

    Raises:
        NotMerged, NoSuchIncident, NotAllowed.
    """
    merged: Incident = _unmerge(work, INCIDENTS, cmd)
    return merged


def merge_report(work: Work, cmd: Merge) -> Report:
    """Let a report share the fate of another, whatever has become of either; the leading one.

    Where the leading one stands on incidents, the merged one's observables are offered there.

    Raises:
        MergeWithItself, MergeNeedsReason, IsMerged, LeadingMerged, RedApart,
        ReportChanged: somebody changed the one that is to be merged.
        NoSuchReport, NotAllowed.
    """
    leading: Report = _merge(work, REPORTS, cmd)
    return leading


def unmerge_report(work: Work, cmd: Unmerge) -> Report:
    """Give a report back the state it had; what the merge offered and nobody decided on goes again.

    Raises:
        NotMerged, NoSuchReport, NotAllowed.
    """
    merged: Report = _unmerge(work, REPORTS, cmd)
    return merged


def _merge(work: Work, sort: Sort, cmd: Merge) -> Any:
    work.require(sort.right)
    if cmd.reference == cmd.leading:
        raise MergeWithItself(reference=cmd.reference)
    if not cmd.reason.strip():
        raise MergeNeedsReason
    take_turn(work)
    pair = [sort.get(work, one, lock=True) for one in sorted((cmd.reference, cmd.leading))]
    merged, leading = pair if pair[0].reference == cmd.reference else reversed(pair)
    sort.check_whole(work, merged)
    _check_leading(work, sort.merge, leading)
    if (merged.tlp is Tlp.RED) != (leading.tlp is Tlp.RED):
        raise RedApart
    sort.check_pair(work, merged, leading)
    if merged.version != cmd.version:
        raise sort.changed(work, merged)
    _begin(work, sort.merge, merged, leading, cmd.reason, **sort.change(work, merged, leading))
    sort.tell(work, merged, leading, EntryKind.MERGED_INTO, EntryKind.MERGED, cmd.reason)
    why = for_trail(merged.tlp, cmd.reason)
    work.audit(f"{sort.word}.merge", merged.reference, into=leading.reference, reason=why)
    return leading


def _unmerge(work: Work, sort: Sort, cmd: Unmerge) -> Any:
    work.require(sort.right)
    take_turn(work)
    merged = sort.get(work, cmd.reference, lock=True)
    row = present_merge(work, sort.merge, merged.id)
    if row is None or row.id != cmd.merge_id:
        raise NotMerged(reference=merged.reference)
    leading = work.session.get_one(type(merged), row.leading_id)
    sort.check_sight(work, leading.reference)  # both must be theirs to see
    _end(work, sort.merge, row)
    sort.give_back(work, merged, row)
    work.session.flush()
    sort.tell(work, merged, leading, EntryKind.PARTED_FROM, EntryKind.PARTED, "")
    work.audit(f"{sort.word}.unmerge", merged.reference, out_of=leading.reference)
    return merged


def _check_leading(work: Work, merge: AnyMerge, leading: Incident | Report) -> None:
    into = merged_into(work, merge, leading.id)
    if into is not None:
        raise LeadingMerged(reference=leading.reference, into=into.reference or "…")


def _begin(
    work: Work,
    merge: AnyMerge,
    merged: Incident | Report,
    leading: Incident | Report,
    reason: str,
    **given: Any,
) -> None:
    row = merge(
        merged_id=merged.id,
        leading_id=leading.id,
        root_id=leading.id,
        reason=storable(reason),
        merged_at=work.now,
        merged_by_id=work.actor.id,
        **given,
    )
    work.session.add(row)
    work.session.flush()
    _set_root(work, merge, merged.id, leading.id)


def _end(work: Work, merge: AnyMerge, row: Any) -> None:
    row.ended_at, row.ended_by_id = work.now, work.actor.id
    work.session.flush()
    _set_root(work, merge, row.merged_id, row.merged_id)


def _set_root(work: Work, merge: AnyMerge, above: int, root: int) -> None:
    """All that is merged into ``above`` lives in ``root`` from now on."""
    below = below_of(merge, above)
    work.session.execute(
        sa.update(merge)
        .where(merge.merged_id.in_(sa.select(below.c.id)), merge.ended_at.is_(None))
        .values(root_id=root),
        execution_options={"synchronize_session": False},
    )
