"""What may be asked for arrivals in quarantine."""

from dataclasses import dataclass
from enum import StrEnum


class Do(StrEnum):
    TAKE = "take"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class Decide:
    """About one. A reason is needed to drop, and to take although its reason holds."""

    arrival_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class Alike:
    """Those of one peer that wait for the same reason; ``peer`` is a slug, empty for console imports."""

    peer: str
    code: str


@dataclass(frozen=True, slots=True)
class DecideAlike:
    """``upto`` is the newest that the page counted, ``shown_us`` when that was (None: now).

    What came since, or was opened again, is not decided by it.
    """

    peer: str
    code: str
    upto: int
    do: Do
    reason: str
    shown_us: int | None = None
