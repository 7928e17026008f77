"""Asks, before an incident is closed, whether what still stands open may stay so."""

from collections.abc import Callable

import sqlalchemy as sa

from cirt.kernel.work import Work
from cirt.register.closing.errors import StillOpen
from cirt.register.closing.rules import OpenEnd, Standing, open_ends
from cirt.register.commands import ChangeState
from cirt.register.dialogue.waiting import answers_in_incident
from cirt.register.models import (
    CloseReason,
    Incident,
    IncidentObservable,
    ObservableState,
)
from cirt.register.relations.queries import open_parts
from cirt.register.severity.queries import newest_score
from cirt.register.tasks.queries import open_tasks

Count = Callable[[Work, Incident], int]

# Figures of rooms that this one cannot see, by the name under which a check finds them.
COUNTS: dict[str, Count] = {}


def also_count(name: str) -> Callable[[Count], Count]:
    """For a room that knows of something that may be left undone: how much of it an incident has."""

    def add(count: Count) -> Count:
        COUNTS[name] = count
        return count

    return add


def check_open_ends(work: Work, incident: Incident, cmd: ChangeState) -> list[str]:
    """The codes of what stays open because somebody said that it may.

    Raises:
        StillOpen: something does of which nobody said so.
    """
    found = open_ends(standing_of(work, incident, cmd.close_reason))
    unasked = [end for end in found if end.key not in cmd.despite]
    if unasked:
        raise StillOpen(unasked)
    return [end.code for end in found]


def standing_of(work: Work, incident: Incident, close_reason: CloseReason | None) -> Standing:
    offered = sa.select(sa.func.count()).where(
        IncidentObservable.incident_id == incident.id,
        IncidentObservable.state == ObservableState.OFFERED,
    )
    return Standing(
        close_reason=close_reason,
        open_parts=tuple(open_parts(work, incident.id)),
        open_tasks=open_tasks(work, incident.id),
        unread_answers=answers_in_incident(work, incident.id),
        offered=work.session.scalar(offered) or 0,
        has_score=newest_score(work, incident.id) is not None,
        has_lesson=bool(incident.lesson.strip()),
        counted={name: count(work, incident) for name, count in COUNTS.items()},
    )


def open_ends_of(work: Work, incident: Incident) -> list[OpenEnd]:
    """For the page, before a reason is chosen."""
    return open_ends(standing_of(work, incident, None))
