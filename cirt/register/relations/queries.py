"""Links of an incident, from its side, as far as the asker may see the other one."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from cirt.kernel.work import Work
from cirt.register.models import Incident, IncidentState, Severity
from cirt.register.relations.models import IncidentRelation, RelationKind
from cirt.register.sight import sees_other

_SHOWN = 200  # links of one incident on a page


@dataclass(frozen=True, slots=True)
class Link:
    """``is_from`` says that the link points from the asked incident to this one."""

    reference: str
    title: str
    state: IncidentState
    severity: Severity
    kind: RelationKind
    is_from: bool
    note: str


def links_of(work: Work, incident_id: int) -> list[Link]:
    """What it is part of first, then its parts, then the others; the newest incident first. One query."""
    other = aliased(Incident)
    both = [
        sa.select(here.label("other"), IncidentRelation.kind, IncidentRelation.note, outward)
        .where(there == incident_id)
        .order_by(None)
        for here, there, outward in (
            (IncidentRelation.other_id, IncidentRelation.incident_id, sa.true().label("is_from")),
            (IncidentRelation.incident_id, IncidentRelation.other_id, sa.false().label("is_from")),
        )
    ]
    links = sa.union_all(*both).subquery()
    query = (
        sa.select(
            other.reference, other.title, other.state, other.severity,
            links.c.kind, links.c.is_from, links.c.note,
        )
        .join(links, links.c.other == other.id)
        .where(sees_other(work.actor, other), other.bin_id.is_(None))
        .order_by(links.c.kind, links.c.is_from.desc(), other.id.desc())
        .limit(_SHOWN)
    )  # fmt: skip
    return [
        Link(row[0], row[1], row[2], row[3], row[4], bool(row[5]), row[6])
        for row in work.session.execute(query)
    ]


def open_parts(work: Work, incident_id: int) -> list[str]:
    """References of its parts that are not closed."""
    query = (
        sa.select(Incident.reference)
        .join(IncidentRelation, IncidentRelation.incident_id == Incident.id)
        .where(
            IncidentRelation.other_id == incident_id,
            IncidentRelation.kind == RelationKind.PART_OF,
            Incident.state != IncidentState.CLOSED,
            Incident.bin_id.is_(None),
            sees_other(work.actor, Incident),
        )
        .order_by(Incident.id)
        .limit(_SHOWN)
    )
    return list(work.session.scalars(query))
