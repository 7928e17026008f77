"""What may be asked of the register. ``version`` is the one the asker saw; another one is a conflict."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from cirt.kernel.tlp import Tlp
from cirt.register.facts.commands import MoreFacts
from cirt.register.models import (
    Affected,
    CloseReason,
    IncidentState,
    Lane,
    ReportSource,
    Severity,
    Side,
    Speaker,
)


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file as it came; neither its name nor its media type is trusted."""

    name: str
    media_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class TakeReport:
    """``form_token`` is the one-time value of the form; the same sent twice is one report.

    ``came_at`` is when it reached one of us, for what the desk writes down later.
    """

    text: str
    organisation: str = ""
    reporter: str = ""
    contact: str = ""
    tlp: Tlp = Tlp.AMBER
    language: str = ""
    lane: Lane | None = None
    who: Speaker = Speaker.SELF
    on_behalf_of: str = ""
    on_behalf_known: bool | None = None
    ongoing: bool | None = None
    began: date | None = None
    affected: tuple[Affected, ...] = ()
    sector: str | None = None  # of facts.places; None: not said
    came_at: datetime | None = None
    files: tuple[SentFile, ...] = ()
    source: ReportSource = ReportSource.FORM
    headers: Mapping[str, Any] = field(default_factory=dict)
    form_token: str | None = None


@dataclass(frozen=True, slots=True)
class AskStatus:
    reference: str
    code: str


@dataclass(frozen=True, slots=True)
class ClaimReport:
    reference: str
    version: int


@dataclass(frozen=True, slots=True)
class ReleaseClaim:
    reference: str
    version: int


@dataclass(frozen=True, slots=True)
class AcceptReport:
    """``mine`` makes the actor the owner at once."""

    reference: str
    version: int
    title: str
    rsit_class: str
    rsit_type: str | None
    severity: Severity
    tlp: Tlp
    reason: str = ""
    mine: bool = False


@dataclass(frozen=True, slots=True)
class AddReport:
    reference: str
    version: int
    incident: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RejectReport:
    reference: str
    version: int
    reason: str


@dataclass(frozen=True, slots=True)
class MarkSpam:
    reference: str
    version: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class UndoDecision:
    reference: str
    version: int


@dataclass(frozen=True, slots=True)
class NameSector:
    """``sector`` is of facts.places; None: not said."""

    reference: str
    version: int
    sector: str | None


@dataclass(frozen=True, slots=True)
class OpenIncident:
    """An incident that no report began."""

    title: str
    rsit_class: str
    rsit_type: str | None
    severity: Severity
    tlp: Tlp
    mine: bool = False
    more: MoreFacts | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class EditFacts:
    """``more`` None: the further facts stay as they are.

    ``reason`` is asked for when the marking becomes less strict, when the severity is another than the score
    proposes, and when the priority is set by hand.
    """

    reference: str
    version: int
    title: str
    rsit_class: str
    rsit_type: str | None
    severity: Severity
    tlp: Tlp
    owner_id: int | None
    reason: str = ""
    more: MoreFacts | None = None


@dataclass(frozen=True, slots=True)
class ChangeState:
    reference: str
    version: int
    to: IncidentState
    reason: str = ""
    close_reason: CloseReason | None = None
    lesson: str | None = None  # None: as it is
    despite: tuple[str, ...] = ()  # keys of what may stay open when it is closed


@dataclass(frozen=True, slots=True)
class WriteNote:
    """``tlp`` None: marked as the incident is."""

    incident: str
    text: str
    tlp: Tlp | None = None


@dataclass(frozen=True, slots=True)
class EditNote:
    note_id: int
    version: int
    text: str


@dataclass(frozen=True, slots=True)
class AddObservables:
    """Free text of which the observables go on the incident; ``confirm`` spares the second look."""

    incident: str
    text: str
    confirm: bool = False


@dataclass(frozen=True, slots=True)
class DecideObservables:
    incident: str
    confirm: tuple[int, ...] = ()
    dismiss: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class PlaceObservable:
    """Whose an observable is in this incident, and what is to be said of it here."""

    incident: str
    observable_id: int
    side: Side | None
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Promote:
    """Make indicators of confirmed observables; ``reason`` is asked for below the incident's marking."""

    incident: str
    observable_ids: tuple[int, ...]
    tlp: Tlp
    valid_until: datetime | None = None
    valid_days: int | None = None  # instead of ``valid_until``
    valid_from: datetime | None = None  # None: now
    indicator_type: str = "malicious-activity"
    name: str = ""  # empty: named for the value
    description: str = ""
    confidence: int | None = None
    reason: str = ""
    personal: bool | None = None  # holds personal data; None: as the values suggest
