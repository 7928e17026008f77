"""The facts of which an incident has several."""

import sqlalchemy as sa

from cirt.kernel.work import Work
from cirt.register.facts.kinds import FacetKind
from cirt.register.facts.models import IncidentFacet

Facets = dict[FacetKind, list[str]]


def facets_of(work: Work, incident_id: int) -> Facets:
    """Codes by kind, in order; one query."""
    query = (
        sa.select(IncidentFacet.kind, IncidentFacet.code)
        .where(IncidentFacet.incident_id == incident_id)
        .order_by(IncidentFacet.kind, IncidentFacet.code)
    )
    found: Facets = {kind: [] for kind in FacetKind}
    for kind, code in work.session.execute(query):
        found[kind].append(code)
    return found
