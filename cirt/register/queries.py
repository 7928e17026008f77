"""What pages ask of the register, by one name; the modules behind it are by topic."""

from cirt.register.case import (
    IncidentView,
    IndicatorRow,
    LinkedReport,
    ObservableRow,
    incident_view,
    indicators_of,
    observables,
)
from cirt.register.cases import (
    IncidentFilter,
    IncidentRow,
    Who,
    incidents,
    incidents_of_object,
    possible_owners,
)
from cirt.register.desk import AlsoSeen, Desk, desk
from cirt.register.known import IncidentHit, IndicatorHit, Known, ReportHit, known_of
from cirt.register.pages import Page
from cirt.register.queue import (
    Hits,
    QueueCounts,
    QueueFilter,
    QueueRow,
    QueueView,
    ReportView,
    queue,
    queue_counts,
    report_view,
)
from cirt.register.timeline.queries import (
    AttackView,
    EntryRow,
    NoteView,
    Thread,
    TimelineFilter,
    people_of,
    timeline,
)

__all__ = [
    "AlsoSeen",
    "AttackView",
    "Desk",
    "EntryRow",
    "Hits",
    "IncidentFilter",
    "IncidentHit",
    "IncidentRow",
    "IncidentView",
    "IndicatorHit",
    "IndicatorRow",
    "Known",
    "LinkedReport",
    "NoteView",
    "ObservableRow",
    "Page",
    "QueueCounts",
    "QueueFilter",
    "QueueRow",
    "QueueView",
    "ReportHit",
    "ReportView",
    "Thread",
    "TimelineFilter",
    "Who",
    "desk",
    "incident_view",
    "incidents",
    "incidents_of_object",
    "indicators_of",
    "known_of",
    "observables",
    "people_of",
    "possible_owners",
    "queue",
    "queue_counts",
    "report_view",
    "timeline",
]
