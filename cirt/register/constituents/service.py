"""Putting names on an incident, changing what is said of them, taking them off and putting them back."""

from typing import Any

import sqlalchemy as sa

from cirt.kernel.work import Work
from cirt.register.constituents.commands import AddParty, EditParty, RemoveParty, RestoreParty
from cirt.register.constituents.errors import NoSuchParty, PartyChanged, PartyThere
from cirt.register.constituents.models import IncidentParty
from cirt.register.facts import rules
from cirt.register.facts.errors import CountryUnknown, SectorUnknown
from cirt.register.incidents import note_entry
from cirt.register.models import EntryKind, Incident
from cirt.register.sight import get_incident

_SAID = ("name", "role", "sector", "country", "note")


def add_party(work: Work, cmd: AddParty) -> IncidentParty:
    """
    Raises:
        PartyThere: the same name in the same role.
        SectorUnknown, CountryUnknown, NoSuchIncident, NotAllowed.
    """
    work.require("incident:write")
    incident = get_incident(work, cmd.incident, lock=True)
    _check(cmd)
    _check_new(work, incident, cmd)
    said: dict[str, Any] = {name: getattr(cmd, name) for name in _SAID}
    party = IncidentParty(incident_id=incident.id, added_at=work.now, version=1, **said)
    work.session.add(party)
    work.session.flush()
    _tell(work, incident, party, EntryKind.PARTY_ADDED, role=party.role)
    return party


def edit_party(work: Work, cmd: EditParty) -> IncidentParty:
    """
    Raises:
        PartyChanged: somebody saved first; nothing was changed.
        PartyThere, SectorUnknown, CountryUnknown, NoSuchParty, NoSuchIncident, NotAllowed.
    """
    work.require("incident:write")
    incident = get_incident(work, cmd.incident, lock=True)
    party = get_party(work, incident, cmd.party_id)
    if party.version != cmd.version:
        raise PartyChanged(name=party.name)
    _check(cmd)
    _check_new(work, incident, cmd, besides=party.id)
    changed = [name for name in _SAID if getattr(party, name) != getattr(cmd, name)]
    for name in changed:
        setattr(party, name, getattr(cmd, name))
    if changed:
        party.version += 1
        work.session.flush()
        _tell(work, incident, party, EntryKind.PARTY_CHANGED)
    return party


def remove_party(work: Work, cmd: RemoveParty) -> None:
    """Take it off; it can be put back.

    Raises:
        NoSuchParty, NoSuchIncident, NotAllowed.
    """
    work.require("incident:write")
    incident = get_incident(work, cmd.incident, lock=True)
    party = get_party(work, incident, cmd.party_id)
    if party.removed_at is None:
        party.removed_at = work.now
        _tell(work, incident, party, EntryKind.PARTY_REMOVED)


def restore_party(work: Work, cmd: RestoreParty) -> None:
    """
    Raises:
        PartyThere: the same was added anew meanwhile.
        NoSuchParty, NoSuchIncident, NotAllowed.
    """
    work.require("incident:write")
    incident = get_incident(work, cmd.incident, lock=True)
    party = get_party(work, incident, cmd.party_id)
    if party.removed_at is not None:
        _check_new(work, incident, party, besides=party.id)
        party.removed_at = None
        _tell(work, incident, party, EntryKind.PARTY_RESTORED)


def parties_of(work: Work, incident_id: int, *, removed: bool = False) -> list[IncidentParty]:
    """In the order of their roles, then as they were added."""
    query = (
        sa.select(IncidentParty)
        .where(
            IncidentParty.incident_id == incident_id,
            IncidentParty.removed_at.is_not(None)
            if removed
            else IncidentParty.removed_at.is_(None),
        )
        .order_by(IncidentParty.id)
        .limit(500)
    )
    rows = list(work.session.scalars(query))
    order = list(type(rows[0].role)) if rows else []
    return sorted(rows, key=lambda row: order.index(row.role))


def get_party(work: Work, incident: Incident, party_id: int) -> IncidentParty:
    """
    Raises:
        NoSuchParty: there is none, or it is another incident's.
    """
    query = sa.select(IncidentParty).where(
        IncidentParty.id == party_id, IncidentParty.incident_id == incident.id
    )
    party = work.session.scalars(query).one_or_none()
    if party is None:
        raise NoSuchParty
    return party


def _check(cmd: AddParty | EditParty) -> None:
    if cmd.sector:
        for unknown in rules.unknown_sectors([cmd.sector]):
            raise SectorUnknown(given=unknown[:80])
    if cmd.country:
        for unknown in rules.unknown_countries([cmd.country]):
            raise CountryUnknown(given=unknown[:80])


def _check_new(
    work: Work,
    incident: Incident,
    wanted: AddParty | EditParty | IncidentParty,
    besides: int | None = None,
) -> None:
    same = sa.select(IncidentParty.id).where(
        IncidentParty.incident_id == incident.id,
        IncidentParty.name == wanted.name,
        IncidentParty.role == wanted.role,
        IncidentParty.removed_at.is_(None),
        IncidentParty.id != (besides or 0),
    )
    if work.session.scalars(same).first() is not None:
        raise PartyThere(name=wanted.name)


def _tell(
    work: Work, incident: Incident, party: IncidentParty, kind: EntryKind, **values: Any
) -> None:
    """The trail knows which one it was; its name stays on the incident."""
    note_entry(work, incident.id, kind, party=party.name, **values)
    work.audit(f"incident.{kind}", incident.reference, party=party.id)
