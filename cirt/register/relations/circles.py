"""Whether one incident is a part of another, over any number of steps: nothing may ever be a part of itself.

An incident and what is merged into it are one here. Links count whether or not the asker may see what is between, and
also what lies in the bin, which may come back; so neither an act that undoes another nor what somebody else sees
differently can close a circle. What is hidden is not named: the refusal is another one.
"""

from collections.abc import Collection
from enum import Enum

import sqlalchemy as sa

from cirt.kernel.work import Work
from cirt.register.merging.models import IncidentMerge
from cirt.register.models import Incident
from cirt.register.relations.models import IncidentRelation, RelationKind
from cirt.register.sight import sees_binned_incident


class Standing(Enum):
    APART = 0
    SEEN = 1  # a part, by links that the asker may see
    HIDDEN = 2  # a part, by way of something that is not for the asker to see


def standing(work: Work, part_id: int, whole_id: int) -> Standing:
    """How ``part`` stands to ``whole``; for whoever has taken their turn (``register.turns``)."""
    if not _leads_to(work, part_id, whole_id, only_seen=False):
        return Standing.APART
    return Standing.SEEN if _leads_to(work, part_id, whole_id, only_seen=True) else Standing.HIDDEN


def _leads_to(work: Work, start: int, goal: int, *, only_seen: bool) -> bool:
    """Upwards step by step: a query for each, and few have more than three."""
    reached, edge = {start}, {start}
    while edge and goal not in reached:
        edge = _next_to(work, edge, only_seen=only_seen) - reached
        reached |= edge
    return goal in reached


def _next_to(work: Work, ids: Collection[int], *, only_seen: bool) -> set[int]:
    """What these are parts of, and what they are merged with."""
    in_force = IncidentMerge.ended_at.is_(None)
    steps = (
        sa.select(IncidentRelation.other_id).where(
            IncidentRelation.incident_id.in_(ids), IncidentRelation.kind == RelationKind.PART_OF
        ),
        sa.select(IncidentMerge.leading_id).where(IncidentMerge.merged_id.in_(ids), in_force),
        sa.select(IncidentMerge.merged_id).where(IncidentMerge.leading_id.in_(ids), in_force),
    )
    query = sa.select(Incident.id).where(Incident.id.in_(sa.union(*steps)))
    if only_seen:
        query = query.where(sees_binned_incident(work.actor))
    return set(work.session.scalars(query))
