"""Scores of an incident."""

import sqlalchemy as sa

from cirt.kernel.work import Work
from cirt.register.severity.models import IncidentScore


def newest_score(work: Work, incident_id: int) -> IncidentScore | None:
    query = sa.select(IncidentScore).where(IncidentScore.incident_id == incident_id)
    return work.session.scalars(query.order_by(IncidentScore.id.desc()).limit(1)).first()


def scores_of(work: Work, incident_id: int, limit: int = 50) -> list[IncidentScore]:
    """The newest first."""
    query = sa.select(IncidentScore).where(IncidentScore.incident_id == incident_id)
    return list(work.session.scalars(query.order_by(IncidentScore.id.desc()).limit(limit)))
