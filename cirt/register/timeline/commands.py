"""What may be asked of the events of an attack."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AddAttack:
    """``when`` as exactly as it is known, in ``zone``: 2026-11-17 13:51, 2026-11-17 13h, 2026-11-17."""

    incident: str
    text: str
    when: str
    zone: str = "UTC"
    source: str = ""


@dataclass(frozen=True, slots=True)
class EditAttack:
    incident: str
    event_id: int
    version: int
    text: str
    when: str
    zone: str = "UTC"
    source: str = ""
