"""A bad minute: 1,000 people report at the public counter while ten analysts work.

What they were told is held against what the database has afterwards: none lost, none doubled, also where
somebody pressed the button twice.
"""

import random
import re
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from cirt.boot.year.texts import small
from cirt.kernel.work import CONSOLE
from cirt.parties.accounts import AddAccount, add_account
from cirt.parties.roles import Role
from cirt.register.models import Report
from tests.bench.measure import Goal, emit, percentiles
from tests.bench.visitor import Visitor
from tests.support.databases import Databases
from tests.support.served import serve

PER_MINUTE, ANALYSTS = 1000, 10
_COUNTERS = 4  # threads that play the reporters
_TWICE = 0.05  # of whom this part sends twice
_PASSWORD = "a password for benches"
_REFERENCE = re.compile(r"REP-\d{4}-\d{4,}")
_PAGES = ("/desk", "/triage", "/incidents", "/indicators")


@dataclass(slots=True)
class _Minute:
    """What everybody notes down."""

    url: str
    seconds: float
    told: list[str] = field(default_factory=list)  # references
    took: list[float] = field(default_factory=list)  # of a report, form and sending
    pages: list[float] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    begins: float = field(default_factory=time.monotonic)

    @property
    def ends(self) -> float:
        return self.begins + self.seconds


def run(databases: Databases, backend: str, place: Path, *, seconds: float = 60.0) -> None:
    with serve(databases, backend, place, workers=2, also=_BEHIND_A_PROXY) as served:
        with served.program.work(CONSOLE) as work:
            for number in range(ANALYSTS):
                account = AddAccount(
                    _email(number), f"Analyst {number}", (Role.HANDLER,), _PASSWORD
                )
                add_account(work, account)
        minute = _Minute(served.url, seconds)
        reporters = [partial(_report, minute, number) for number in range(_COUNTERS)]
        analysts = [partial(_analyse, minute, number) for number in range(ANALYSTS)]
        _all_at_once(minute, [*reporters, *analysts])
        with served.program.work(CONSOLE, write=False) as work:
            kept = set(work.session.scalars(sa.select(Report.reference)))
    lost, doubled = set(minute.told) - kept, kept - set(minute.told)
    emit("intake_reports", backend, len(minute.told) / seconds * 60, "reports/min", Goal(950, 1000))
    emit("intake_lost", backend, len(lost), "reports", _NONE)
    emit("intake_doubled", backend, len(doubled), "reports", _NONE)
    emit("intake_broken", backend, len(minute.broken), "visits", _NONE, first=minute.broken[:1])
    for name, times in (("report", minute.took), ("page", minute.pages)):
        figures = percentiles(times)
        emit(f"intake_{name}", backend, figures["p95_ms"], "ms p95", Goal(300, 150), **figures)


_BEHIND_A_PROXY = {"CIRT_TRUSTED_PROXY": "127.0.0.1"}  # so that reporters come from many places
_NONE = Goal(0.5, 0.4)


def _email(number: int) -> str:
    return f"analyst{number}@bench.example"


def _all_at_once(minute: _Minute, parts: Sequence[Callable[[], None]]) -> None:
    def play(part: Callable[[], None]) -> None:
        try:
            part()
        except Exception as error:  # noqa: BLE001 - it is counted and shown
            minute.broken.append(repr(error))

    threads = [threading.Thread(target=play, args=(part,)) for part in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _report(minute: _Minute, counter: int) -> None:
    """Every so often somebody new, from an address of their own."""
    dice = random.Random(counter)
    kinds = small()
    pace = 60 / PER_MINUTE * _COUNTERS
    number = 0
    while (due := minute.begins + (number + counter / _COUNTERS) * pace) < minute.ends:
        time.sleep(max(0.0, due - time.monotonic()))
        began = time.perf_counter()
        text, _ = dice.choice(kinds).text(dice)
        address = f"10.{counter}.{number // 250}.{number % 250 + 1}"
        visitor = Visitor(minute.url, address=address)
        said = visitor.form("/report") | {"text": f"{text}\n({counter}-{number})"}
        given = [visitor.send("/report", said) for _ in range(2 if dice.random() < _TWICE else 1)]
        minute.took.append(time.perf_counter() - began)
        told = {_REFERENCE.findall(visitor.get(target))[0] for target in given}
        assert len(told) == 1, told
        minute.told += told
        visitor.close()
        number += 1


def _analyse(minute: _Minute, number: int) -> None:
    """One who looks at pages, thinks for a moment, and looks at the next."""
    dice = random.Random(1000 + number)
    visitor = Visitor(minute.url, _email(number), _PASSWORD)
    while time.monotonic() < minute.ends:
        began = time.perf_counter()
        visitor.get(dice.choice(_PAGES))
        minute.pages.append(time.perf_counter() - began)
        time.sleep(0.5 + dice.random() * 1.5)
