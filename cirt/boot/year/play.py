"""Plays the year through the register's own services, act by act, on a clock that it moves."""

import heapq
import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import count

from cirt.boot.stage import HANDLER, TRIAGE, Stage
from cirt.boot.year.texts import Kind, campaigns, small
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, Actor, Work
from cirt.register.closing.rules import open_ends
from cirt.register.closing.service import standing_of
from cirt.register.commands import (
    AcceptReport,
    AddReport,
    ChangeState,
    ClaimReport,
    MarkSpam,
    RejectReport,
    TakeReport,
    WriteNote,
)
from cirt.register.incidents import change_state
from cirt.register.intake import take_report
from cirt.register.models import CloseReason, IncidentState, Severity
from cirt.register.notes import write_note
from cirt.register.sight import get_incident, get_report
from cirt.register.triage.claims import claim_report
from cirt.register.triage.decisions import (
    accept_report,
    add_report_to_incident,
    mark_spam,
    reject_report,
)

DAYS, REPORTS = 365, 2500
_AT_FULL_LENGTH = 3500  # reports, of which the campaigns have as many as they say
_OPENS, _CLOSES = 8, 18  # when the desk is staffed, Monday to Friday
_SATURDAY = 5
_BY_HOUR = (1, 1, 1, 1, 1, 2, 4, 8, 14, 18, 18, 16, 12, 14, 16, 15, 13, 10, 8, 7, 6, 5, 3, 2)
_WEEKEND = 0.4  # of a working day
_SMALL_MOVES = (
    (20, IncidentState.CONTAINED, ""),
    (30, IncidentState.ERADICATED, ""),
    (44, IncidentState.RESOLVED, ""),
    (70, IncidentState.CLOSED, "The owner says that all works and nothing came back."),
)

_Act = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Told:
    """What came of it."""

    reports: int
    incidents: int


@dataclass(slots=True)
class _Year:
    stage: Stage
    begins: datetime
    ends: datetime
    dice: random.Random
    incidents: dict[str, str] = field(default_factory=dict)  # of campaigns, by name
    told: dict[str, int] = field(default_factory=lambda: {"reports": 0, "incidents": 0})
    actors: dict[int, Actor] = field(default_factory=dict)
    waiting: list[tuple[datetime, int, _Act]] = field(default_factory=list)
    number: Iterator[int] = field(default_factory=count)

    def work(self, place: int) -> AbstractContextManager[Work]:
        """One act of one of the team."""
        if place not in self.actors:
            self.actors[place] = self.stage.actor(place)
        return self.stage.program.work(self.actors[place])

    def plan(self, at: datetime, act: _Act) -> None:
        """What would come after the end stays undone: it is what waits when the demo begins."""
        if at < self.ends:
            heapq.heappush(self.waiting, (at, next(self.number), act))

    def play(self, progress: Callable[[float], None]) -> None:
        while self.waiting:
            at, _, act = heapq.heappop(self.waiting)
            self.stage.clock.at = at
            act()
            progress((at - self.begins) / (self.ends - self.begins))


