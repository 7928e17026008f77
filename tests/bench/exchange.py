"""Import of 100,000 indicators, and a sync of 20,000 from one instance to another."""

from pathlib import Path

from cirt.exchange.links.service import AddLink, add_link
from cirt.exchange.models import LinkDirection, Run
from cirt.exchange.sync import sync_link
from cirt.kernel.clock import SystemClock
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE
from cirt.parties.peers import PeerFacts, add_peer
from cirt.sharing.agreements.commands import AddAgreement
from cirt.sharing.agreements.service import add_agreement
from tests.bench.filling import FRIEND, OUT, PASSWORD, befriend, fill, indicators
from tests.bench.measure import emit, own_peak_mib, seconds
from tests.support.databases import Databases
from tests.support.served import Served, serve

IMPORTED, SYNCED = 100_000, 20_000


def run(databases: Databases, backend: str, place: Path) -> None:
    _import(databases, backend, place / "import")
    with serve(databases, backend, place / "served", workers=2) as served:
        befriend(served.program)
        fill(served.program, indicators(SYNCED, seed=2), OUT)
        _sync(databases, backend, place / "second", served)


def _import(databases: Databases, backend: str, place: Path) -> None:
    pieces = list(indicators(IMPORTED))
    with databases.program(backend, place, SystemClock()) as program:
        took = seconds(lambda: fill(program, iter(pieces)))
    emit("import_100000", backend, IMPORTED / took, "objects/s", memory_mib=own_peak_mib())


def _sync(databases: Databases, backend: str, place: Path, served: Served) -> None:
    """A second instance pulls everything from the first."""
    with databases.program(backend, place, SystemClock()) as program:
        with program.work(CONSOLE) as work:
            facts = PeerFacts(
                "First",
                "XA",
                discovery_url=f"{served.url}/taxii2/",
                username=FRIEND,
                password=PASSWORD,
            )
            add_peer(work, program.keys, "first", facts)
            add_agreement(work, AddAgreement("first", ceiling=Tlp.AMBER))
            link = add_link(work, AddLink("first", OUT, LinkDirection.PULL)).id
        runs: list[Run] = []
        took = seconds(lambda: runs.append(sync_link(program, link)))
        assert runs[0].taken >= SYNCED, (runs[0].taken, runs[0].error)
    emit("sync_20000", backend, SYNCED / took, "objects/s", memory_mib=own_peak_mib())
