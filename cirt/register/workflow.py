"""How reports and incidents move: states as data, and what must be known before a move. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cirt.kernel.text import mark
from cirt.register import rsit
from cirt.register.errors import (
    FactsMissing,
    ReasonMissing,
    RejectionNeedsReason,
    TransitionRefused,
)
from cirt.register.labels import CLOSE_REASONS, INCIDENT_STATES, REPORT_STATES
from cirt.register.models import CloseReason, Incident, IncidentState, ReportState

UNDO_WITHIN = timedelta(days=1)

WAITING = (ReportState.RECEIVED, ReportState.CLAIMED)
DECIDED = (
    ReportState.ACCEPTED,
    ReportState.ADDED,
    ReportState.FORWARDED,
    ReportState.REJECTED,
    ReportState.SPAM,
)
ON_INCIDENT = (ReportState.ACCEPTED, ReportState.ADDED)

REPORT_NEXT: Mapping[ReportState, frozenset[ReportState]] = {
    ReportState.RECEIVED: frozenset({ReportState.CLAIMED, *DECIDED}),
    ReportState.CLAIMED: frozenset({ReportState.RECEIVED, *DECIDED}),
    ReportState.ACCEPTED: frozenset(
        WAITING
    ),  # undone within a day, if nobody worked on its incident
    ReportState.ADDED: frozenset(WAITING),
    ReportState.FORWARDED: frozenset(WAITING),
    ReportState.REJECTED: frozenset(WAITING),
    ReportState.SPAM: frozenset(WAITING),
    ReportState.MERGED: frozenset(),  # parted from its leading report instead (register.merging)
}

_S = IncidentState
INCIDENT_NEXT: Mapping[IncidentState, tuple[IncidentState, ...]] = {
    _S.OPEN: (_S.CONTAINED, _S.WAITING, _S.CLOSED),
    _S.WAITING: (_S.OPEN, _S.CONTAINED, _S.CLOSED),
    _S.CONTAINED: (_S.ERADICATED, _S.OPEN, _S.CLOSED),
    _S.ERADICATED: (_S.RESOLVED, _S.OPEN),
    _S.RESOLVED: (_S.CLOSED, _S.OPEN),
    _S.CLOSED: (_S.OPEN,),
}

# The column that a state fills. Where a state is entered again, the first time stays for the early ones and
# the last counts for LAST_COUNTS (incident.md, section 10); the timeline has them all.
REACHED_AT: Mapping[IncidentState, str] = {
    _S.CONTAINED: "contained_at",
    _S.ERADICATED: "eradicated_at",
    _S.RESOLVED: "resolved_at",
    _S.CLOSED: "closed_at",
}

LAST_COUNTS = frozenset({_S.RESOLVED, _S.CLOSED})

# Moves back lose ground, so each says why; so does waiting, for the next shift.
_BACK = frozenset(
    {
        (_S.CONTAINED, _S.OPEN),
        (_S.ERADICATED, _S.OPEN),
        (_S.RESOLVED, _S.OPEN),
        (_S.CLOSED, _S.OPEN),
        (_S.OPEN, _S.WAITING),
    }
)

# Closed as solved from an early state would hide that containment was never reached.
_SOLVED_FROM = frozenset({_S.RESOLVED})
# Solved is offered from there alone; merged comes with a merge.
_NOT_CHOSEN = frozenset({CloseReason.SOLVED, CloseReason.MERGED})


@dataclass(frozen=True, slots=True)
class IncidentFacts:
    """What the guards of a move look at."""

    state: IncidentState
    rsit_class: str
    rsit_type: str | None
    has_owner: bool


@dataclass(frozen=True, slots=True)
class Move:
    """A wish to bring an incident to ``to``."""

    to: IncidentState
    reason: str = ""
    close_reason: CloseReason | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A state one may go to now, and what is still missing for it: marked sentences."""

    to: IncidentState
    needs_reason: bool
    missing: tuple[str, ...] = field(default=())


