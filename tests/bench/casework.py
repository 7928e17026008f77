"""A register of many years, written straight into its tables: the pages are measured, not how it came."""

import random
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import inspect

from cirt.kernel.db import Base
from cirt.kernel.ids import Reference, ReferenceCounter
from cirt.kernel.inserting import insert_rows
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE
from cirt.objects.observables.kinds import Kind, Observable
from cirt.register import rsit
from cirt.register.facts.places import SECTORS
from cirt.register.likeness.models import ReportTrait
from cirt.register.likeness.traits import traits_of
from cirt.register.models import (
    CloseReason,
    Entry,
    EntryKind,
    Incident,
    IncidentObservable,
    IncidentState,
    Lane,
    Note,
    ObservableState,
    Report,
    ReportObservable,
    ReportSource,
    ReportState,
    Severity,
)
from cirt.register.tasks.models import Task, TaskState

NOW = datetime.now(UTC)
OPEN_SHARE, WAITING_SHARE = 20, 10  # every so-manieth incident is open, report waits
LARGE_ENTRIES, LARGE_OBSERVABLES = 2000, 5000
_CHUNK = 5000
_EACH = timedelta(minutes=8)
_CLASSES = [(code, name) for code, one in rsit.CLASSES.items() for name in one.types]
_STARTS = "ba be bi bo ka ke ki ko ma me mi mo na ne ni no ra re ri ro sa se si so".split()  # noqa: SIM905
_ENDS = "lan ver tin dos mur pel gar net sol bit fen wag dor kem lis pon".split()  # noqa: SIM905
_OPEN = [state for state in IncidentState if state is not IncidentState.CLOSED]


def fill(program: Program, count: int, owner_id: int, *, figures: bool = True) -> str:
    """So many reports and incidents; the reference of the one with a long timeline and many observables.

    Without ``figures`` PostgreSQL knows nothing of its tables, as where it is new; SQLite never does.
    """
    chance = random.Random(4)
    numbers = range(1, count + 1)
    _put(program, Incident, (_incident(number, count, owner_id, chance) for number in numbers))
    _put(program, Report, (_report(number, count, chance) for number in numbers))
    _put(program, ReportTrait, (row for n in numbers for row in _traits(n)))
    _put(program, ReportObservable, (row for n in numbers for row in _found(n)))
    observables = (
        _observable(n, row, n * 2 + k) for n in numbers for k, row in enumerate(_found(n))
    )
    _put(program, IncidentObservable, observables)
    _put(program, Entry, (_entry(n, NOW - (count - n) * _EACH, EntryKind.OPENED) for n in numbers))
    open_ones = [number for number in numbers if number % OPEN_SHARE == 0]
    _put(program, Task, (_task(n, place, owner_id) for n in open_ones for place in (1, 2, 3)))
    large = open_ones[-10]
    _large(program, large)
    with program.work(CONSOLE) as work:
        for kind in (Reference.INCIDENT, Reference.REPORT):
            work.session.merge(ReferenceCounter(kind=kind, year=2026, last=count))
    _count_on(program)
    if figures:
        _gather_figures(program)
    return f"INC-2026-{large:04d}"


def _put(program: Program, model: type[Base], rows: Iterable[Mapping[str, Any]]) -> None:
    usual = _defaults(model)
    several: Iterator[Mapping[str, Any]] = ({**usual, **row} for row in rows)
    while some := list(islice(several, _CHUNK)):
        with program.work(CONSOLE) as work:
            insert_rows(work.session.connection(), model, some)


def _defaults(model: type[Base]) -> dict[str, Any]:
    columns = inspect(model).columns
    return {
        column.key: getattr(column.default, "arg", None)
        for column in columns
        if not column.primary_key and (column.nullable or column.default is not None)
    }


