"""What may be asked of the do-not-share list."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Withhold:
    text: str  # values as pasted
    reason: str
    below: bool = False  # domains with their subdomains
    until: datetime | None = None  # None: until taken off


@dataclass(frozen=True, slots=True)
class LetGo:
    ids: tuple[int, ...]
    reason: str
