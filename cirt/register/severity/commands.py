"""What may be asked about severity."""

from collections.abc import Mapping
from dataclasses import dataclass

from cirt.register.models import Severity


@dataclass(frozen=True, slots=True)
class ScoreSeverity:
    """``answers`` by question; ``severity`` None: the one that the score proposes."""

    reference: str
    version: int
    answers: Mapping[str, str]
    severity: Severity | None = None
    reason: str = ""
