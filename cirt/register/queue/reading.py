"""One report as triage reads it, with what is known of its observables and what it is like."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from cirt.files.models import Attachment
from cirt.kernel.work import Work
from cirt.objects.observables.kinds import Observable
from cirt.parties.rights import names_behind
from cirt.register import workflow
from cirt.register.dialogue.waiting import NOTHING_WAITS, Waits, waits_of
from cirt.register.known import NOTHING, Known, known_of, without_report
from cirt.register.likeness.queries import alike, with_sentences
from cirt.register.likeness.rules import Likeness, SpamFacts, SpamGuess, guess_spam
from cirt.register.linking.queries import IncidentLink, ReportLink, incidents_of, related_to
from cirt.register.merging.models import ReportMerge
from cirt.register.merging.queries import (
    MergedHere,
    MergedInto,
    merged_here,
)
from cirt.register.models import Report
from cirt.register.queue.found import Found, Hits, hits_of
from cirt.register.queue.lines import QueuePage
from cirt.register.queue.opened import Opened, open_report


@dataclass(frozen=True, slots=True)
class ReportObservableRow:
    observable: Observable
    known: Known


@dataclass(frozen=True, slots=True)
class ReportView:
    """``hits`` sums up what is known of its observables."""

    report: Report
    claimed_by: str | None
    decided_by: str | None
    waits: Waits
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


def report_view(work: Work, reference: str) -> ReportView:
    """
    Raises:
        NoSuchReport.
    """
    opened = open_report(work, reference)
    known = _known_besides(work, opened)
    waits = waits_of(work, [opened.report.id]).get(opened.report.id, NOTHING_WAITS)
    return _view(work, opened, known, waits)


def view_beside(work: Work, opened: Opened, page: QueuePage) -> ReportView:
    """As it is read beside a page of the queue, which has asked for both."""
    if opened.merged_into is not None:  # what it holds is told of the one that it is merged into
        known = _known_besides(work, opened)
    else:
        name = opened.report.reference
        keys = dict.fromkeys(one.key for one in opened.found.rows)
        known = {key: without_report(page.known.get(key, NOTHING), name) for key in keys}
    return _view(work, opened, known, page.waits[opened.report.id])


def _known_besides(work: Work, opened: Opened) -> dict[int, Known]:
    return known_of(work, opened.found.rows, besides_report=opened.report.id)


def _view(work: Work, opened: Opened, known: Mapping[int, Known], waits: Waits) -> ReportView:
    report, ids, found = opened.report, opened.ids, opened.found
    likes = alike(work, report, found.seen(known))
    merged = merged_here(work, ReportMerge, ids)
    owners = [report.reference, *(one.reference for one in merged)]
    incidents = incidents_of(work, report.id)
    names = names_behind(work.session, {report.claimed_by_id, report.decided_by_id})
    rows = [ReportObservableRow(one, known.get(one.key, NOTHING)) for one in found.rows]
    files = sa.select(Attachment).where(Attachment.owner.in_(owners)).order_by(Attachment.id)
    return ReportView(
        report=report,
        claimed_by=names.get(report.claimed_by_id),
        decided_by=names.get(report.decided_by_id),
        waits=waits,
        incidents=incidents,
        related=related_to(work, report.id),
        duplicates=with_sentences(work, report.text, likes),
        spam=guess_spam(_spam_facts(report, found, likes)),
        merged_into=opened.merged_into,
        merged_here=merged,
        files=list(work.session.scalars(files)),
        observables=rows,
        observable_count=found.total,
        hits=hits_of([row.known for row in rows], [one.reference for one in incidents]),
        can_undo=workflow.can_undo(report.state, report.decided_at, work.now),
    )


def _spam_facts(report: Report, found: Found, likes: list[Likeness]) -> SpamFacts:
    is_named = bool(report.organisation or report.reporter or report.contact)
    return SpamFacts(len(report.text), found.links, is_named, likes)
