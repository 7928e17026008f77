"""News of matches for the desk, as far as the asker may see the incidents."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from cirt.kernel.work import Work
from cirt.register.matches.models import MatchNews
from cirt.register.merging.models import IncidentMerge
from cirt.register.merging.queries import home_of
from cirt.register.models import IS_OPEN, Incident
from cirt.register.sight import sees_incident

_RECENT = timedelta(days=7)
_SHOWN = 9


@dataclass(frozen=True, slots=True)
class MatchLine:
    """``count`` objects of peers met what the incident holds, the last of them at ``at``."""

    reference: str
    title: str
    count: int
    at: datetime


def match_news(work: Work) -> list[MatchLine]:
    """Of the last seven days, the incidents with the latest news first; of those that are open."""
    count, last = sa.func.sum(MatchNews.count), sa.func.max(MatchNews.at)
    query = (
        sa.select(Incident.reference, Incident.title, count, last)
        .select_from(MatchNews)
        .join(Incident, Incident.id == home_of(IncidentMerge, MatchNews.incident_id))
        .where(MatchNews.at >= work.now - _RECENT, IS_OPEN, sees_incident(work.actor))
        .group_by(Incident.id, Incident.reference, Incident.title)
        .order_by(last.desc(), Incident.id.desc())
        .limit(_SHOWN)
    )
    return [MatchLine(*row) for row in work.session.execute(query)]
