"""A bulk act for its page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.register.bulk.errors import NoSuchBulk
from cirt.register.bulk.models import BulkAct, BulkDo
from cirt.register.bulk.rules import Ticked, hindrance
from cirt.register.likeness.kept import kept_likes
from cirt.register.models import Report, ReportState
from cirt.register.pages import Query
from cirt.register.sight import sees_report
from cirt.register.workflow import UNDO_WITHIN


@dataclass(frozen=True, slots=True)
class PlannedReport:
    reference: str
    title: str
    state: ReportState
    tlp: Tlp
    version: int
    hindrance: str | None  # why it is left out, a marked sentence
    is_done: bool


@dataclass(frozen=True, slots=True)
class BulkView:
    act: BulkAct
    reports: list[PlannedReport]
    can_undo: bool
    earlier: list[PlannedReport]  # not ticked, but like one that is: may lead a merge too

    @property
    def possible(self) -> list[PlannedReport]:
        return [one for one in self.reports if one.hindrance is None]

    @property
    def left_out(self) -> list[PlannedReport]:
        return [one for one in self.reports if one.hindrance is not None]

    @property
    def done(self) -> list[PlannedReport]:
        return [one for one in self.reports if one.is_done]


def get_act(work: Work, act_id: int, *, lock: bool = False) -> BulkAct:
    """
    Raises:
        NoSuchBulk.
    """
    query = sa.select(BulkAct).where(BulkAct.id == act_id, BulkAct.account_id == work.actor.id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    act = work.session.scalars(query).one_or_none()
    if act is None:
        raise NoSuchBulk
    return act


def bulk_view(work: Work, act_id: int) -> BulkView:
    """Two queries, however many are ticked; four before a merge.

    Raises:
        NoSuchBulk.
    """
    act = get_act(work, act_id)
    is_fresh = act.done_at is not None and work.now - act.done_at <= UNDO_WITHIN
    can_undo = is_fresh and act.undone_at is None
    return BulkView(act, planned(work, act), can_undo, earlier_ones(work, act))


def earlier_ones(work: Work, act: BulkAct) -> list[PlannedReport]:
    """Before a merge: the earlier reports that the ticked ones are much like, as far as they can lead."""
    if act.do is not BulkDo.MERGE or act.done_at is not None:
        return []
    ticked = {reference for reference, _ in act.ticked}
    ids = work.session.scalars(sa.select(Report.id).where(Report.reference.in_(ticked)))
    alike = {one.reference for one in kept_likes(work, ids.all()).values()} - ticked
    found = _reports(work, alike)
    return [_planned(row, None, is_done=False) for row in found if row.tlp is not Tlp.RED]


def planned(work: Work, act: BulkAct) -> list[PlannedReport]:
    """Those of the ticked that the asker may see, by reference."""
    versions: dict[str, int] = dict(act.ticked)
    done = {reference for reference, _ in act.done}
    return [
        _planned(
            row,
            hindrance(act.do, _ticked(work, row, versions[row.reference])),
            is_done=row.reference in done,
        )
        for row in _reports(work, versions)
    ]


def _reports(work: Work, references: Iterable[str]) -> Sequence[sa.Row[Any]]:
    query: Query = sa.select(
        Report.reference,
        Report.title,
        Report.state,
        Report.tlp,
        Report.version,
        Report.claimed_by_id,
    ).where(Report.reference.in_(list(references)), sees_report(work.actor))
    return work.session.execute(query.order_by(Report.id)).all()


def _ticked(work: Work, row: sa.Row[Any], version: int) -> Ticked:
    is_mine = row.claimed_by_id == work.actor.id
    return Ticked(row.state, row.tlp, row.version, version, is_mine)


def _planned(row: sa.Row[Any], why: str | None, *, is_done: bool) -> PlannedReport:
    return PlannedReport(
        reference=row.reference,
        title=row.title,
        state=row.state,
        tlp=row.tlp,
        version=row.version,
        hindrance=why,
        is_done=is_done,
    )
