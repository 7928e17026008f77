"""When somebody should know of a line, and in which words. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cirt.exchange.watching.models import AlertKind
from cirt.kernel.text import mark

_INTERVALS = 3  # runs that failed in a row, by the clock
_LEAST_FAILING = timedelta(minutes=15)
_FEW = 20  # arrivals a day that are not taken; below that nobody need hurry
_HOURS_TOLD = 48  # a longer span is told in days
_TIMES = 3  # as many as on a usual day

ALERT_WORDS: Mapping[AlertKind, str] = {
    AlertKind.SILENT: mark(
        "Nothing has come for {silent}; usually it is silent for {habit} at most."
    ),
    AlertKind.FAILING: mark("It has not worked for {failing}."),
    AlertKind.FILLING: mark(
        "{count} arrivals of one day were not taken; on the days before there were {usual} a day."
    ),
}
ALERT_STEPS: Mapping[AlertKind, str] = {
    AlertKind.SILENT: mark(
        "Ask the peer whether it has stopped sending, or check by its manifest whether something is missing."
    ),
    AlertKind.FAILING: mark("Its cause and the next step stand beside the line."),
    AlertKind.FILLING: mark(
        "Look into quarantine: one mistake of the sender is often behind all of them."
    ),
}
SPANS = frozenset({"silent", "habit", "failing"})  # values that are minutes


@dataclass(frozen=True, slots=True)
class Line:
    """A link or a connector, as far as alerts ask. ``key`` is ``link:7`` or ``source:misp``."""

    key: str
    name: str
    peer_id: int | None
    every_s: int
    is_at_work: bool  # neither paused nor resting
    brings_data: bool  # what only sends has no silence
    is_in_trouble: bool
    since: datetime  # from when on it could have worked
    last_success_at: datetime | None
    last_data_at: datetime | None


@dataclass(frozen=True, slots=True)
class Untaken:
    """What of a line's arrivals was not taken: in the last day, and on a usual one of the week before."""

    last_day: int = 0
    usual: int = 0


def alerts_of(
    line: Line, habit: timedelta | None, untaken: Untaken, now: datetime
) -> Iterator[tuple[AlertKind, dict[str, Any]]]:
    """Each that is due now, with the values of its sentence: spans in minutes, counts as numbers."""
    if not line.is_at_work:
        return
    silent = now - (line.last_data_at or line.since)
    if line.brings_data and habit is not None and silent > habit:
        yield AlertKind.SILENT, {"silent": _minutes(silent), "habit": _minutes(habit)}
    failing = now - (line.last_success_at or line.since)
    if line.is_in_trouble and failing > max(
        _LEAST_FAILING, _INTERVALS * timedelta(seconds=line.every_s)
    ):
        yield AlertKind.FAILING, {"failing": _minutes(failing)}
    if untaken.last_day >= _FEW and untaken.last_day > _TIMES * untaken.usual:
        yield AlertKind.FILLING, {"count": untaken.last_day, "usual": untaken.usual}


def in_english(values: Mapping[str, Any]) -> dict[str, str]:
    """The values of an alert's sentence for mails and the console."""
    return {name: _span(value) if name in SPANS else str(value) for name, value in values.items()}


def _span(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    if hours < _HOURS_TOLD:
        return f"{hours} h {rest} min" if hours else f"{rest} min"
    return f"{hours // 24} d {hours % 24} h"


def _minutes(length: timedelta) -> int:
    return int(length.total_seconds()) // 60
