"""What may be asked of links."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LinkReport:
    """Link a report to an incident or to another report, ``to``, without deciding it."""

    reference: str
    to: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class UnlinkReport:
    reference: str
    to: str
