"""Further facts of an incident: what changes, and the priority that follows."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from cirt.kernel.work import Work
from cirt.register.errors import ClassUnknown
from cirt.register.facts import rules
from cirt.register.facts.commands import MoreFacts
from cirt.register.facts.errors import CountryUnknown, PriorityNeedsReason, SectorUnknown
from cirt.register.facts.kinds import FacetKind
from cirt.register.facts.models import IncidentFacet
from cirt.register.facts.queries import facets_of
from cirt.register.models import Incident

Changes = dict[str, tuple[Any, Any]]


def begin_facts(work: Work, incident: Incident, more: MoreFacts | None, reason: str = "") -> None:
    """The facts with which a new incident begins.

    Raises:
        ClassUnknown, SectorUnknown, CountryUnknown, PriorityNeedsReason.
    """
    change_facts(work, incident, more, reason)
    settle_priority(work, incident)


def change_facts(
    work: Work, incident: Incident, more: MoreFacts | None, reason: str = ""
) -> Changes:
    """Set further facts: those that changed, each with its value before and after. None leaves all as they are.

    The caller has checked the right and the version, and calls :func:`settle_priority` in the end.

    Raises:
        ClassUnknown, SectorUnknown, CountryUnknown, PriorityNeedsReason.
    """
    if more is None:
        return {}
    _check(more)
    changed = {**_change_facets(work, incident, more), **_change_columns(incident, more)}
    changed.update(_change_priority(incident, more, reason))
    return changed


def settle_priority(work: Work, incident: Incident) -> None:
    """What severity and sectors say, unless a person said otherwise."""
    if incident.priority_reason:
        return
    sectors = facets_of(work, incident.id)[FacetKind.SECTOR]
    incident.priority = rules.priority_of(incident.severity, sectors)


def _check(more: MoreFacts) -> None:
    for unknown in rules.unknown_classes(more.classes):
        raise ClassUnknown(given=unknown[:80])
    for unknown in rules.unknown_sectors(more.sectors):
        raise SectorUnknown(given=unknown[:80])
    for unknown in rules.unknown_countries(more.countries):
        raise CountryUnknown(given=unknown[:80])


def _change_facets(work: Work, incident: Incident, more: MoreFacts) -> Changes:
    primary = rules.class_code(incident.rsit_class, incident.rsit_type)
    wanted = {
        FacetKind.CLASS: {code for code in more.classes if code != primary},
        FacetKind.SECTOR: set(more.sectors),
        FacetKind.COUNTRY: set(more.countries),
    }
    names = {
        FacetKind.CLASS: "classes",
        FacetKind.SECTOR: "sectors",
        FacetKind.COUNTRY: "countries",
    }
    before = facets_of(work, incident.id)
    changed: Changes = {}
    for kind, codes in wanted.items():
        if codes != set(before[kind]):
            _replace(work, incident.id, kind, codes)
            changed[names[kind]] = (before[kind], sorted(codes))
    return changed


def _replace(work: Work, incident_id: int, kind: FacetKind, codes: Iterable[str]) -> None:
    of_kind = (IncidentFacet.incident_id == incident_id, IncidentFacet.kind == kind)
    work.session.execute(sa.delete(IncidentFacet).where(*of_kind))
    work.session.add_all(IncidentFacet(incident_id=incident_id, kind=kind, code=c) for c in codes)
    work.session.flush()


def _change_columns(incident: Incident, more: MoreFacts) -> Changes:
    changed: Changes = {}
    for name in ("pap", "is_cross_border"):
        before, after = getattr(incident, name), getattr(more, name)
        if before != after:
            setattr(incident, name, after)
            changed[name] = (before, after)
    return changed


def _change_priority(incident: Incident, more: MoreFacts, reason: str) -> Changes:
    """By hand it needs a reason each time it is set anew; without one it follows the rule again."""
    before = incident.priority if incident.priority_reason else None
    if more.priority == before:
        return {}
    if more.priority is None:
        incident.priority_reason = ""
    elif not reason.strip():
        raise PriorityNeedsReason
    else:
        incident.priority, incident.priority_reason = int(more.priority), reason
    return {"priority": (before, more.priority)}
