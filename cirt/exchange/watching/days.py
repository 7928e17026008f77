"""What each line brought, day by day: noted as runs end, read for trends and habits."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.exchange.watching.habits import WINDOW
from cirt.exchange.watching.models import LineDay
from cirt.exchange.watching.rules import Untaken
from cirt.kernel.inserting import insert_new
from cirt.kernel.work import Work

TREND_DAYS = 30
_USUAL = timedelta(days=7)
_COUNTED = ("offered", "taken", "known", "held", "refused")


@dataclass(frozen=True, slots=True)
class Counts:
    """Of objects: what was offered, and what became of it."""

    offered: int = 0
    taken: int = 0
    known: int = 0
    held: int = 0
    refused: int = 0


def link_line(link_id: int) -> str:
    return f"link:{link_id}"


def source_line(name: str) -> str:
    return f"source:{name}"


def note_run(work: Work, line: str, counts: Counts, *, is_failed: bool) -> None:
    """Add a run that has ended to its day, in the transaction that ends it."""
    today = work.now.date()
    new = insert_new(work.session.connection(), LineDay, "line", "day")
    start = dict.fromkeys(("runs", "failed", *_COUNTED), 0)
    work.session.execute(new.values(line=line, day=today, **start))
    row = work.session.get_one(LineDay, (line, today), with_for_update=True, populate_existing=True)
    row.runs += 1
    row.failed += is_failed
    for name in _COUNTED:
        setattr(row, name, getattr(row, name) + getattr(counts, name))
    if not counts.taken:
        return
    before = work.session.scalar(
        sa.select(LineDay.last_data_at)
        .where(LineDay.line == line, LineDay.last_data_at.is_not(None))
        .order_by(LineDay.day.desc())
        .limit(1)
    )
    if before is not None:  # a clock that stepped back makes no gap
        gap_s = max(0, int((work.now - before).total_seconds()))
        row.longest_gap_s = max(row.longest_gap_s or 0, gap_s)
    row.last_data_at = work.now


def trends(session: Session, today: date) -> dict[str, list[LineDay]]:
    """The days of each line that ran within the last :data:`TREND_DAYS`, the oldest first."""
    query = (
        sa.select(LineDay)
        .where(LineDay.day > today - timedelta(days=TREND_DAYS))
        .order_by(LineDay.day)
    )
    found: dict[str, list[LineDay]] = defaultdict(list)
    for row in session.scalars(query):
        found[row.line].append(row)
    return found


def gaps(session: Session, today: date) -> dict[str, list[int]]:
    """By line, of each day with data the longest silence that ended on it, in seconds."""
    query = sa.select(LineDay.line, LineDay.longest_gap_s).where(
        LineDay.day > today - WINDOW, LineDay.longest_gap_s.is_not(None)
    )
    found: dict[str, list[int]] = defaultdict(list)
    for line, gap_s in session.execute(query):
        found[line].append(gap_s or 0)
    return found


def untaken_of(days: Sequence[LineDay], today: date) -> Untaken:
    """Of today or yesterday, whichever had more, against a usual day of the week before. Pure."""
    begin = today - timedelta(days=1)
    by_day = {row.day: row.held + row.refused for row in days}
    usual = [count for day, count in by_day.items() if begin > day >= begin - _USUAL]
    return Untaken(
        max((count for day, count in by_day.items() if day >= begin), default=0),
        round(sum(usual) / _USUAL.days),
    )


def totals(session: Session, lines: Collection[str] | None = None) -> dict[str, Counts]:
    """All that each line ever brought, since days are noted."""
    columns = [sa.func.sum(getattr(LineDay, name)) for name in _COUNTED]
    query = sa.select(LineDay.line, *columns).group_by(LineDay.line)
    if lines is not None:
        query = query.where(LineDay.line.in_(lines))
    return {row[0]: Counts(*map(int, row[1:])) for row in session.execute(query)}
