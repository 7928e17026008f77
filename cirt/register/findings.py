"""Observables of an incident: offered from texts, confirmed or dismissed by a person, pasted."""

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from cirt.kernel.inserting import insert_new, insert_rows
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.objects.models import Holder
from cirt.objects.observables.kinds import Observable
from cirt.objects.widening import keep_wider
from cirt.register import extract
from cirt.register.commands import AddObservables, DecideObservables
from cirt.register.errors import NothingChosen, NothingFound, ObservablesUnknown, TextTooLong
from cirt.register.incidents import note_entry
from cirt.register.matches.adding import tell_of_added
from cirt.register.merging.models import IncidentMerge
from cirt.register.merging.queries import family
from cirt.register.models import (
    EntryKind,
    IncidentObservable,
    Note,
    ObservableState,
    Report,
    ReportObservable,
)
from cirt.register.sight import get_incident, note_name

PASTE = "paste"
MAX_PASTE_BYTES = 1024 * 1024
PASTE_LIMIT = "1 MB"
MAX_FOUND = 10_000
_CHUNK = 2000


def keep_found(work: Work, report: Report, found: Iterable[Observable]) -> int:
    """What was found in a report or in what its reporter wrote later; how many different ones."""
    rows = list({row["key"]: {**row, "report_id": report.id} for row in _rows(found)}.values())
    connection = work.session.connection()
    insert_rows(connection, ReportObservable, rows, unless=("key", "report_id"))
    keep_wider(connection, Holder.REPORT, map(_observable, rows))
    return len(rows)


def offer_report(work: Work, incident_id: int, report: Report) -> int:
    """Offer what was found in a report at its receipt; what the incident has already stays as it is."""
    found = work.session.execute(
        sa.select(ReportObservable.key, ReportObservable.kind, ReportObservable.value).where(
            ReportObservable.report_id == report.id
        )
    )
    rows = [dict(row) for row in found.mappings()]
    return _add(work, incident_id, rows, report.reference)


def offer_found(work: Work, incident_id: int, found: Iterable[Observable], source: str) -> int:
    return _add(work, incident_id, _rows(found), source)


def offer_note(work: Work, note: Note) -> int:
    """Offer what a note names. A TLP:RED note offers nothing: others read the list of observables."""
    if note.tlp is Tlp.RED:
        return 0
    found = [each.observable for each in extract.find(note.text, MAX_FOUND)]
    return offer_found(work, note.incident_id, found, note_name(note.id))


def add_observables(work: Work, cmd: AddObservables) -> int:
    """Put the observables of a pasted text on the incident: how many are new to it.

    Raises:
        NothingFound, TextTooLong, NoSuchIncident, NotAllowed.
    """
    work.require("incident:write")
    incident = get_incident(work, cmd.incident, lock=True)
    if len(cmd.text) > MAX_PASTE_BYTES:
        raise TextTooLong(limit=PASTE_LIMIT)
    rows = _rows(found.observable for found in extract.find(cmd.text, MAX_FOUND))
    if not rows:
        raise NothingFound
    added = _add(work, incident.id, rows, PASTE)
    confirmed = _confirm_keys(work, incident.id, rows) if cmd.confirm else 0
    if confirmed:
        note_entry(work, incident.id, EntryKind.OBSERVABLES, confirmed=confirmed, dismissed=0)
    counts = {"found": len(rows), "added": added, "confirmed": confirmed}
    work.audit("observable.add", incident.reference, **counts)
    return added


def decide_observables(work: Work, cmd: DecideObservables) -> None:
    """Confirm some, dismiss others, in one act. Either may be changed again later.

    Raises:
        NothingChosen, ObservablesUnknown, NoSuchIncident, NotAllowed.
    """
    work.require("incident:write")
    incident = get_incident(work, cmd.incident, lock=True)
    if not cmd.confirm and not cmd.dismiss:
        raise NothingChosen
    confirmed = _set_state(work, incident.id, cmd.confirm, ObservableState.CONFIRMED)
    dismissed = _set_state(work, incident.id, cmd.dismiss, ObservableState.DISMISSED)
    if not confirmed and not dismissed:
        return
    counts = {"confirmed": confirmed, "dismissed": dismissed}
    note_entry(work, incident.id, EntryKind.OBSERVABLES, **counts)
    work.audit("observable.decide", incident.reference, **counts)


def _confirm_keys(work: Work, incident_id: int, rows: list[dict[str, Any]]) -> int:
    keys = [row["key"] for row in rows]
    decided = {"decided_at": work.now, "decided_by_id": work.actor.id}
    count = 0
    for at in range(0, len(keys), _CHUNK):
        statement = (
            sa.update(IncidentObservable)
            .where(
                IncidentObservable.incident_id == incident_id,
                IncidentObservable.key.in_(keys[at : at + _CHUNK]),
                IncidentObservable.state != ObservableState.CONFIRMED,
            )
            .values(state=ObservableState.CONFIRMED, **decided)
            .returning(IncidentObservable.id)
        )
        count += len(work.session.execute(statement).all())
    return count


def _set_state(work: Work, incident_id: int, ids: Iterable[int], state: ObservableState) -> int:
    """How many changed; those already there stay with who decided them first."""
    wanted = set(ids)
    rows = chosen(work, incident_id, wanted)
    if len(rows) != len(wanted):
        raise ObservablesUnknown(count=len(wanted) - len(rows))
    changing = [row for row in rows if row.state is not state]
    for row in changing:
        row.state, row.decided_at, row.decided_by_id = state, work.now, work.actor.id
    return len(changing)


def chosen(work: Work, incident_id: int, ids: Iterable[int]) -> list[IncidentObservable]:
    """Those of these rows that are the incident's or of one merged into it, in order of their ids."""
    wanted = sorted(set(ids))
    of_it = family(work, IncidentMerge, incident_id)
    found: list[IncidentObservable] = []
    for at in range(0, len(wanted), _CHUNK):
        query = sa.select(IncidentObservable).where(
            IncidentObservable.incident_id.in_(of_it),
            IncidentObservable.id.in_(wanted[at : at + _CHUNK]),
        )
        found += work.session.scalars(query.order_by(IncidentObservable.id))
    return found


def _rows(found: Iterable[Observable]) -> list[dict[str, Any]]:
    return [{"key": o.key, "kind": o.kind, "value": o.value} for o in found]


def _add(
    work: Work,
    incident_id: int,
    rows: Iterable[Mapping[str, Any]],
    source: str,
) -> int:
    """How many the incident did not have yet; what it has stays as it is."""
    common: dict[str, Any] = {
        "incident_id": incident_id,
        "source": source,
        "state": ObservableState.OFFERED,
        "added_at": work.now,
    }
    values = list({row["key"]: {**row, **common} for row in rows}.values())
    if not values:
        return 0
    connection = work.session.connection()
    insert = insert_new(connection, IncidentObservable, "incident_id", "key")
    added = connection.execute(insert.returning(IncidentObservable.key), values).scalars().all()
    fresh = set(added)
    new = [_observable(row) for row in values if row["key"] in fresh]
    keep_wider(connection, Holder.INCIDENT, new)
    tell_of_added(work, incident_id, new)
    return len(added)


def _observable(row: Mapping[str, Any]) -> Observable:
    return Observable(row["kind"], row["value"])
