"""Undo of a decision that brought a report to incidents."""

import sqlalchemy as sa

from cirt.kernel.work import Work
from cirt.register.errors import UndoneByWork
from cirt.register.incidents import note_entry
from cirt.register.linking.errors import UndoneByClosing, UndoneByMerge, UndoneByOthers
from cirt.register.linking.models import LinkKind, ReportIncident
from cirt.register.linking.service import take_off_incident
from cirt.register.linking.whereabouts import incidents_on
from cirt.register.merging.models import IncidentMerge
from cirt.register.models import (
    CloseReason,
    Entry,
    EntryKind,
    Incident,
    IncidentObservable,
    IncidentState,
    ObservableState,
    Report,
)
from cirt.register.sight import sees_incident


def leave_incidents(work: Work, report: Report) -> None:
    """The report goes off every incident that it was decided into; one in the bin settles that when it is restored.

    Raises:
        UndoneByWork, UndoneByMerge, UndoneByClosing: one of them began with it, and that has happened since.
        UndoneByOthers: one of them is not for the actor to see.
    """
    incidents = incidents_on(work, report.id, lock=True)
    begun = [one for one in incidents if _began_with(work, report, one)]
    _check_open(work, report, incidents)
    for incident in begun:
        _check_untouched(work, report, incident)
    for incident in incidents:
        take_off_incident(work, report, incident)
    for incident in begun:
        _close(work, incident, report)


def _check_open(work: Work, report: Report, incidents: list[Incident]) -> None:
    ids = [incident.id for incident in incidents]
    query = sa.select(sa.func.count()).where(Incident.id.in_(ids), sees_incident(work.actor))
    if work.session.scalar(query) != len(ids):
        raise UndoneByOthers(reference=report.reference)


def _check_untouched(work: Work, report: Report, incident: Incident) -> None:
    both = {"reference": report.reference, "incident": incident.reference}
    if incident.close_reason is CloseReason.MERGED:
        raise UndoneByMerge(**both)
    if incident.state is IncidentState.CLOSED:
        raise UndoneByClosing(**both)
    if not is_untouched(work, incident):
        raise UndoneByWork(**both)


def is_untouched(work: Work, incident: Incident) -> bool:
    """Whether nothing has happened to it but that it began, with one report."""
    if incident.version != 1 or incident.state is not IncidentState.OPEN:
        return False
    found = IncidentObservable

    def count(*conditions: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
        return sa.select(sa.func.count()).where(*conditions).scalar_subquery()

    entries, reports, decided, merges = work.session.execute(
        sa.select(
            count(Entry.incident_id == incident.id),
            count(ReportIncident.incident_id == incident.id),
            count(found.incident_id == incident.id, found.state != ObservableState.OFFERED),
            count(IncidentMerge.leading_id == incident.id),
        )
    ).one()
    return bool(entries == reports == 1 and not decided and not merges)


def _began_with(work: Work, report: Report, incident: Incident) -> bool:
    link = work.session.get_one(ReportIncident, (report.id, incident.id))
    return link.kind is LinkKind.ACCEPTED


def _close(work: Work, incident: Incident, report: Report) -> None:
    incident.state, incident.closed_at = IncidentState.CLOSED, work.now
    incident.close_reason = CloseReason.FALSE_POSITIVE
    incident.version += 1
    move = {
        "before": IncidentState.OPEN,
        "after": IncidentState.CLOSED,
        "close_reason": CloseReason.FALSE_POSITIVE,
    }
    note_entry(work, incident.id, EntryKind.STATE, reason="", **move)
    work.audit("incident.state", incident.reference, undone=report.reference, **move)
