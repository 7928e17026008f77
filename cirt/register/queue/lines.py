"""The lines of the queue: a page of reports with what is known of each. A dozen questions, however many lines."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.parties.rights import names_behind
from cirt.register.dialogue.waiting import NOTHING_WAITS, Waits, waits_of
from cirt.register.known import Known, known_of, without_report
from cirt.register.likeness.kept import KeptLike, kept_likes
from cirt.register.likeness.rules import Likeness, SpamFacts, SpamGuess, guess_spam
from cirt.register.likeness.spam import spam_like
from cirt.register.models import Lane, Report, ReportSource, ReportState, Severity
from cirt.register.pages import PAGE, Count, Page, Query, read_page, read_shifted
from cirt.register.queue.filters import QueueFilter, conditions_of, order_of
from cirt.register.queue.found import LINE, Found, Hits, hits_of, observables_of
from cirt.register.queue.opened import Opened
from cirt.register.urgency.targets import Targets
from cirt.register.workflow import WAITING


@dataclass(frozen=True, slots=True)
class QueueRow:
    """``target`` is how long it may wait."""

    reference: str
    title: str
    state: ReportState
    source: ReportSource
    lane: Lane | None
    sector: str | None
    first_guess: Severity | None
    tlp: Tlp
    organisation: str
    received_at: datetime
    decided_at: datetime | None
    waited: timedelta
    target: timedelta
    claimed_by: str | None
    decided_by: str | None
    waits: Waits
    version: int
    observables: int
    hits: Hits
    duplicate: KeptLike | None  # what it most likely repeats
    spam: SpamGuess | None

    @property
    def used(self) -> int:
        """Of the target, in hundredths."""
        return int(100 * self.waited / self.target)


@dataclass(frozen=True, slots=True)
class QueuePage(Page[QueueRow]):
    """With what was asked for its lines and for the report that is read beside them."""

    known: Mapping[int, Known]
    waits: Mapping[int, Waits]  # of each of these reports


@dataclass(frozen=True, slots=True)
class _Context:
    """What was asked for all rows of a page at once."""

    targets: Targets
    found: dict[int, Found]
    known: Mapping[int, Known]
    likes: dict[int, KeptLike]
    spam: dict[int, list[Likeness]]
    names: dict[int | None, str]
    waits: Mapping[int, Waits]


_COLUMNS: Query = sa.select(
    Report.id,
    Report.reference,
    Report.title,
    Report.state,
    Report.source,
    Report.lane,
    Report.sector,
    Report.first_guess,
    Report.tlp,
    Report.organisation,
    Report.reporter,
    Report.contact,
    sa.func.length(Report.text).label("characters"),
    Report.received_at,
    Report.decided_at,
    Report.version,
    Report.claimed_by_id,
    Report.decided_by_id,
    Report.like_root_id,
    Report.like_share,
)


def queue(
    work: Work,
    wanted: QueueFilter,
    *,
    targets: Targets = Targets(),  # noqa: B008 - never changes
    cursor: str | None = None,
    limit: int = PAGE,
    total: Count | None = None,
    also: Opened | None = None,
) -> QueuePage:
    """``total`` is how many the whole list has, where it was counted already; ``also`` is read beside it."""
    page = _page(work, wanted, targets, cursor, limit, total)
    ids = [row.id for row in page.rows]
    found = observables_of(work, ids, LINE)
    beside = [also] if also else []
    observables = [*(one.found for one in beside), *found.values()]
    context = _Context(
        targets,
        found,
        known_of(work, (each for one in observables for each in one.rows)),
        kept_likes(work, ids),
        spam_like(work, [row for row in page.rows if row.state in WAITING]),
        names_behind(
            work.session,
            {each for row in page.rows for each in (row.claimed_by_id, row.decided_by_id)},
        ),
        _waits(work, [*ids, *(one.report.id for one in beside)]),
    )
    rows = page.of(lambda row: _row(work, row, context))
    return QueuePage(rows.rows, rows.total, rows.before, rows.after, context.known, context.waits)


def _page(
    work: Work,
    wanted: QueueFilter,
    targets: Targets,
    cursor: str | None,
    limit: int,
    total: Count | None,
) -> Page[sa.Row[Any]]:
    query, order = _COLUMNS.where(*conditions_of(work, wanted, targets)), order_of(wanted)
    if not wanted.by_target:
        return read_page(work.session, query, order, cursor, limit, total)
    by_target = {length: query.where(targets.is_of(length)) for length in targets.lengths}
    return read_shifted(work.session, query, by_target, order, cursor, limit, total)


def _waits(work: Work, ids: list[int]) -> dict[int, Waits]:
    return dict.fromkeys(ids, NOTHING_WAITS) | waits_of(work, ids)


def _row(work: Work, row: sa.Row[Any], context: _Context) -> QueueRow:
    found = context.found.get(row.id, Found())
    known = [without_report(one, row.reference) for _, one in found.seen(context.known)]
    return QueueRow(
        reference=row.reference,
        title=row.title,
        state=row.state,
        source=row.source,
        lane=row.lane,
        sector=row.sector,
        first_guess=row.first_guess,
        tlp=row.tlp,
        organisation=row.organisation,
        received_at=row.received_at,
        decided_at=row.decided_at,
        waited=work.now - row.received_at,
        target=context.targets.of(row.source, row.lane, row.first_guess),
        claimed_by=context.names.get(row.claimed_by_id),
        decided_by=context.names.get(row.decided_by_id),
        waits=context.waits[row.id],
        version=row.version,
        observables=found.total,
        hits=hits_of(known),
        duplicate=context.likes.get(row.id),
        spam=_spam_guess(row, found, context),
    )


def _spam_guess(row: sa.Row[Any], found: Found, context: _Context) -> SpamGuess | None:
    if row.state not in WAITING:
        return None
    is_named = bool(row.organisation or row.reporter or row.contact)
    alike = context.spam.get(row.id, [])
    return guess_spam(SpamFacts(row.characters, found.links, is_named, alike))
