"""Events of the attack: written down beside the handling, corrected with their earlier tellings kept."""

import sqlalchemy as sa

from cirt.kernel.errors import Conflict, NotFound
from cirt.kernel.text import mark
from cirt.kernel.work import Work
from cirt.register.incidents import add_entry, note_entry
from cirt.register.models import Entry, EntryKind, Incident
from cirt.register.sight import get_incident
from cirt.register.timeline.commands import AddAttack, EditAttack
from cirt.register.timeline.models import AttackEvent, AttackTelling
from cirt.register.timeline.times import read_time


class NoSuchAttack(NotFound):
    code = "no-such-attack-event"


class AttackChanged(Conflict):
    code = "attack-event-changed"
    message = mark(
        "{name} changed this event first. What you typed is below; compare and save again."
    )


def add_attack(work: Work, cmd: AddAttack) -> AttackEvent:
    """
    Raises:
        TimeUnclear, ZoneUnknown, NotYet, NoSuchIncident, NotAllowed.
    """
    work.require("incident:write")
    incident = get_incident(work, cmd.incident)
    occurred = read_time(cmd.when, cmd.zone, work.now)
    event = AttackEvent(
        incident_id=incident.id,
        text=cmd.text,
        occurred_at=occurred.at,
        precision=occurred.precision,
        zone=occurred.zone,
        source=cmd.source,
        author=work.actor.name,
        written_at=work.now,
        version=1,
    )
    work.session.add(event)
    work.session.flush()
    entry = add_entry(work, incident.id, EntryKind.ATTACK, {})
    entry.attack_id, entry.at = event.id, occurred.at
    work.audit("attack.add", incident.reference, event=event.id)
    return event


def edit_attack(work: Work, cmd: EditAttack) -> AttackEvent:
    """What it said before is kept.

    Raises:
        AttackChanged: somebody saved first; nothing was changed.
        TimeUnclear, ZoneUnknown, NotYet, NoSuchAttack, NoSuchIncident, NotAllowed.
    """
    work.require("incident:write")
    incident = get_incident(work, cmd.incident, lock=True)
    event = get_attack(work, incident, cmd.event_id)
    if event.version != cmd.version:
        raise AttackChanged(name=event.author)
    occurred = read_time(cmd.when, cmd.zone, work.now)
    after = (cmd.text, occurred.at, occurred.precision, occurred.zone, cmd.source)
    before = (event.text, event.occurred_at, event.precision, event.zone, event.source)
    if after == before:
        return event
    _keep_telling(work, event)
    event.text, event.occurred_at, event.precision, event.zone, event.source = after
    event.author, event.edited_at = work.actor.name, work.now
    event.version += 1
    stands = sa.update(Entry).where(Entry.incident_id == incident.id, Entry.attack_id == event.id)
    work.session.execute(stands.values(at=occurred.at))
    note_entry(work, incident.id, EntryKind.ATTACK_EDITED)
    work.audit("attack.edit", incident.reference, event=event.id, version=event.version)
    return event


def get_attack(work: Work, incident: Incident, event_id: int) -> AttackEvent:
    """
    Raises:
        NoSuchAttack.
    """
    query = sa.select(AttackEvent).where(
        AttackEvent.incident_id == incident.id,
        AttackEvent.id == event_id,
        AttackEvent.bin_id.is_(None),
    )
    event = work.session.scalars(query).one_or_none()
    if event is None:
        raise NoSuchAttack
    return event


def tellings_of(work: Work, event: AttackEvent) -> list[AttackTelling]:
    """What it said before, oldest first."""
    query = sa.select(AttackTelling).where(AttackTelling.event_id == event.id)
    return list(work.session.scalars(query.order_by(AttackTelling.version)))


def _keep_telling(work: Work, event: AttackEvent) -> None:
    before = AttackTelling(
        event_id=event.id,
        version=event.version,
        text=event.text,
        occurred_at=event.occurred_at,
        precision=event.precision,
        zone=event.zone,
        source=event.source,
        author=event.author,
        replaced_at=work.now,
    )
    work.session.add(before)
