"""Which priority follows from severity and sectors, and what of the facts does not hold. Pure."""

from collections.abc import Iterable

from cirt.kernel.tlp import Tlp
from cirt.register import rsit
from cirt.register.facts.kinds import PAP_OF_TLP, Pap, Priority
from cirt.register.facts.places import COUNTRIES, CRITICAL_SECTORS, SECTORS
from cirt.register.labels import SEVERITIES
from cirt.register.models import Severity

_BY_SEVERITY = {
    Severity.CRITICAL: Priority.AT_ONCE,
    Severity.HIGH: Priority.SOON,
    Severity.MEDIUM: Priority.NORMAL,
    Severity.LOW: Priority.LATER,
    Severity.INFO: Priority.LATER,
}
assert set(_BY_SEVERITY) == set(SEVERITIES)  # noqa: S101 - no severity without its place in line


def priority_of(severity: Severity, sectors: Iterable[str]) -> Priority:
    """One step sooner where a sector that others live on is hit; what only informs stays last.

    A legal clock that runs will be a third reason, as incident.md section 3 has it.
    """
    priority = _BY_SEVERITY[severity]
    is_critical = not CRITICAL_SECTORS.isdisjoint(sectors)
    if is_critical and severity is not Severity.INFO:
        return Priority(max(Priority.AT_ONCE, priority - 1))
    return priority


def pap_of(pap: Pap | None, tlp: Tlp) -> Pap:
    """The incident's own, or the one that its marking brings."""
    return pap or PAP_OF_TLP[tlp]


def class_code(rsit_class: str, rsit_type: str | None) -> str:
    """A class and type as one word: fraud/phishing; intrusions/ where the type is not known."""
    return f"{rsit_class}/{rsit_type or ''}"


def class_of(code: str) -> tuple[str, str | None]:
    rsit_class, _, rsit_type = code.partition("/")
    return rsit_class, rsit_type or None


def unknown_classes(codes: Iterable[str]) -> list[str]:
    return [code for code in codes if not rsit.is_known(*class_of(code))]


def unknown_sectors(codes: Iterable[str]) -> list[str]:
    return [code for code in codes if code not in SECTORS]


def unknown_countries(codes: Iterable[str]) -> list[str]:
    return [code for code in codes if code not in COUNTRIES]
