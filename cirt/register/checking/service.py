"""Saves what a person said of findings: of a text just pasted, and of what waits on an incident."""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from cirt.kernel.among import among
from cirt.kernel.work import Work
from cirt.objects.observables.kinds import Kind
from cirt.register.checking.commands import CheckOffered, Ruling, SavePaste
from cirt.register.checking.queries import found_in
from cirt.register.errors import NothingChosen, ObservablesUnknown
from cirt.register.findings import PASTE, chosen, offer_found
from cirt.register.incidents import note_entry
from cirt.register.merging.models import IncidentMerge
from cirt.register.merging.queries import family
from cirt.register.models import EntryKind, Incident, IncidentObservable, ObservableState
from cirt.register.sight import Condition, get_incident

_STATES = {
    Ruling.KEEP: ObservableState.CONFIRMED,
    Ruling.IGNORE: ObservableState.DISMISSED,
}


def save_paste(work: Work, cmd: SavePaste) -> None:
    """Put the findings of a text on the incident, each as it is ruled; what is confirmed there stays.

    Something that was ignored before is taken up again only where its own row says so.

    Raises:
        NothingFound, TextTooLong, NoSuchIncident, NotAllowed.
    """
    work.require("incident:write")
    incident = get_incident(work, cmd.incident, lock=True)
    found = [one.observable for one in found_in(cmd.text)]
    added = offer_found(work, incident.id, found, PASTE)
    counts = {}
    for ruling, state in _STATES.items():
        keys = {one.key for one in found if cmd.rulings.of(one.kind, one.key) is ruling}
        said = keys & cmd.rulings.rows.keys()
        counts[ruling] = _set_keys(work, incident.id, keys - said, state, ObservableState.OFFERED)
        not_kept = (ObservableState.OFFERED, ObservableState.DISMISSED)
        counts[ruling] += _set_keys(work, incident.id, said, state, *not_kept)
    told = _tell(work, incident, counts)
    work.audit("observable.add", incident.reference, found=len(found), added=added, **told)


def check_offered(work: Work, cmd: CheckOffered) -> None:
    """Decide on what waits on the incident and on what is merged into it, in one act.

    Raises:
        NothingChosen, ObservablesUnknown, NoSuchIncident, NotAllowed.
    """
    work.require("incident:write")
    incident = get_incident(work, cmd.incident, lock=True)
    if not cmd.rulings.decides:
        raise NothingChosen
    said = chosen(work, incident.id, cmd.rulings.rows)
    if len(said) != len(cmd.rulings.rows):
        raise ObservablesUnknown(count=len(cmd.rulings.rows) - len(said))
    row = IncidentObservable
    waiting = (
        row.incident_id.in_(family(work, IncidentMerge, incident.id)),
        row.state == ObservableState.OFFERED,
        row.id <= cmd.upto,
        ~among(row.id, [one.id for one in said]),
    )
    counts = {}
    for ruling, state in _STATES.items():
        kinds = [kind for kind in Kind if cmd.rulings.of_kind(kind) is ruling]
        ids = [one.id for one in said if cmd.rulings.rows[one.id] is ruling]
        counts[ruling] = _set(work, state, *waiting, row.kind.in_(kinds)) if kinds else 0
        counts[ruling] += _set(work, state, among(row.id, ids), row.state != state)
    if any(counts.values()):
        work.audit("observable.decide", incident.reference, **_tell(work, incident, counts))


def _tell(work: Work, incident: Incident, counts: dict[Ruling, int]) -> dict[str, Any]:
    told = {"confirmed": counts[Ruling.KEEP], "dismissed": counts[Ruling.IGNORE]}
    if any(told.values()):
        note_entry(work, incident.id, EntryKind.OBSERVABLES, **told)
    return told


def _set_keys(
    work: Work,
    incident_id: int,
    keys: Collection[int],
    state: ObservableState,
    *before: ObservableState,
) -> int:
    row = IncidentObservable
    changing = (row.state.in_(before), row.state != state, among(row.key, keys))
    return _set(work, state, row.incident_id == incident_id, *changing)


def _set(work: Work, state: ObservableState, *which: Condition) -> int:
    """How many changed; those already there stay with who decided them first."""
    statement = (
        sa.update(IncidentObservable)
        .where(*which)
        .values(state=state, decided_at=work.now, decided_by_id=work.actor.id)
        .returning(IncidentObservable.id)
    )
    options = {"synchronize_session": False}
    return len(work.session.execute(statement, execution_options=options).all())
