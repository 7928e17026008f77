"""A page of 1,000 indicators against a million own observables, and against a hundred."""

from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from cirt.kernel.clock import SystemClock, to_us
from cirt.kernel.inserting import insert_columns
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, SYSTEM, Work
from cirt.objects.models import Holder
from cirt.objects.observables.kinds import Kind, Observable
from cirt.objects.widening import keep_wider
from cirt.register import service
from cirt.register.commands import OpenIncident
from cirt.register.matches.arriving import Came, tell_of_arrivals
from cirt.register.models import IncidentObservable, ObservableState, Severity
from tests.bench.measure import emit, percentiles, seconds
from tests.support.databases import Databases

OWN = 1_000_000
PAGE, PAGES, HITS = 1_000, 20, 10
_CHUNK = 50_000


def run(databases: Databases, backend: str, place: Path) -> None:
    with databases.program(backend, place, SystemClock()) as program:
        with program.work(CONSOLE) as work:
            cmd = OpenIncident(
                "A bench", "intrusions", "system-compromise", Severity.LOW, Tlp.AMBER
            )
            incident_id = service.open_incident(work, cmd).id
        few, own = 100, 0
        for total, name in ((few, "few"), (OWN, "million")):
            for start in range(own, total, _CHUNK):
                with program.work(SYSTEM) as work:
                    _hold(work, incident_id, range(start, min(start + _CHUNK, total)))
            own = total
            if backend == "postgresql":
                _analyse(program)
            told = percentiles([seconds(partial(_page, program, n, own)) for n in range(PAGES)])
            emit(f"match_page_of_1000_{name}", backend, told["median_ms"], "ms", **told)


def _analyse(program: Program) -> None:
    with program.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def _value(number: int) -> Observable:
    """Addresses, domains below others, URLs; each number another."""
    kind = number % 3
    if kind == 0:
        return Observable(
            Kind.IPV4,
            f"{20 + number % 180}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
        )
    if kind == 1:
        return Observable(Kind.DOMAIN, f"h{number}.d{number % 100_000}.example")
    return Observable(Kind.URL, f"http://d{number}.example/p{number}")


def _hold(work: Work, incident_id: int, numbers: range) -> None:
    values = {one.key: one for one in map(_value, numbers)}
    columns: dict[str, list[Any]] = {
        "key": list(values),
        "kind": [one.kind for one in values.values()],
        "value": [one.value for one in values.values()],
    }
    same = {
        "incident_id": incident_id,
        "state": ObservableState.CONFIRMED,
        "source": "paste",
        "added_at": work.now,
        "comment": "",
    }
    connection = work.session.connection()
    insert_columns(connection, IncidentObservable, columns, same=same)
    keep_wider(connection, Holder.INCIDENT, values.values())


def _page(program: Program, number: int, own: int) -> None:
    """New addresses, networks, domains and URLs, a few of which are held."""
    first = 10_000_000 + number * PAGE
    named = [_value(first + n) for n in range(PAGE - HITS - 10)]
    named += [_value((number * HITS + n) * 7 % own) for n in range(HITS)]
    named += [Observable(Kind.IPV4, f"{20 + n}.{number}.{n}.0/24") for n in range(10)]
    with program.work(SYSTEM) as work:
        us = to_us(work.now)
        came = [Came(first + n, us, None, {one.key: one}) for n, one in enumerate(named)]
        tell_of_arrivals(work, came, work.now - timedelta(days=1), None)
        work.session.execute(sa.text("DELETE FROM match_news"))
