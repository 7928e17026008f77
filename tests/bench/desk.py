"""Pages of the desk with 10,000 incidents, as a signed-in lead gets them from the served program."""

from pathlib import Path

from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, Work
from cirt.parties.accounts import AddAccount, actor_of, add_account, get_account
from cirt.parties.roles import Role
from cirt.register.commands import AcceptReport, TakeReport
from cirt.register.intake import take_report
from cirt.register.models import Severity
from cirt.register.triage import accept_report
from tests.bench.measure import emit, percentiles, seconds, tree_pss_mib
from tests.bench.visitor import Visitor
from tests.support.databases import Databases
from tests.support.served import serve

INCIDENTS, WAITING = 10_000, 500
_LEAD, _PASSWORD = "lead@bench.example", "a password for benches"
_BATCH = 250


def run(databases: Databases, backend: str, place: Path) -> None:
    with serve(databases, backend, place, workers=2) as served:
        took = seconds(lambda: _fill(served.program))
        emit("register_10000_incidents", backend, INCIDENTS / took, "incidents/s")
        visitor = Visitor(served.url, _LEAD, _PASSWORD)
        for name, path in (
            ("desk", "/desk"),
            ("triage", "/triage"),
            ("incidents", "/incidents"),
            ("incident", "/incidents/INC-2026-5000"),
        ):
            visitor.get(path)
            times = [seconds(lambda path=path: visitor.get(path)) for _ in range(60)]  # type: ignore[misc]
            figures = percentiles(times)
            emit(
                f"page_{name}",
                backend,
                figures.pop("median_ms"),
                "ms",
                **figures,
                memory_mib=tree_pss_mib(served.pid),
            )


def _fill(program: Program) -> None:
    with program.work(CONSOLE) as work:
        add_account(work, AddAccount(_LEAD, "Lead", (Role.LEAD,), _PASSWORD))
        lead = actor_of(get_account(work.session, _LEAD))
    for start in range(0, INCIDENTS + WAITING, _BATCH):
        with program.work(lead) as work:
            for number in range(start, start + _BATCH):
                text = (
                    f"Report {number}: hxxps://login{number % 997}[.]bench[.]example/a and"
                    f" 198.51.{number // 250 % 250}.{number % 250} were seen by our gateway."
                )
                report, _ = take_report(work, TakeReport(text=text, organisation="Bench"))
                if number < INCIDENTS:
                    _accept(work, report.reference, report.version, number)


def _accept(work: Work, reference: str, version: int, number: int) -> None:
    accept_report(
        work,
        AcceptReport(
            reference=reference,
            version=version,
            title=f"Incident {number}",
            rsit_class="fraud",
            rsit_type="phishing",
            severity=list(Severity)[number % len(Severity)],
            tlp=Tlp.AMBER,
        ),
    )
