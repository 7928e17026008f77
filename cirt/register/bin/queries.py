"""The bin for its page and for the bar that offers to undo."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cirt.kernel.among import among
from cirt.kernel.work import Work
from cirt.register import texts
from cirt.register.bin.models import KEPT_FOR, BinAct, Binned, Kept
from cirt.register.bin.returning import sent_back
from cirt.register.bin.service import right_for, seen_acts
from cirt.register.models import Incident, Note, Report
from cirt.register.pages import PAGE, Order, Page, Query, read_page
from cirt.register.sight import sees_report
from cirt.register.tasks.models import Task
from cirt.register.timeline.models import AttackEvent


@dataclass(frozen=True, slots=True)
class BinRow:
    """``title`` is what stood there; ``is_nested`` that its incident is in the bin as well."""

    id: int
    kind: Binned
    title: str
    incident: str
    is_nested: bool
    deleted_at: datetime
    deleted_by: str
    reason: str
    ends_at: datetime
    kept: Kept | None
    reports: tuple[str, ...]  # that wait in triage again
    may_restore: bool


def bin_page(work: Work, *, cursor: str | None = None, limit: int = PAGE) -> Page[BinRow]:
    """What lies in it as far as the asker may see, the latest first."""
    query: Query = _rows(work)
    order = Order(BinAct.deleted_at, BinAct.id, newest_first=True)
    page = read_page(work.session, query, order, cursor, limit)
    seen = _seen_reports(work, page.rows)
    return page.of(lambda row: _row(work, row, seen))


def bin_row(work: Work, act_id: int) -> BinRow | None:
    """One act; None where it is not for the asker to see, or was undone."""
    row = work.session.execute(_rows(work).where(BinAct.id == act_id)).one_or_none()
    return _row(work, row, _seen_reports(work, [row])) if row else None


def _seen_reports(work: Work, rows: Collection[sa.Row[Any]]) -> set[str]:
    """References of the reports of these acts that are for the asker to see."""
    references = {reference for row in rows for reference in sent_back(row.BinAct.reports)}
    if not references:
        return set()
    query = sa.select(Report.reference).where(
        among(Report.reference, references), sees_report(work.actor)
    )
    return set(work.session.scalars(query))


def _rows(work: Work) -> Query:
    query: Any = seen_acts(work, sa.select(BinAct))
    rows: Query = query.add_columns(
        Incident.reference,
        Incident.bin_id,
        Incident.title,
        Note.text.label("note"),
        Task.title.label("task"),
        AttackEvent.text.label("attack"),
    )
    return rows


def _row(work: Work, row: sa.Row[Any], seen: Collection[str]) -> BinRow:
    act: BinAct = row.BinAct
    written = {
        Binned.INCIDENT: row.title,
        Binned.NOTE: row.note,
        Binned.TASK: row.task,
        Binned.ATTACK: row.attack,
    }[act.kind]
    return BinRow(
        id=act.id,
        kind=act.kind,
        title=texts.title_of(written or ""),
        incident=row.reference,
        is_nested=act.kind is not Binned.INCIDENT and row.bin_id is not None,
        deleted_at=act.deleted_at,
        deleted_by=act.deleted_by,
        reason=act.reason,
        ends_at=act.deleted_at + KEPT_FOR,
        kept=act.kept,
        reports=tuple(one for one in sent_back(act.reports) if one in seen),
        may_restore=work.actor.may(right_for(act.kind)),
    )
