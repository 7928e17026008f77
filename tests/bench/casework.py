"""A register of many years, written straight into its tables: the pages are measured, not how it came."""

import random
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import inspect

from cirt.kernel.db import Base, insert_rows
from cirt.kernel.ids import Reference, ReferenceCounter
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE
from cirt.objects.observables.kinds import Kind, Observable
from cirt.register import rsit
from cirt.register.models import (
    CloseReason,
    Entry,
    EntryKind,
    Incident,
    IncidentObservable,
    IncidentState,
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
OPEN_SHARE, WAITING_SHARE = 20, 50  # every so-manieth incident is open, report waits
LARGE_ENTRIES, LARGE_OBSERVABLES = 2000, 5000
_CHUNK = 5000
_EACH = timedelta(minutes=8)
_CLASSES = [(code, name) for code, one in rsit.CLASSES.items() for name in one.types]
_OPEN = [state for state in IncidentState if state is not IncidentState.CLOSED]


def fill(program: Program, count: int, owner_id: int) -> str:
    """So many reports and incidents; the reference of the one with a long timeline and many observables."""
    chance = random.Random(4)
    numbers = range(1, count + 1)
    _put(program, Incident, (_incident(number, count, owner_id, chance) for number in numbers))
    _put(program, Report, (_report(number, count) for number in numbers))
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
        "version": 1,
        "bin_id": None,
    }


def _report(number: int, count: int) -> dict[str, Any]:
    waits = number % WAITING_SHARE == 0
    received = NOW - (count - number) * _EACH
    return {
        "id": number,
        "reference": f"REP-2026-{number:04d}",
        "state": ReportState.RECEIVED if waits else ReportState.ACCEPTED,
        "source": ReportSource.FORM,
        "received_at": received,
        "title": f"Report {number}: a mail asked for a password",
        "text": f"Report {number}: a mail asked for a password. " * 8,
        "tlp": Tlp.AMBER,
        "organisation": f"Organisation {number % 977}",
        "reporter": "",
        "contact": "",
        "language": "en",
        "headers": {},
        "code_hash": f"{number:064x}",
        "form_token": None,
        "claimed_by_id": None,
        "claimed_at": None,
        "decided_by_id": None,
        "decided_at": None if waits else received + timedelta(minutes=5),
        "reason": "",
        "incident_id": None if waits else number,
        "version": 1,
    }


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
