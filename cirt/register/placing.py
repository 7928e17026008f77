"""Whose an observable is in one incident: said there, and there alone."""

from cirt.kernel.work import Work
from cirt.objects.observables.kinds import Observable
from cirt.register.commands import PlaceObservable
from cirt.register.errors import ObservablesUnknown
from cirt.register.findings import chosen
from cirt.register.incidents import note_entry
from cirt.register.models import EntryKind, IncidentObservable
from cirt.register.sight import get_incident


def get_observable(work: Work, incident_id: int, observable_id: int) -> IncidentObservable:
    """
    Raises:
        ObservablesUnknown: it is not the incident's.
    """
    rows = chosen(work, incident_id, [observable_id])
    if not rows:
        raise ObservablesUnknown(count=1)
    return rows[0]


def place_observable(work: Work, cmd: PlaceObservable) -> IncidentObservable:
    """
    Raises:
        ObservablesUnknown, NoSuchIncident, NotAllowed.
    """
    work.require("incident:write")
    incident = get_incident(work, cmd.incident, lock=True)
    row = get_observable(work, incident.id, cmd.observable_id)
    before, row.comment = row.side, cmd.comment
    row.side = cmd.side
    if before is not cmd.side:
        value = Observable(row.kind, row.value).value
        note_entry(work, incident.id, EntryKind.OBSERVABLE_SIDE, value=value, side=cmd.side)
    work.audit("observable.side", incident.reference, observable=row.id, side=cmd.side)
    return row
