"""What may be asked of forwarding and of the directory of agencies."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ForwardReport:
    """``to`` is ``peer:SLUG`` or ``agency:ID``; ``words`` are what leaves."""

    reference: str
    version: int
    to: str
    reason: str
    words: str


@dataclass(frozen=True, slots=True)
class SaveAgency:
    """``agency_id`` None: a new one."""

    name: str
    address: str
    purpose: str
    agency_id: int | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class RetireAgency:
    agency_id: int
