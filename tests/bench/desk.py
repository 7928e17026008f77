"""Pages of the desk with 100,000 reports and incidents, as a signed-in lead gets them from the served program.

``cpu_ms`` is what a page costs our processes (on SQLite all of it), however busy the machine is besides.

One incident has 2,000 entries and 5,000 observables. Goals: a median of 60 ms, a 95th percentile of 150 ms.
"""

from pathlib import Path

from cirt.kernel.work import CONSOLE
from cirt.parties.accounts import AddAccount, add_account, get_account
from cirt.parties.roles import Role
from tests.bench import casework
from tests.bench.casework import WAITING_SHARE
from tests.bench.measure import Goal, emit, percentiles, rounded, seconds, tree_cpu_s, tree_pss_mib
from tests.bench.visitor import Visitor
from tests.support.databases import Databases
from tests.support.served import serve

RECORDS = 100_000
_LEAD, _PASSWORD = "lead@bench.example", "a password for benches"
_MEDIAN, _P95 = Goal(must=60, aim=40), Goal(must=150, aim=100)
_ROUNDS = 60


def run(databases: Databases, backend: str, place: Path, records: int = RECORDS) -> None:
    with serve(databases, backend, place, workers=2) as served:
        with served.program.work(CONSOLE) as work:
            add_account(work, AddAccount(_LEAD, "Lead", (Role.LEAD,), _PASSWORD))
            owner_id = get_account(work.session, _LEAD).id
        large = casework.fill(served.program, records, owner_id)
        visitor = Visitor(served.url, _LEAD, _PASSWORD)
        for name, path in _pages(large, records):
            visitor.get(path)
            cpu_s = tree_cpu_s(served.pid)
            times = [seconds(lambda path=path: visitor.get(path)) for _ in range(_ROUNDS)]  # type: ignore[misc]
            found = percentiles(times)
            median, p95 = found.pop("median_ms"), found.pop("p95_ms")
            found["cpu_ms"] = rounded((tree_cpu_s(served.pid) - cpu_s) * 1000 / _ROUNDS)
            memory = tree_pss_mib(served.pid)
            emit(f"page_{name}", backend, median, "ms", _MEDIAN, memory_mib=memory, **found)
            emit(f"page_{name}_p95", backend, p95, "ms", _P95)


def _pages(large: str, records: int) -> list[tuple[str, str]]:
    of_it = f"/incidents/{large}"
    return [
        ("desk", "/desk"),
        ("triage", "/triage"),
        ("triage_decided", "/triage?view=decided"),
        ("triage_likely", "/triage?view=likely"),
        ("triage_newest", "/triage?sort=newest"),
        ("triage_urgent", "/triage?sort=urgent"),
        ("triage_narrowed", "/triage?lane=operator&sector=water&source=desk&late=1"),
        ("triage_words", "/triage?words=nowhere"),
        ("triage_pane", f"/triage?selected=REP-2026-{WAITING_SHARE:04d}"),  # the first of its lines
        ("triage_pane_elsewhere", f"/triage?selected=REP-2026-{records - WAITING_SHARE:04d}"),
        ("intake", f"/intake/REP-2026-{records // 2 + 1:04d}"),
        ("incidents", "/incidents"),
        ("incidents_of_class", "/incidents?class=fraud"),
        ("incidents_closed", "/incidents?state=closed"),
        ("incidents_mine", "/incidents?who=mine"),
        ("incident", f"/incidents/INC-2026-{records // 2:04d}"),
        ("incident_large", of_it),
        ("incident_large_oldest", f"{of_it}?order=oldest&show=notes"),
        ("incident_large_observables", f"{of_it}/observables"),
        ("tasks", f"{of_it}/tasks"),
        ("bin", "/bin"),
        ("playbooks", "/playbooks"),
    ]