def tell_year(
    stage: Stage,
    ends: datetime,
    *,
    reports: int = REPORTS,
    progress: Callable[[float], None] = lambda _: None,
) -> Told:
    """Play the year before ``ends`` with about ``reports``, of which a fifth belongs to the campaigns.

    The same dice fall the same way each time. ``progress`` is told the part that is done, 0 to 1.
    """
    begins = ends - timedelta(days=DAYS)
    year = _Year(stage, begins, ends, random.Random(7))  # noqa: S311 - a story, not a secret
    kinds, shares = small(), [kind.said["share"] for kind in small()]
    for kind in year.dice.choices(kinds, shares, k=reports * 4 // 5):
        at = _moment(year.dice, begins, DAYS)
        year.plan(at, partial(_arrives, year, kind, at, _judge_small))
    for campaign in campaigns():
        starts = begins + timedelta(days=campaign.said["day"], hours=7)
        for place in range(max(4, campaign.said["reports"] * reports // _AT_FULL_LENGTH)):
            at = starts if place == 0 else _moment(year.dice, starts, campaign.said["lasts"])
            year.plan(at, partial(_arrives, year, campaign, at, _judge_campaign))
    year.play(progress)
    return Told(**year.told)


def _moment(dice: random.Random, begins: datetime, days: float) -> datetime:
    """Working hours see most of it, nights and weekends some."""
    while True:
        at = begins + timedelta(seconds=dice.random() * days * 86_400)
        weight = _BY_HOUR[at.hour] / max(_BY_HOUR) * (_WEEKEND if at.weekday() >= _SATURDAY else 1)
        if dice.random() < weight:
            return at


def _staffed(at: datetime) -> datetime:
    """The same moment, or when the desk opens next."""
    while at.weekday() >= _SATURDAY or at.hour >= _CLOSES:
        at = (at + timedelta(days=1)).replace(hour=_OPENS, minute=0, second=0, microsecond=0)
    return at if at.hour >= _OPENS else at.replace(hour=_OPENS, minute=0, second=0, microsecond=0)


def _arrives(year: _Year, kind: Kind, at: datetime, judge: Callable[..., None]) -> None:
    text, language = kind.text(year.dice)
    said = TakeReport(text=text, organisation=kind.organisation(year.dice), language=language)
    with year.stage.program.work(CONSOLE) as work:
        report, _ = take_report(work, said)
        reference = report.reference
    year.told["reports"] += 1
    seen = _staffed(at + timedelta(minutes=year.dice.expovariate(1 / 45)))
    year.plan(seen, partial(_claim, year, reference))
    judged = seen + timedelta(minutes=2 + year.dice.expovariate(1 / 8))
    year.plan(judged, partial(judge, year, kind, reference, judged))


def _claim(year: _Year, reference: str) -> None:
    with year.work(TRIAGE) as work:
        report = get_report(work, reference)
        claim_report(work, ClaimReport(reference, report.version))


def _judge_small(year: _Year, kind: Kind, reference: str, at: datetime) -> None:
    if year.dice.random() >= kind.said["accepted"]:
        with year.work(TRIAGE) as work:
            report = get_report(work, reference)
            if kind.said["kind"] == "spam":
                mark_spam(work, MarkSpam(reference, report.version))
            else:
                reject_report(work, RejectReport(reference, report.version, kind.said["answer"]))
        return
    incident = _accept(year, kind, reference)
    slower = 0.5 + year.dice.random() * 2
    note = "Called those concerned. They keep the logs and change the passwords."
    year.plan(_staffed(at + timedelta(hours=2)), partial(_write, year, incident, note))
    for hours, to, reason in _SMALL_MOVES:
        moved = _staffed(at + timedelta(hours=hours * slower))
        year.plan(moved, partial(_move, year, incident, to, reason))


def _judge_campaign(year: _Year, kind: Kind, reference: str, at: datetime) -> None:
    name = kind.said["name"]
    if name in year.incidents:
        with year.work(TRIAGE) as work:
            report = get_report(work, reference)
            if get_incident(work, year.incidents[name]).state is not IncidentState.CLOSED:
                add_report_to_incident(
                    work, AddReport(reference, report.version, year.incidents[name])
                )
                return
            late = f"Belongs to {year.incidents[name]}, which is closed; nothing new in it."
            reject_report(work, RejectReport(reference, report.version, late))
        return
    incident = year.incidents[name] = _accept(year, kind, reference)
    for days, text in kind.said["notes"]:
        year.plan(at + timedelta(days=days, minutes=40), partial(_write, year, incident, text))
    for days, to, reason in kind.said["moves"]:
        moved = at + timedelta(days=days, hours=1)
        year.plan(moved, partial(_move, year, incident, IncidentState(to), reason))


def _accept(year: _Year, kind: Kind, reference: str) -> str:
    with year.work(HANDLER) as work:
        report = get_report(work, reference)
        said = AcceptReport(
            reference=reference,
            version=report.version,
            title=kind.title,
            rsit_class=kind.said["class"],
            rsit_type=kind.said["type"],
            severity=Severity(kind.said["severity"]),
            tlp=Tlp.AMBER,
            mine=True,
        )
        incident = accept_report(work, said).reference
    year.told["incidents"] += 1
    return incident


def _write(year: _Year, incident: str, text: str) -> None:
    with year.work(HANDLER) as work:
        write_note(work, WriteNote(incident, text))


def _move(year: _Year, incident: str, to: IncidentState, reason: str) -> None:
    with year.work(HANDLER) as work:
        found = get_incident(work, incident)
        said = ChangeState(incident, found.version, to, reason)
        if to is IncidentState.CLOSED:
            open_still = open_ends(standing_of(work, found, CloseReason.SOLVED))
            said = replace(
                said,
                close_reason=CloseReason.SOLVED,
                lesson=reason,
                despite=tuple(end.key for end in open_still),
            )
        change_state(work, said)
