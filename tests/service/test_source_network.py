"""The network as connectors get it, against a server on loopback: a key, what is not there, and where it leads elsewhere."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from cirt.kernel.clock import FakeClock
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, SYSTEM
from cirt.objects.models import StixObject
from cirt.parties.peers import PeerFacts, add_peer
from cirt.plugin import ConnectorFault, OneFault
from cirt.sharing.agreements.commands import AddAgreement
from cirt.sharing.agreements.service import add_agreement
from cirt.sources import service
from cirt.sources.fetch import GuardedFetch
from cirt.sources.setup import ConnectorFailed
from tests.support.documents import ROOT

EVENT = json.loads((ROOT / "tests" / "samples" / "misp" / "event.json").read_bytes())
KEY = "a-key-of-forty-letters"


class Misp(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        wanted = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.headers["Authorization"] != KEY:
            self.answer(403, {})
        else:
            since = int(wanted.get("publish_timestamp", 0))
            fits = int(EVENT["Event"]["publish_timestamp"]) >= since
            self.answer(200, {"response": [EVENT] if fits else []})

    def do_GET(self) -> None:
        self.answer({"/gone": 404, "/elsewhere": 302, "/broken": 500}[self.path], {})

    def answer(self, status: int, body: Any) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(raw)))
        self.send_header("Location", "http://127.0.0.1:1/")
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name
        """Not onto the screen."""


@pytest.fixture
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Misp) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def reading(program: Program, url: str, tmp_path: Path) -> Program:
    (tmp_path / "key").write_text(f"{KEY}\n")
    with program.work(CONSOLE) as work:
        add_peer(work, program.keys, "vendor", PeerFacts("Vendor", "XV"))
        add_agreement(work, AddAgreement("vendor", ceiling=Tlp.AMBER))
    table = {"peer": "vendor", "url": url, "key_file": str(tmp_path / "key")}
    loopback = (ip_network("127.0.0.0/8"),)
    settings = replace(program.settings, connectors={"misp": table}, outbound_allow=loopback)
    return replace(program, settings=settings)


def test_events_of_an_instance_arrive_and_what_is_red_does_not(reading: Program) -> None:
    run = service.run_source(reading, SYSTEM, "misp")
    again = service.run_source(reading, SYSTEM, "misp")

    assert (run.refused, run.held) == (2, 0)  # marked TLP:RED: an observation and its address
    assert run.taken == run.offered - 2 > 5
    assert run.left_out["attribute text"] == 1
    assert again.offered == 0
    with reading.work(SYSTEM, write=False) as work:
        ids = set(work.session.scalars(sa.select(StixObject.stix_id)))
    assert "report--11111111-2222-4333-8444-000000000001" in ids


def test_a_key_that_is_refused_is_named_and_never_shown(reading: Program, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("another-key\n")

    with pytest.raises(ConnectorFailed, match=r"403\. Check the key") as refused:
        service.run_source(reading, SYSTEM, "misp")

    assert "another-key" not in str(refused.value)


def test_what_is_not_there_is_one_fault_and_nothing_leads_elsewhere(
    reading: Program, url: str
) -> None:
    fetch = GuardedFetch(reading)

    with pytest.raises(OneFault, match="it is not there"):
        fetch.get(f"{url}/gone", accept="*/*")
    for path in ("/elsewhere", "/broken"):
        with pytest.raises(ConnectorFault, match="Check the address") as fault:
            fetch.get(url + path, accept="*/*")
        assert not isinstance(fault.value, OneFault)


def test_a_private_address_is_refused_unless_it_is_allowed(reading: Program, url: str) -> None:
    closed = replace(reading, settings=replace(reading.settings, outbound_allow=()))

    with pytest.raises(ConnectorFailed, match="CIRT_OUTBOUND_ALLOW"):
        service.run_source(closed, SYSTEM, "misp")


def test_a_run_asks_for_an_hour_at_most(reading: Program, url: str, clock: FakeClock) -> None:
    fetch = GuardedFetch(reading)
    clock.forward(hours=1)

    with pytest.raises(ConnectorFault, match="limit of an hour"):
        fetch.get(f"{url}/gone", accept="*/*")
