"""Reads the warning list for its page."""

from dataclasses import dataclass

import sqlalchemy as sa

from cirt.kernel.work import Work
from cirt.objects.observables.kinds import Observable
from cirt.objects.warning import WarnedValue, entries_holding
from cirt.sharing.withheld.reading import read_values

PAGE = 50


@dataclass(frozen=True, slots=True)
class WarningPage:
    """``older`` is where the next page begins; None where there is nothing more."""

    rows: list[WarnedValue]
    total: int
    older: int | None

    def observable(self, row: WarnedValue) -> Observable:
        return Observable(row.kind, row.value)


def warning_page(work: Work, *, words: str = "", before: int | None = None) -> WarningPage:
    """What is listed, the latest first. ``words``: values that are looked for, with the networks and domains that hold them."""
    listed: sa.ColumnElement[bool] = WarnedValue.ended_at.is_(None)
    if words:
        asked = [entry.observable for entry in read_values(words, below=False).entries]
        listed = sa.and_(listed, WarnedValue.key.in_(entries_holding(work.connection, asked)))
    query = sa.select(WarnedValue).where(listed)
    if before is not None:
        query = query.where(WarnedValue.id < before)
    rows = list(work.session.scalars(query.order_by(WarnedValue.id.desc()).limit(PAGE + 1)))
    count = sa.select(sa.func.count()).select_from(WarnedValue).where(listed)
    return WarningPage(
        rows[:PAGE],
        work.session.scalar(count) or 0,
        rows[PAGE - 1].id if len(rows) > PAGE else None,
    )
