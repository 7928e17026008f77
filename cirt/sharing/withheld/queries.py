"""Reads the do-not-share list for pages."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.objects.observables.kinds import Observable
from cirt.objects.withholding import WithheldValue
from cirt.sharing.withheld.reading import read_values

PAGE = 50


@dataclass(frozen=True, slots=True)
class ListPage:
    """``older`` is where the next page begins; None where there is nothing more."""

    rows: list[WithheldValue]
    total: int
    older: int | None

    def observable(self, row: WithheldValue) -> Observable:
        return Observable(row.kind, row.value)


def withheld_page(session: Session, *, words: str = "", before: int | None = None) -> ListPage:
    """What is listed, the latest first. ``words``: values that are looked for."""
    listed: sa.ColumnElement[bool] = WithheldValue.ended_at.is_(None)
    if words:
        keys = [entry.observable.key for entry in read_values(words, below=False).entries]
        listed = sa.and_(listed, WithheldValue.key.in_(keys))
    query = sa.select(WithheldValue).where(listed)
    if before is not None:
        query = query.where(WithheldValue.id < before)
    rows = list(session.scalars(query.order_by(WithheldValue.id.desc()).limit(PAGE + 1)))
    total = session.scalar(sa.select(sa.func.count()).select_from(WithheldValue).where(listed)) or 0
    return ListPage(rows[:PAGE], total, rows[PAGE - 1].id if len(rows) > PAGE else None)
