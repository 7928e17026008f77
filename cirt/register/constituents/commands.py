"""What may be asked about those whom an incident concerns."""

from dataclasses import dataclass

from cirt.register.constituents.models import PartyRole


@dataclass(frozen=True, slots=True)
class AddParty:
    incident: str
    name: str
    role: PartyRole
    sector: str | None = None
    country: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class EditParty:
    incident: str
    party_id: int
    version: int
    name: str
    role: PartyRole
    sector: str | None = None
    country: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class RemoveParty:
    incident: str
    party_id: int


@dataclass(frozen=True, slots=True)
class RestoreParty:
    incident: str
    party_id: int
