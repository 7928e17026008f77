"""Generated indicators of about 800 bytes, and a peer with collections to read them from."""

import json
import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

from cirt.exchange.arrivals import take
from cirt.exchange.models import Outcome
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE
from cirt.parties.peers import PeerFacts, add_peer, set_credentials
from cirt.release.collections import AddCollection, add_collection, add_member, find_collection
from cirt.release.models import CollectionKind
from cirt.sharing.agreements.commands import AddAgreement
from cirt.sharing.agreements.service import add_agreement

FRIEND, PASSWORD = "friend", "a password for benches"
OUT, SPACE = "out", "space"  # what the friend reads, and where it puts
_CHUNK = 2000
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
                "description": "Generated to measure. " * 10,
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


def envelopes(count: int, size: int, seed: int) -> Iterator[tuple[bytes, str]]:
    """Envelopes of ``size`` new indicators, each with the id of its last."""
    pieces = indicators(count * size, seed)
    for _ in range(count):
        together = list(islice(pieces, size))
        last: str = json.loads(together[-1])["id"]
        yield b'{"objects":[' + b",".join(together) + b"]}", last


def befriend(program: Program) -> None:
    """One peer under an agreement, member of a published and a shared collection."""
    with program.work(CONSOLE) as work:
        peer = add_peer(work, program.keys, FRIEND, PeerFacts("Friend", "XF"))
        set_credentials(work, FRIEND, FRIEND, PASSWORD)
        add_agreement(work, AddAgreement(FRIEND, ceiling=Tlp.AMBER))
        for alias, kind in ((OUT, CollectionKind.PUBLISHED), (SPACE, CollectionKind.SHARED)):
            add_member(work, add_collection(work, AddCollection(alias, alias, kind)), peer)


def fill(program: Program, pieces: Iterator[bytes], alias: str | None = None) -> None:
    """Import as ``cirt stix import`` does, and publish what ``alias`` names."""
    while chunk := list(islice(pieces, _CHUNK)):
        with program.work(CONSOLE) as work:
            collection = find_collection(work.session, alias) if alias else None
            arrivals = take(work, chunk, peer=None, collection=collection)
            assert all(arrival.outcome is Outcome.TAKEN for arrival in arrivals)
