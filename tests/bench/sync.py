"""A second instance reads everything from the first over loopback, with a million observables of its own to meet."""

import base64
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa

from cirt.exchange.links.service import AddLink, add_link
from cirt.exchange.models import LinkDirection, Run
from cirt.kernel.inserting import insert_columns
from cirt.kernel.program import Program, key_file, load_program
from cirt.kernel.settings import read_settings
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE
from cirt.objects.codec import StixObject, read
from cirt.objects.observables.kinds import Kind, Observable
from cirt.parties.peers import PeerFacts, add_peer
from cirt.parties.roles import Role
from cirt.register.models import IncidentObservable, ObservableState
from cirt.sharing.agreements.commands import AddAgreement
from cirt.sharing.agreements.service import add_agreement
from tests.bench.filling import FRIEND, OUT, PASSWORD, befriend, fill, indicators
from tests.bench.measure import Goal, emit, tree_cpu_s, tree_pss_mib
from tests.support.databases import TEST_SECRET, Databases
from tests.support.processes import clean_environment
from tests.support.register import a_person, an_incident
from tests.support.served import serve

SYNCED, OWN = 200_000, 1_000_000
QUICK_SYNCED, QUICK_OWN = 20_000, 100_000
_MET_EVERY = 100  # one of so many that come is among the own
_PER_S = {"sqlite": Goal(8000, 12_000), "postgresql": Goal(6000, 9000)}
_MEMORY = Goal(200, 150)
_SEED, _CHUNK = 2, 100_000
_LOOK_S = 0.2


def run(databases: Databases, backend: str, place: Path, *, quick: bool) -> None:
    synced, own = (QUICK_SYNCED, QUICK_OWN) if quick else (SYNCED, OWN)
    with serve(databases, backend, place / "first", workers=2) as served:
        befriend(served.program)
        fill(served.program, indicators(synced, _SEED), OUT)
        environment = _second(databases, backend, place / "second")
        program = load_program(read_settings(environment))
        try:
            _introduce(program, served.url)
            _own(program, own, synced)
            _measure(program, environment, backend, synced, own)
        finally:
            program.engine.dispose()


def _second(databases: Databases, backend: str, home: Path) -> dict[str, str]:
    environment = {
        "CIRT_DATA_DIR": str(home),
        "CIRT_DATABASE_URL": databases.url(backend, home),
        "CIRT_OUTBOUND_ALLOW": "127.0.0.0/8",
    }
    keys = key_file(read_settings(environment))
    keys.parent.mkdir(parents=True, exist_ok=True)
    keys.write_bytes(base64.urlsafe_b64encode(TEST_SECRET))
    return environment


def _introduce(program: Program, url: str) -> None:
    assert urlsplit(url).port
    with program.work(CONSOLE) as work:
        facts = PeerFacts(
            "First", "XA", discovery_url=f"{url}/taxii2/", username=FRIEND, password=PASSWORD
        )
        add_peer(work, program.keys, "first", facts)
        add_agreement(work, AddAgreement("first", ceiling=Tlp.AMBER))
        add_link(work, AddLink("first", OUT, LinkDirection.PULL))


def _own(program: Program, count: int, synced: int) -> None:
    """Observables of one incident; some of what is to come is among them."""
    incident = an_incident(program, a_person(program, "Handler", Role.HANDLER))
    found = _observables(count, synced)
    while chunk := list(islice(found, _CHUNK)):
        columns: dict[str, list[Any]] = {
            "key": [one.key for one in chunk],
            "kind": [one.kind for one in chunk],
            "value": [one.value for one in chunk],
        }
        with program.work(CONSOLE) as work:
            same = {
                "incident_id": incident.id,
                "state": ObservableState.CONFIRMED,
                "source": "paste",
                "added_at": work.now,
                "comment": "",
            }
            insert_columns(work.session.connection(), IncidentObservable, columns, same=same)
    with program.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def _observables(count: int, synced: int) -> Iterator[Observable]:
    met: set[Observable] = set()
    for piece in islice(indicators(synced, _SEED), 0, None, _MET_EVERY):
        one = read(piece)
        assert isinstance(one, StixObject)
        met |= {Observable(each.kind, each.value) for each in one.observables}
    yield from sorted(met, key=lambda one: one.key)
    chance = random.Random(7)
    for number in range(count - len(met)):
        if number % 2:
            yield Observable(Kind.DOMAIN, f"own{number}.bench.example")
        else:
            yield Observable(Kind.SHA256, chance.randbytes(32).hex())


def _measure(
    program: Program, environment: dict[str, str], backend: str, synced: int, own: int
) -> None:
    command = [sys.executable, "-m", "cirt", "--json", "sync"]
    process = subprocess.Popen(
        command, env=clean_environment(**environment), cwd=os.sep, stdout=subprocess.PIPE
    )
    peak_mib, cpu_s = 0.0, 0.0
    while process.poll() is None:
        peak_mib = max(peak_mib, tree_pss_mib(process.pid))
        cpu_s = max(cpu_s, tree_cpu_s(process.pid))
        time.sleep(_LOOK_S)
    said = process.communicate()[0]
    assert process.returncode == 0, said
    with program.work(CONSOLE, write=False) as work:
        run_ = work.session.scalars(sa.select(Run)).one()
    assert run_.taken >= synced, json.loads(said)
    assert run_.ended_at is not None
    took_s = (run_.ended_at - run_.started_at).total_seconds()
    name = f"sync_{synced}"
    cpu_us = round(cpu_s / synced * 1_000_000, 1)
    emit(name, backend, synced / took_s, "objects/s", _PER_S[backend], cpu_us=cpu_us, own=own)
    emit(f"{name}_memory", backend, peak_mib, "MiB", _MEMORY)
