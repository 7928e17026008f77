"""The account of one run of a connector: opened before anything is read, closed with the reason, however it ends."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

import sqlalchemy as sa

from cirt.exchange.arriving.taking import Arrival
from cirt.exchange.models import Outcome
from cirt.exchange.trouble import Interrupted
from cirt.exchange.watching.days import Counts, note_run, source_line
from cirt.exchange.watching.reasons import Why, add_reasons
from cirt.kernel.program import Program
from cirt.kernel.work import Actor, Work
from cirt.sources.models import Source, SourceRunRow

EVERY_S = 300  # how often the worker runs connectors
_KEPT = timedelta(days=90)
_MOST_KINDS = 200


@dataclass(slots=True)
class Running:
    """A run under way. ``files`` counts what was handed over, or could not be read."""

    program: Program
    actor: Actor
    id: int
    files: int = 0

    @classmethod
    def begin(cls, program: Program, actor: Actor, name: str) -> Self:
        """One of the same connector that was left open by a kill is closed; those of long ago are forgotten."""
        rows = SourceRunRow
        with program.work(actor) as work:
            left = sa.update(rows).where(rows.source == name, rows.ended_at.is_(None))
            work.session.execute(left.values(ended_at=work.now, error=str(Interrupted())))
            old = sa.delete(rows).where(rows.source == name, rows.ended_at < work.now - _KEPT)
            work.session.execute(old)
            row = SourceRunRow(source=name, started_at=work.now)
            work.session.add(row)
            work.session.flush()
            return cls(program, actor, row.id)

    def end(self, error: str) -> None:
        """``error`` is in words; empty where it went well."""
        with self.program.work(self.actor) as work:
            row = work.session.get_one(SourceRunRow, self.id)
            row.ended_at, row.files, row.error = work.now, self.files, error or None
            source = work.session.get(Source, row.source)
            if source is None:
                source = Source(name=row.source)
                work.session.add(source)
            source.last_run_at, source.error = row.started_at, error or None
            if not error:
                source.last_success_at = work.now
            counts = Counts(row.offered, row.taken, row.known, row.held, row.refused)
            note_run(work, source_line(row.source), counts, is_failed=bool(error))


def add_arrivals(work: Work, run_id: int, arrivals: Sequence[Arrival]) -> None:
    """In the transaction that stores them."""
    row = work.session.get_one(SourceRunRow, run_id)
    found = Counter(arrival.outcome for arrival in arrivals)
    row.offered += len(arrivals)
    row.taken += found[Outcome.TAKEN]
    row.known += found[Outcome.KNOWN]
    row.held += found[Outcome.HELD]
    row.refused += found[Outcome.REFUSED]
    whys = [
        Why(one.reason.code, one.reason.message, one.reason.values)
        for one in arrivals
        if one.reason
    ]
    if whys:
        row.reasons = add_reasons(row.reasons or (), whys)


def add_reports(work: Work, run_id: int, taken: int, known: int) -> None:
    row = work.session.get_one(SourceRunRow, run_id)
    row.offered += taken + known
    row.taken += taken
    row.known += known


def add_left_out(work: Work, run_id: int, left_out: Mapping[str, int]) -> None:
    """What of it had no place here; the kinds that are most frequent are told apart."""
    row = work.session.get_one(SourceRunRow, run_id)
    if left_out:
        found = Counter(row.left_out or {}) + Counter(left_out)
        row.left_out = dict(found.most_common(_MOST_KINDS))


def add_mail(work: Work, run_id: int, taken: int) -> None:
    """A mail that opens nothing had come before, or is set aside with its bytes."""
    row = work.session.get_one(SourceRunRow, run_id)
    row.offered += 1
    row.taken += taken
    row.known += 1 - taken