def _incident(number: int, count: int, owner_id: int, chance: random.Random) -> dict[str, Any]:
    is_open = number % OPEN_SHARE == 0
    rsit_class, rsit_type = chance.choice(_CLASSES)
    opened = NOW - (count - number) * _EACH
    return {
        "id": number,
        "reference": f"INC-2026-{number:04d}",
        "title": f"Incident {number} at organisation {number % 977}",
        "state": _OPEN[number // OPEN_SHARE % len(_OPEN)] if is_open else IncidentState.CLOSED,
        "rsit_class": rsit_class,
        "rsit_type": rsit_type,
        "severity": chance.choice(list(Severity)),
        "tlp": Tlp.RED if number % 500 == 1 else Tlp.AMBER,
        "owner_id": owner_id if number % (OPEN_SHARE * 10) == 0 else None,
        "opened_at": opened,
        "contained_at": None,
        "eradicated_at": None,
        "resolved_at": None,
        "closed_at": None if is_open else opened + timedelta(days=2),
        "close_reason": None if is_open else CloseReason.INFORMATIONAL,
        "pap": None,
        "is_cross_border": number % 9 == 0,
        "priority": 1 + number % 4,
        "priority_reason": "",
        "lesson": "",
        "version": 1,
        "bin_id": None,
    }


def _report(number: int, count: int, chance: random.Random) -> dict[str, Any]:
    """Waiting and decided, by every way in; a third belongs to waves of much the same mail."""
    waits = number % WAITING_SHARE == 0
    received = NOW - (count - number) * _EACH
    decided = _DECIDED[number % len(_DECIDED)]
    lane = (None, Lane.CITIZEN, Lane.FIRM, Lane.OPERATOR)[number // WAITING_SHARE % 4]
    earlier = _earlier_of_wave(number)
    return {
        "id": number,
        "reference": f"REP-2026-{number:04d}",
        "state": ReportState.RECEIVED if waits else decided,
        "source": chance.choice(_SOURCES),
        "received_at": received,
        "title": f"Report {number}: a mail asked for a password",
        "text": _text(number),
        "tlp": Tlp.RED if number % 500 == 2 else Tlp.AMBER,
        "organisation": f"Organisation {number % 977}",
        "reporter": "",
        "contact": f"office{number % 5003}@bench.example" if number % 2 else "",
        "language": "en",
        "lane": lane,
        "on_behalf_of": None,
        "on_behalf_known": None,
        "circumstances": None,
        "sector": chance.choice(_SECTORS) if lane in (Lane.FIRM, Lane.OPERATOR) else None,
        "first_guess": chance.choice([None, *Severity]),
        "like_id": earlier,
        "like_root_id": None if earlier is None else number % _WAVES,
        "like_share": None if earlier is None else 92,
        "headers": {},
        "code_hash": f"{number:064x}",
        "form_token": None,
        "claimed_by_id": None,
        "claimed_at": None,
        "decided_by_id": None,
        "decided_at": None if waits else received + timedelta(minutes=5),
        "reason": "",
        "version": 1,
    }


_SOURCES = (ReportSource.FORM, ReportSource.MAIL, ReportSource.WEBHOOK, ReportSource.DESK)
_DECIDED = (
    *(ReportState.ACCEPTED,) * 4,
    *(ReportState.REJECTED,) * 2,
    ReportState.SPAM,
    ReportState.ADDED,
)
_SECTORS = sorted(SECTORS)
_WAVES = 300  # numbers that leave the same rest, up to a hundred, are of one wave
_WORDS = [f"{start}{end}" for start in _STARTS for end in _ENDS]


def _earlier_of_wave(number: int) -> int | None:
    is_of_wave = 0 < number % _WAVES <= _WAVES // 3
    return number - _WAVES if is_of_wave and number > _WAVES else None


def _text(number: int) -> str:
    """Most of the words of a wave are the same, all of the others are their own."""
    is_of_wave = 0 < number % _WAVES <= _WAVES // 3
    story = random.Random(number % _WAVES if is_of_wave else number + 10**6)
    words = story.choices(_WORDS, k=70)
    if is_of_wave:
        words[number // _WAVES % 60] = f"office{number}"
    sentences = [" ".join(words[at : at + 10]).capitalize() for at in range(0, 70, 10)]
    return f"Report {number}: a mail asked for a password. {'. '.join(sentences)}."


def _traits(number: int) -> list[dict[str, Any]]:
    contact = f"office{number % 5003}@bench.example" if number % 2 else ""
    found = traits_of(_text(number), f"Organisation {number % 977}", contact)
    return [{"key": one.key, "report_id": number, "kind": one.kind, "of": one.of} for one in found]


def _found(number: int) -> list[dict[str, Any]]:
    """One value of its own, one that a hundred others have too."""
    values = (
        (Kind.DOMAIN, f"h{number}.bench.example"),
        (Kind.IPV4, f"198.51.{number % 1000 // 250}.{number % 250}"),
    )
    return [
        {"report_id": number, "key": Observable(kind, value).key, "kind": kind, "value": value}
        for kind, value in values
    ]


def _observable(number: int, found: Mapping[str, Any], row_id: int) -> dict[str, Any]:
    return {
        "id": row_id,
        "incident_id": number,
        "key": found["key"],
        "kind": found["kind"],
        "value": found["value"],
        "state": ObservableState.CONFIRMED,
        "source": f"REP-2026-{number:04d}",
        "added_at": NOW,
        "decided_at": None,
        "decided_by_id": None,
        "object_id": None,
        "comment": "",
    }


def _entry(number: int, at: datetime, kind: EntryKind, **given: Any) -> dict[str, Any]:
    return {
        "incident_id": number,
        "at": at,
        "kind": kind,
        "actor": f"Handler {int(at.timestamp()) % 7}",
        "values": {},
        "note_id": None,
        "attack_id": None,
        **given,
    }


def _task(number: int, place: int, owner_id: int) -> dict[str, Any]:
    return {
        "incident_id": number,
        "place": place,
        "title": f"Task {place} of {number}",
        "detail": "",
        "phase": None,
        "state": TaskState.TODO,
        "reason": "",
        "owner_id": owner_id if number % (OPEN_SHARE * 10) == 0 else None,
        "due_at": NOW + timedelta(hours=number % 400 - 100),
        "added_at": NOW,
        "ended_at": None,
        "playbook": None,
        "playbook_version": None,
        "step": None,
        "version": 1,
        "bin_id": None,
    }


def _large(program: Program, number: int) -> None:
    notes = [
        {
            "id": each,
            "incident_id": number,
            "author_id": None,
            "tlp": Tlp.AMBER,
            "text": f"Note {each}: it called h{each}.bench.example again. " * 6,
            "version": 1,
            "written_at": NOW,
            "edited_at": None,
            "edited_by_id": None,
            "bin_id": None,
        }
        for each in range(1, LARGE_ENTRIES // 2 + 1)
    ]
    _put(program, Note, notes)
    kinds = (EntryKind.NOTE, EntryKind.OBSERVABLES)
    _put(
        program,
        Entry,
        (
            _entry(
                number,
                NOW - timedelta(minutes=each),
                kinds[each % 2],
                note_id=each // 2 + 1 if each % 2 == 0 else None,
                values={"confirmed": 2, "dismissed": 1},
            )
            for each in range(LARGE_ENTRIES)
        ),
    )
    start = 10_000_000
    values = ((Kind.DOMAIN, f"large{each}.bench.example") for each in range(LARGE_OBSERVABLES))
    rows = (
        {"key": Observable(kind, value).key, "kind": kind, "value": value} for kind, value in values
    )
    _put(
        program,
        IncidentObservable,
        (_observable(number, row, start + place) for place, row in enumerate(rows)),
    )


def _count_on(program: Program) -> None:
    """PostgreSQL numbers rows from where we stopped."""
    if program.engine.name != "postgresql":
        return
    with program.work(CONSOLE) as work:
        for table in ("incident", "report", "incident_observable", "note"):
            work.session.connection().exec_driver_sql(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"  # names above
            )


def _gather_figures(program: Program) -> None:
    """PostgreSQL does so by itself within a minute; SQLite never does."""
    if program.engine.name == "postgresql":
        with program.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")
