"""What may be asked of the bin."""

from dataclasses import dataclass

from cirt.register.bin.models import Binned


@dataclass(frozen=True, slots=True)
class DeleteIncident:
    """``version`` is the one the asker saw."""

    reference: str
    version: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DeletePart:
    """A note, a task or an event of the attack, of this incident."""

    incident: str
    kind: Binned
    row_id: int


@dataclass(frozen=True, slots=True)
class Restore:
    act_id: int