def check_report(before: ReportState, after: ReportState) -> None:
    """
    Raises:
        TransitionRefused.
    """
    if after not in REPORT_NEXT[before]:
        raise TransitionRefused(before=REPORT_STATES[before], after=REPORT_STATES[after])


def check_rejection(reason: str) -> None:
    """
    Raises:
        RejectionNeedsReason.
    """
    if not reason.strip():
        raise RejectionNeedsReason


def can_undo(state: ReportState, decided_at: datetime | None, now: datetime) -> bool:
    """Whether a decision may still be taken back (rulings 23)."""
    undoable = ReportState.RECEIVED in REPORT_NEXT[state] and state in DECIDED
    return undoable and decided_at is not None and now - decided_at <= UNDO_WITHIN


def check_move(facts: IncidentFacts, move: Move) -> None:
    """Nothing if the incident may go there.

    Raises:
        TransitionRefused: there is no such way.
        FactsMissing: facts that the state needs are not there; all are named.
        ReasonMissing: a move back or a close without its reason.
    """
    if move.to not in INCIDENT_NEXT[facts.state]:
        raise TransitionRefused(before=INCIDENT_STATES[facts.state], after=INCIDENT_STATES[move.to])
    missing = missing_facts(facts, move.to)
    if missing:
        raise FactsMissing(missing)
    if move.to is _S.CLOSED:
        _check_close(facts, move)
    elif needs_reason(facts.state, move.to) and not move.reason.strip():
        raise ReasonMissing(before=INCIDENT_STATES[facts.state], after=INCIDENT_STATES[move.to])


def steps(facts: IncidentFacts) -> list[Step]:
    """The moves a page offers, with what is missing for each."""
    return [
        Step(to, needs_reason(facts.state, to), missing_facts(facts, to))
        for to in INCIDENT_NEXT[facts.state]
    ]


def times_of(incident: Incident) -> dict[str, datetime | None]:
    """The columns of REACHED_AT as they are."""
    return {column: getattr(incident, column) for column in REACHED_AT.values()}


def times_after(
    times: Mapping[str, datetime | None], before: IncidentState, to: IncidentState, now: datetime
) -> list[tuple[str, datetime | None]]:
    """What a move makes of the times at which states were reached: the columns that change."""
    changed: list[tuple[str, datetime | None]] = []
    if before is _S.CLOSED:
        changed.append((REACHED_AT[_S.CLOSED], None))
    column = REACHED_AT.get(to)
    if column and (times[column] is None or to in LAST_COUNTS):
        changed.append((column, now))
    return changed


def needs_reason(before: IncidentState, after: IncidentState) -> bool:
    return (before, after) in _BACK or after is _S.CLOSED


def close_reasons(state: IncidentState) -> tuple[CloseReason, ...]:
    """Why an incident may be closed from this state."""
    others = tuple(reason for reason in CloseReason if reason not in _NOT_CHOSEN)
    return (CloseReason.SOLVED, *others) if state in _SOLVED_FROM else others


def missing_facts(facts: IncidentFacts, to: IncidentState) -> tuple[str, ...]:
    """What must be entered before this state; marked sentences."""
    found = []
    if to in (_S.CONTAINED, _S.ERADICATED, _S.RESOLVED, _S.CLOSED) and not facts.has_owner:
        found.append(mark("Choose the handler who owns it."))
    if to is _S.CLOSED and (facts.rsit_class, facts.rsit_type) == rsit.NOT_FINAL:
        found.append(mark("Replace “Undetermined” by the class and type that it was."))
    return tuple(found)


def _check_close(facts: IncidentFacts, move: Move) -> None:
    if move.close_reason is None or not move.reason.strip():
        raise ReasonMissing(before=INCIDENT_STATES[facts.state], after=INCIDENT_STATES[move.to])
    if move.close_reason not in close_reasons(facts.state):
        before, after = INCIDENT_STATES[facts.state], CLOSE_REASONS[move.close_reason]
        raise TransitionRefused(before=before, after=after)
