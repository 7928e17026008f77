"""What pages ask of the register, by one name; the modules behind it are by topic."""

from cirt.register.case import (
    IncidentView,
    IndicatorRow,
    LinkedReport,
    ObservableRow,
    incident_view,
    indicators_of,
    observables,
    observables_of,
)
from cirt.register.cases import (
    IncidentFilter,
    IncidentRow,
    Who,
    incidents,
    incidents_of_object,
    next_in_line,
    possible_owners,
)
from cirt.register.desk import AlsoSeen, Desk, desk
from cirt.register.known import IncidentHit, IndicatorHit, Known, ReportHit, known_of
from cirt.register.pages import Page
from cirt.register.queue.counts import QueueCounts, queue_counts
from cirt.register.queue.filters import QueueFilter, QueueSort, QueueView
from cirt.register.queue.found import Hits
from cirt.register.queue.lines import QueueRow, queue
from cirt.register.queue.reading import ReportView, report_view
from cirt.register.timeline.queries import (
    AttackView,
    EntryRow,
    NoteView,
    Thread,
    TimelineFilter,
    counts_of,
    entries_of,
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
    "QueueSort",
    "QueueView",
    "ReportHit",
    "ReportView",
    "Thread",
    "TimelineFilter",
    "Who",
    "counts_of",
    "desk",
    "entries_of",
    "incident_view",
    "incidents",
    "incidents_of_object",
    "indicators_of",
    "known_of",
    "next_in_line",
    "observables",
    "observables_of",
    "possible_owners",
    "queue",
    "queue_counts",
    "report_view",
    "timeline",
]
