"""One incident for its pages: facts and figures, observables, indicators."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from cirt.files.models import Attachment
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.objects.models import ObjectFacts, ObjectVersion, StixObject
from cirt.objects.observables.kinds import Observable
from cirt.objects.policies import Pap
from cirt.parties.models import Account, Person
from cirt.register import workflow
from cirt.register.incidents import facts_of
from cirt.register.known import NOTHING, Known, known_of
from cirt.register.linking.whereabouts import reports_on
from cirt.register.merging.models import IncidentMerge
from cirt.register.merging.observables import is_shown
from cirt.register.merging.queries import MergedHere, MergedInto, family, merged_here, merged_into
from cirt.register.models import (
    Entry,
    Incident,
    IncidentObservable,
    Note,
    ObservableState,
    Report,
    ReportState,
    Side,
)
from cirt.register.pages import Order, Page, Query, read_page
from cirt.register.sight import get_incident, sees_note, sees_report
from cirt.register.tasks.models import OPEN, Task
from cirt.register.timeline.queries import shown_entries

_REPORTS = 100  # of one incident; its timeline has them all
_OBSERVABLES = 100


@dataclass(frozen=True, slots=True)
class LinkedReport:
    reference: str
    title: str
    state: ReportState
    received_at: datetime


@dataclass(frozen=True, slots=True)
class IncidentView:
    """One incident with what its page counts. ``steps`` are the moves possible now."""

    incident: Incident
    family: list[int]  # its id, then those of what is shown through it
    owner: str | None
    steps: list[workflow.Step]
    reports: list[LinkedReport]
    files: list[Attachment]  # of the reports that the asker may see
    entries: int
    notes: int
    offered: int
    confirmed: int
    indicators: int
    merged_into: MergedInto | None  # where it lives now
    merged_here: list[MergedHere]  # what is shown through it
    tasks: int
    tasks_ended: int  # done or dropped


@dataclass(frozen=True, slots=True)
class ObservableRow:
    id: int
    observable: Observable
    state: ObservableState
    source: str
    added_at: datetime
    object_id: int | None
    stix_id: str | None  # of our indicator made of it
    revoked: bool
    known: Known
    side: Side | None
    comment: str


@dataclass(frozen=True, slots=True)
class IndicatorRow:
    """An indicator made of this incident, in its newest version."""

    object_id: int
    version_id: int
    stix_id: str
    name: str
    revoked: bool
    tlp: Tlp
    pap: Pap | None  # that it carries; None: none, so its marking says


def incident_view(work: Work, reference: str) -> IncidentView:
    """
    Raises:
        NoSuchIncident.
    """
    incident = get_incident(work, reference)
    ids = family(work, IncidentMerge, incident.id)
    counts = work.session.execute(_counts(work, ids)).one()
    reports = _reports(work, ids)
    references = [report.reference for report in reports]
    files = sa.select(Attachment).where(Attachment.owner.in_(references)).order_by(Attachment.id)
    return IncidentView(
        incident=incident,
        family=ids,
        owner=counts.owner,
        steps=workflow.steps(facts_of(incident)),
        reports=reports,
        files=list(work.session.scalars(files)),
        entries=counts.entries,
        notes=counts.notes,
        offered=counts.offered,
        confirmed=counts.confirmed,
        indicators=counts.indicators,
        merged_into=merged_into(work, IncidentMerge, incident.id),
        merged_here=merged_here(work, IncidentMerge, ids),
        tasks=counts.tasks,
        tasks_ended=counts.tasks_ended,
    )


def observables(
    work: Work,
    reference: str,
    *,
    state: ObservableState | None = None,
    cursor: str | None = None,
    limit: int = _OBSERVABLES,
) -> Page[ObservableRow]:
    """A page of the incident's observables in the order they came, with what is known of each elsewhere.

    Raises:
        NoSuchIncident.
    """
    incident = get_incident(work, reference)
    ids = family(work, IncidentMerge, incident.id)
    return observables_of(work, ids, state, cursor, limit)


def observables_of(
    work: Work,
    family: list[int],
    state: ObservableState | None = None,
    cursor: str | None = None,
    limit: int = _OBSERVABLES,
) -> Page[ObservableRow]:
    """The same of a family of incidents that the caller may see."""
    query: Query = (
        sa.select(IncidentObservable, StixObject.stix_id, StixObject.revoked)
        .outerjoin(StixObject, StixObject.id == IncidentObservable.object_id)
        .where(is_shown(family))
    )
    if state is not None:
        query = query.where(IncidentObservable.state == state)
    order = Order(IncidentObservable.added_at, IncidentObservable.id, newest_first=False)
    page = read_page(work.session, query, order, cursor, limit)
    shown = [
        Observable(row.IncidentObservable.kind, row.IncidentObservable.value) for row in page.rows
    ]
    known = known_of(work, shown, besides_incident=family[0])
    return page.of(lambda row: _observable(row.IncidentObservable, row.stix_id, row.revoked, known))


def indicators_of(work: Work, reference: str) -> list[IndicatorRow]:
    """The indicators made of this incident, to choose from when one asks for a release.

    Raises:
        NoSuchIncident.
    """
    incident = get_incident(work, reference)
    query = (
        sa.select(
            StixObject.id,
            StixObject.newest_id,
            StixObject.stix_id,
            sa.func.coalesce(StixObject.name, IncidentObservable.value).label("name"),
            StixObject.revoked,
            ObjectFacts.tlp,
            ObjectFacts.pap,
        )
        .join(IncidentObservable, IncidentObservable.object_id == StixObject.id)
        .join(ObjectVersion, ObjectVersion.id == StixObject.newest_id)
        .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
        .where(IncidentObservable.incident_id.in_(family(work, IncidentMerge, incident.id)))
        .order_by(IncidentObservable.id)
    )
    return [
        IndicatorRow(
            row.id,
            row.newest_id or 0,
            row.stix_id,
            row.name or row.stix_id,
            row.revoked,
            row.tlp,
            row.pap,
        )
        for row in work.session.execute(query)
    ]


def _counts(work: Work, ids: list[int]) -> Query:
    """All figures of an incident's page, in one row; ``ids`` are its family."""
    count = sa.func.count
    found = IncidentObservable
    of_it = is_shown(ids)

    def figure(*conditions: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
        return sa.select(count()).where(*conditions).scalar_subquery()

    entries = shown_entries(sa.select(count()), work).where(Entry.incident_id.in_(ids))
    of_task = (Task.incident_id.in_(ids), Task.bin_id.is_(None))
    owner = (
        sa.select(Person.name)
        .join(Account, Account.person_id == Person.id)
        .join(Incident, Incident.owner_id == Account.id)
        .where(Incident.id == ids[0])
        .scalar_subquery()
    )
    return sa.select(
        owner.label("owner"),
        entries.scalar_subquery().label("entries"),
        figure(Note.incident_id.in_(ids), sees_note(work.actor)).label("notes"),
        figure(of_it, found.state == ObservableState.OFFERED).label("offered"),
        figure(of_it, found.state == ObservableState.CONFIRMED).label("confirmed"),
        figure(of_it, found.object_id.is_not(None)).label("indicators"),
        figure(*of_task).label("tasks"),
        figure(*of_task, Task.state.not_in(OPEN)).label("tasks_ended"),
    )


def _reports(work: Work, ids: list[int]) -> list[LinkedReport]:
    """Those linked to the incident or to what is merged into it, and what is merged into those reports."""
    query = (
        sa.select(Report.reference, Report.title, Report.state, Report.received_at)
        .where(Report.id.in_(reports_on(ids)), sees_report(work.actor))
        .order_by(Report.received_at, Report.id)
        .limit(_REPORTS)
    )
    return [LinkedReport(*row) for row in work.session.execute(query)]


def _observable(
    row: IncidentObservable, stix_id: str | None, revoked: bool | None, known: dict[int, Known]
) -> ObservableRow:
    return ObservableRow(
        id=row.id,
        observable=Observable(row.kind, row.value),
        state=row.state,
        source=row.source,
        added_at=row.added_at,
        object_id=row.object_id,
        stix_id=stix_id,
        revoked=bool(revoked),
        known=known.get(row.key, NOTHING),
        side=row.side,
        comment=row.comment,
    )
