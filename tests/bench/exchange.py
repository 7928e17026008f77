"""Import, TAXII page, POST and sync, on generated indicators of about 800 bytes."""

import base64
import http.client
import json
import random
import threading
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from cirt.exchange.arrivals import take
from cirt.exchange.links import AddLink, add_link
from cirt.exchange.models import LinkDirection, Outcome, Run
from cirt.exchange.sync import sync_link
from cirt.kernel.clock import SystemClock
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE
from cirt.parties.peers import PeerFacts, add_peer, set_credentials
from cirt.release.collections import AddCollection, add_collection, add_member, find_collection
from cirt.release.models import CollectionKind
from cirt.sharing.commands import AddAgreement
from cirt.sharing.service import add_agreement
from tests.bench.measure import emit, own_peak_mib, percentiles, seconds, tree_pss_mib
from tests.support.databases import Databases
from tests.support.served import Served, serve

IMPORTED, POSTS, SYNCED = 100_000, 20, 20_000
_CHUNK = 2000
_PASSWORD = "a password for benches"
_MEDIA = "application/taxii+json;version=2.1"
_START = datetime(2026, 1, 1, tzinfo=UTC)
_GREEN = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"


def indicators(count: int, seed: int = 1) -> Iterator[bytes]:
    """Four kinds of pattern, every id and value its own."""
    chance = random.Random(seed)
    for number in range(count):
        at = _START + timedelta(seconds=number)
        stamp = at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
        digest = chance.randbytes(32).hex()
        pattern = (
            f"[ipv4-addr:value = '{'.'.join(str(byte) for byte in chance.randbytes(4))}']",
            f"[domain-name:value = 'h{digest[:12]}.bench.example']",
            f"[url:value = 'https://u{digest[:12]}.bench.example/{digest[:8]}']",
            f"[file:hashes.'SHA-256' = '{digest}']",
        )[number % 4]
        yield json.dumps(
            {
                "type": "indicator",
                "spec_version": "2.1",
                "id": f"indicator--{uuid.UUID(bytes=chance.randbytes(16), version=4)}",
                "created": stamp,
                "modified": stamp,
                "name": f"Benchmark indicator {number}",
                "description": "Generated to measure. " * 8,
                "indicator_types": ["malicious-activity"],
                "pattern": pattern,
                "pattern_type": "stix",
                "pattern_version": "2.1",
                "valid_from": stamp,
                "valid_until": "2030-01-01T00:00:00Z",
                "confidence": 70,
                "labels": ["bench"],
                "object_marking_refs": [_GREEN],
            }
        ).encode()


def run(databases: Databases, backend: str, place: Path) -> None:
    _import(databases, backend, place / "import")
    with serve(databases, backend, place / "served", workers=2) as served:
        _befriend(served)
        _fill(served.program, SYNCED)
        _pages(served, backend)
        _posts(served, backend)
        _sync(databases, backend, place / "second", served)


def _import(databases: Databases, backend: str, place: Path) -> None:
    pieces = list(indicators(IMPORTED))
    with databases.program(backend, place, SystemClock()) as program:
        took = seconds(lambda: _take(program, pieces))
    emit("import_100000", backend, IMPORTED / took, "objects/s", memory_mib=own_peak_mib())


def _take(program: Program, pieces: list[bytes], alias: str | None = None) -> None:
    for start in range(0, len(pieces), _CHUNK):
        with program.work(CONSOLE) as work:
            collection = find_collection(work.session, alias) if alias else None
            arrivals = take(work, pieces[start : start + _CHUNK], peer=None, collection=collection)
            assert all(arrival.outcome is Outcome.TAKEN for arrival in arrivals)


def _befriend(served: Served) -> None:
    with served.program.work(CONSOLE) as work:
        peer = add_peer(work, served.program.keys, "friend", PeerFacts("Friend", "XF"))
        set_credentials(work, "friend", "friend", _PASSWORD)
        add_agreement(work, AddAgreement("friend", ceiling=Tlp.AMBER))
        for alias, kind in (("out", CollectionKind.PUBLISHED), ("space", CollectionKind.SHARED)):
            add_member(work, add_collection(work, AddCollection(alias, alias, kind)), peer)


def _fill(program: Program, count: int) -> None:
    _take(program, list(indicators(count, seed=2)), "out")


class _Client:
    """One kept connection with Basic sign-in."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=120)
        token = base64.b64encode(f"friend:{_PASSWORD}".encode()).decode()
        self._headers = {"Authorization": f"Basic {token}", "Accept": _MEDIA}

    def send(self, method: str, path: str, body: bytes | None = None) -> bytes:
        headers = self._headers | ({"Content-Type": _MEDIA} if body else {})
        self._connection.request(method, f"/taxii2/national/{path}", body, headers)
        response = self._connection.getresponse()
        answer = response.read()
        assert response.status in (200, 202), answer[:500]
        return answer


def _pages(served: Served, backend: str) -> None:
    path = "collections/out/objects/?limit=1000"
    first = json.loads(_Client(served.url).send("GET", path))
    assert len(first["objects"]) == 1000
    times: list[float] = []

    def read() -> None:
        client = _Client(served.url)
        client.send("GET", path)
        until = time.perf_counter() + 5
        while time.perf_counter() < until:
            times.append(seconds(lambda: client.send("GET", path)))

    threads = [threading.Thread(target=read) for _ in range(4)]
    started = time.perf_counter()
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    took = time.perf_counter() - started
    emit(
        "taxii_page_1000",
        backend,
        len(times) * 1000 / took,
        "objects/s",
        connections=4,
        **percentiles(times),
        memory_mib=tree_pss_mib(served.pid),
    )


def _posts(served: Served, backend: str) -> None:
    client = _Client(served.url)
    pieces = list(indicators(POSTS * 1000, seed=3))
    envelopes = [
        b'{"objects":[' + b",".join(pieces[start : start + 1000]) + b"]}"
        for start in range(0, len(pieces), 1000)
    ]

    def post(envelope: bytes) -> None:
        status = json.loads(client.send("POST", "collections/space/objects/", envelope))
        assert (status["status"], status["success_count"]) == ("complete", 1000)

    times = [seconds(lambda body=body: post(body)) for body in envelopes]  # type: ignore[misc]
    emit(
        "taxii_post_1000",
        backend,
        len(pieces) / sum(times),
        "objects/s",
        **percentiles(times),
        memory_mib=tree_pss_mib(served.pid),
    )


def _sync(databases: Databases, backend: str, place: Path, served: Served) -> None:
    """A second instance pulls everything from the first."""
    with databases.program(backend, place, SystemClock()) as program:
        with program.work(CONSOLE) as work:
            facts = PeerFacts(
                "First",
                "XA",
                discovery_url=f"{served.url}/taxii2/",
                username="friend",
                password=_PASSWORD,
            )
            add_peer(work, program.keys, "first", facts)
            add_agreement(work, AddAgreement("first", ceiling=Tlp.AMBER))
            link = add_link(work, AddLink("first", "out", LinkDirection.PULL)).id
        runs: list[Run] = []
        took = seconds(lambda: runs.append(sync_link(program, link)))
        assert runs[0].taken >= SYNCED, (runs[0].taken, runs[0].error)
    emit("sync_20000", backend, SYNCED / took, "objects/s", memory_mib=own_peak_mib())
