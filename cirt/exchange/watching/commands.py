"""What may be asked about alerts."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ExpectAlert:
    """A person knows why, and it is as it should be."""

    alert_id: int
    reason: str
