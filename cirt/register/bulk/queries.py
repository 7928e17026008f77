"""A bulk act for its page."""

from dataclasses import dataclass

import sqlalchemy as sa

from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.register.bulk.errors import NoSuchBulk
from cirt.register.bulk.models import BulkAct
from cirt.register.bulk.rules import Ticked, hindrance
from cirt.register.models import Report, ReportState
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
    """Two queries, however many are ticked.

    Raises:
        NoSuchBulk.
    """
    act = get_act(work, act_id)
    is_fresh = act.done_at is not None and work.now - act.done_at <= UNDO_WITHIN
    return BulkView(act, planned(work, act), is_fresh and act.undone_at is None)


def planned(work: Work, act: BulkAct) -> list[PlannedReport]:
    """Those of the ticked that the asker may see, by reference."""
    versions: dict[str, int] = dict(act.ticked)
    done = {reference for reference, _ in act.done}
    query = sa.select(
        Report.reference,
        Report.title,
        Report.state,
        Report.tlp,
        Report.version,
        Report.claimed_by_id,
    ).where(Report.reference.in_(versions), sees_report(work.actor))
    return [
        PlannedReport(
            reference=row.reference,
            title=row.title,
            state=row.state,
            tlp=row.tlp,
            version=row.version,
            hindrance=hindrance(
                act.do,
                Ticked(
                    row.state,
                    row.tlp,
                    row.version,
                    versions[row.reference],
                    row.claimed_by_id == work.actor.id,
                ),
            ),
            is_done=row.reference in done,
        )
        for row in work.session.execute(query.order_by(Report.id))
    ]
