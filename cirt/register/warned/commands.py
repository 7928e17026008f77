"""What may be asked of the warning list."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Warn:
    text: str  # values as pasted
    reason: str
    below: bool = False  # domains with what is on them and below them


@dataclass(frozen=True, slots=True)
class Unwarn:
    ids: tuple[int, ...]
    reason: str
