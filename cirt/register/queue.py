"""Reports for pages: the triage queue and one report, with what is already known of its observables."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from cirt.files.models import Attachment
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.objects.observables.kinds import Kind, Observable
from cirt.parties.models import Account, Person
from cirt.register import workflow
from cirt.register.known import NOTHING, IncidentHit, Known, known_of, without_report
from cirt.register.likeness.queries import alike, with_sentences
from cirt.register.likeness.rules import Likeness, SpamFacts, SpamGuess, guess_spam
from cirt.register.linking.queries import IncidentLink, ReportLink, incidents_of, related_to
from cirt.register.merging.models import ReportMerge
from cirt.register.merging.queries import (
    MergedHere,
    MergedInto,
    family,
    merged_here,
    merged_into,
)
from cirt.register.models import (
    Report,
    ReportObservable,
    ReportSource,
    ReportState,
)
from cirt.register.pages import PAGE, Order, Page, Query, read_page
from cirt.register.sight import get_report, sees_report

_KEYS_PER_ROW = 40  # a queue line says what is known of the first; the report's page says the rest
_KEYS_PER_REPORT = 500


class QueueView(StrEnum):
    WAITING = "waiting"
    MINE = "mine"
    DECIDED = "decided"  # today, UTC


@dataclass(frozen=True, slots=True)
class QueueFilter:
    view: QueueView = QueueView.WAITING
    source: ReportSource | None = None
    words: str = ""
    tlp: Tlp | None = None
    since: datetime | None = None
    late_before: Mapping[ReportSource, datetime] | None = (
        None  # only those that wait longer than they should
    )


@dataclass(frozen=True, slots=True)
class Hits:
    """What is known of all observables of a report together."""

    incidents: tuple[IncidentHit, ...] = ()
    shared: int = 0  # observables that stand in own incidents
    reports: tuple[str, ...] = ()  # newest few other reports with one of them
    peers: tuple[str, ...] = ()  # names of peers with a live indicator on one of them
    own_indicators: int = 0

    @property
    def is_new(self) -> bool:
        return not (self.incidents or self.reports or self.peers or self.own_indicators)


@dataclass(frozen=True, slots=True)
class QueueRow:
    reference: str
    title: str
    state: ReportState
    source: ReportSource
    tlp: Tlp
    organisation: str
    received_at: datetime
    waited: timedelta
    claimed_by: str | None
    decided_by: str | None
    version: int
    observables: int
    hits: Hits
    duplicate: Likeness | None  # what it most likely repeats
    spam: SpamGuess | None


@dataclass(frozen=True, slots=True)
class QueueCounts:
    waiting: int
    mine: int
    decided_today: int
    oldest_wait: timedelta | None


@dataclass(frozen=True, slots=True)
class ReportObservableRow:
    observable: Observable
    known: Known


@dataclass(frozen=True, slots=True)
class ReportView:
    """One report as triage reads it. ``hits`` sums up what is known of its observables."""

    report: Report
    claimed_by: str | None
    decided_by: str | None
    incidents: list[IncidentLink]  # those that the asker may see
    related: list[ReportLink]
    duplicates: list[Likeness]
    spam: SpamGuess | None
    merged_into: MergedInto | None
    merged_here: list[MergedHere]
    files: list[Attachment]
    observables: list[ReportObservableRow]
    observable_count: int
    hits: Hits
    can_undo: bool


@dataclass(slots=True)
class _Found:
    """Observables of one report on a page."""

    total: int = 0
    keys: list[int] = field(default_factory=list)
    rows: list[Observable] = field(default_factory=list)

    def seen(self, known: dict[int, Known]) -> list[tuple[Observable, Known]]:
        return [(one, known.get(one.key, NOTHING)) for one in self.rows]

    @property
    def links(self) -> int:
        return sum(1 for one in self.rows if one.kind is Kind.URL)


_claimer, _decider = aliased(Account), aliased(Account)
_claiming, _deciding = aliased(Person), aliased(Person)


def queue(
    work: Work, wanted: QueueFilter, *, cursor: str | None = None, limit: int = PAGE
) -> Page[QueueRow]:
    """A page of the queue, the longest wait first; what was decided, the latest first. Ten queries."""
    is_decided = wanted.view is QueueView.DECIDED
    order = Order(
        Report.decided_at if is_decided else Report.received_at, Report.id, newest_first=is_decided
    )
    page = read_page(work.session, _filtered(work, wanted), order, cursor, limit)
    found = _observables(work, [row.id for row in page.rows], _KEYS_PER_ROW)
    known = known_of(work, (each for one in found.values() for each in one.rows))
    likes = alike(
        work,
        {row.id: row.reference for row in page.rows},
        {report_id: one.seen(known) for report_id, one in found.items()},
    )
    return page.of(lambda row: _row(work, row, found.get(row.id, _Found()), known, likes[row.id]))


def queue_counts(work: Work) -> QueueCounts:
    """How much waits, for tabs and the desk."""
    waiting = sa.select(
        sa.func.count(),
        sa.func.count().filter(Report.claimed_by_id == work.actor.id),
        sa.func.min(Report.received_at, type_=Report.received_at.type),
    ).where(Report.state.in_(workflow.WAITING), sees_report(work.actor))
    count, mine, oldest = work.session.execute(waiting).one()
    decided = sa.select(sa.func.count()).where(
        Report.decided_at >= _today(work), sees_report(work.actor)
    )
    wait = work.now - oldest if oldest is not None else None
    return QueueCounts(count, mine, work.session.scalar(decided) or 0, wait)


def report_view(work: Work, reference: str) -> ReportView:
    """
    Raises:
        NoSuchReport.
    """
    report = get_report(work, reference)
    ids = family(work, ReportMerge, report.id)
    found = _observables_of_all(work, ids)
    known = known_of(work, found.rows, besides_report=report.id)
    likes = alike(work, {report.id: reference}, {report.id: found.seen(known)})[report.id]
    merged = merged_here(work, ReportMerge, ids)
    owners = [reference, *(one.reference for one in merged)]
    names = _names(work, {report.claimed_by_id, report.decided_by_id})
    rows = [ReportObservableRow(one, known.get(one.key, NOTHING)) for one in found.rows]
    files = sa.select(Attachment).where(Attachment.owner.in_(owners)).order_by(Attachment.id)
    return ReportView(
        report=report,
        claimed_by=names.get(report.claimed_by_id),
        decided_by=names.get(report.decided_by_id),
        incidents=incidents_of(work, report.id),
        related=related_to(work, report.id),
        duplicates=with_sentences(work, report.text, likes),
        spam=guess_spam(_spam_facts(report, len(report.text), found.links, likes)),
        merged_into=merged_into(work, ReportMerge, report.id),
        merged_here=merged,
        files=list(work.session.scalars(files)),
        observables=rows,
        observable_count=found.total,
        hits=_hits([row.known for row in rows]),
        can_undo=workflow.can_undo(report.state, report.decided_at, work.now),
    )


def _filtered(work: Work, wanted: QueueFilter) -> Query:
    query: Query = (
        sa.select(
            Report.id,
            Report.reference,
            Report.title,
            Report.state,
            Report.source,
            Report.tlp,
            Report.organisation,
            Report.reporter,
            Report.contact,
            sa.func.length(Report.text).label("characters"),
            Report.received_at,
            Report.version,
            _claiming.name.label("claimed_by"),
            _deciding.name.label("decided_by"),
        )
        .outerjoin(_claimer, _claimer.id == Report.claimed_by_id)
        .outerjoin(_claiming, _claiming.id == _claimer.person_id)
        .outerjoin(_decider, _decider.id == Report.decided_by_id)
        .outerjoin(_deciding, _deciding.id == _decider.person_id)
        .where(sees_report(work.actor), *_in_view(work, wanted.view))
    )
    if wanted.source is not None:
        query = query.where(Report.source == wanted.source)
    if wanted.tlp is not None:
        query = query.where(Report.tlp == wanted.tlp)
    if wanted.since is not None:
        query = query.where(Report.received_at >= wanted.since)
    if wanted.late_before is not None:
        late = [
            sa.and_(Report.source == source, Report.received_at < before)
            for source, before in wanted.late_before.items()
        ]
        query = query.where(sa.or_(sa.false(), *late))
    if wanted.words.strip():
        words = wanted.words.strip()
        columns = (Report.title, Report.organisation, Report.reference)
        query = query.where(sa.or_(*(c.icontains(words, autoescape=True) for c in columns)))
    return query


def _in_view(work: Work, view: QueueView) -> list[sa.ColumnElement[bool]]:
    if view is QueueView.DECIDED:
        return [Report.decided_at >= _today(work)]
    waiting: list[sa.ColumnElement[bool]] = [Report.state.in_(workflow.WAITING)]
    return [*waiting, Report.claimed_by_id == work.actor.id] if view is QueueView.MINE else waiting


def _today(work: Work) -> datetime:
    return work.now.replace(hour=0, minute=0, second=0, microsecond=0)


def _row(
    work: Work,
    row: sa.Row[Any],
    found: _Found,
    known: dict[int, Known],
    likes: list[Likeness],
) -> QueueRow:
    seen = [without_report(known.get(key, NOTHING), row.reference) for key in found.keys]
    return QueueRow(
        reference=row.reference,
        title=row.title,
        state=row.state,
        source=row.source,
        tlp=row.tlp,
        organisation=row.organisation,
        received_at=row.received_at,
        waited=work.now - row.received_at,
        claimed_by=row.claimed_by,
        decided_by=row.decided_by,
        version=row.version,
        observables=found.total,
        hits=_hits(seen),
        duplicate=next((one for one in likes if one.is_likely), None),
        spam=guess_spam(_spam_facts(row, row.characters, found.links, likes)),
    )


def _spam_facts(row: Any, characters: int, links: int, likes: list[Likeness]) -> SpamFacts:
    """``row`` says who sent it: a report, or its line in the queue."""
    is_named = bool(row.organisation or row.reporter or row.contact)
    return SpamFacts(characters, links, is_named, likes)


def _hits(known: Collection[Known]) -> Hits:
    return Hits(
        incidents=tuple(dict.fromkeys(hit for one in known for hit in one.incidents)),
        shared=sum(1 for one in known if one.incident_count),
        reports=tuple(dict.fromkeys(hit.reference for one in known for hit in one.reports)),
        peers=tuple(dict.fromkeys(peer for one in known for peer in one.peers)),
        own_indicators=sum(1 for one in known for hit in one.indicators if hit.peer is None),
    )


def _observables(work: Work, report_ids: Collection[int], each: int) -> dict[int, _Found]:
    """The first observables of each report, and how many it has."""
    if not report_ids:
        return {}
    report_id = ReportObservable.report_id
    ranked = (
        sa.select(
            report_id,
            ReportObservable.kind,
            ReportObservable.value,
            ReportObservable.key,
            sa.func.count().over(partition_by=report_id).label("total"),
            sa.func.row_number()
            .over(partition_by=report_id, order_by=(ReportObservable.kind, ReportObservable.value))
            .label("place"),
        )
        .where(report_id.in_(report_ids))
        .subquery()
    )
    query = sa.select(ranked).where(ranked.c.place <= each).order_by(ranked.c.place)
    found: dict[int, _Found] = {}
    for row in work.session.execute(query):
        one = found.setdefault(row.report_id, _Found())
        one.total = row.total
        one.keys.append(row.key)
        one.rows.append(Observable(Kind(row.kind), row.value))
    return found


def _observables_of_all(work: Work, report_ids: list[int]) -> _Found:
    """Of a report and of what is merged into it, each value once; its own come first."""
    found = _observables(work, report_ids, _KEYS_PER_REPORT)
    if len(report_ids) == 1:
        return found.get(report_ids[0], _Found())
    rows = dict.fromkeys(
        one for report_id in report_ids if report_id in found for one in found[report_id].rows
    )
    kept = list(rows)[:_KEYS_PER_REPORT]
    different = sa.func.count(sa.distinct(ReportObservable.key))
    total = work.session.scalar(
        sa.select(different).where(ReportObservable.report_id.in_(report_ids))
    )
    return _Found(total or 0, [one.key for one in kept], kept)


def _names(work: Work, account_ids: set[int | None]) -> dict[int | None, str]:
    query = (
        sa.select(Account.id, Person.name)
        .join(Person, Person.id == Account.person_id)
        .where(Account.id.in_([one for one in account_ids if one is not None]))
    )
    return {row.id: row.name for row in work.session.execute(query)}
