"""What the page of an incident tells beside its timeline: further facts, score, parties, links."""

from dataclasses import dataclass

from cirt.kernel.work import Work
from cirt.register.constituents.models import IncidentParty
from cirt.register.constituents.service import parties_of
from cirt.register.facts.kinds import FacetKind
from cirt.register.facts.queries import facets_of
from cirt.register.models import Incident
from cirt.register.relations.queries import Link, links_of
from cirt.register.severity.models import IncidentScore
from cirt.register.severity.queries import newest_score


@dataclass(frozen=True, slots=True)
class Overview:
    classes: list[str]
    sectors: list[str]
    countries: list[str]
    score: IncidentScore | None
    parties: list[IncidentParty]
    links: list[Link]


def overview(work: Work, incident: Incident) -> Overview:
    """Four queries."""
    facets = facets_of(work, incident.id)
    return Overview(
        classes=facets[FacetKind.CLASS],
        sectors=facets[FacetKind.SECTOR],
        countries=facets[FacetKind.COUNTRY],
        score=newest_score(work, incident.id),
        parties=parties_of(work, incident.id),
        links=links_of(work, incident.id),
    )
