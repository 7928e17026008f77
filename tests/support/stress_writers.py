"""Writers of a stress test: envelopes of new, newer, older, known and revoked versions, and removals."""

import json
import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from cirt.kernel.tlp import Tlp
from cirt.objects.markings import TLP2_REFS
from tests.support.stress_ledger import Key, Ledger
from tests.support.taxii import Client, an_address, stamp

_START = datetime(2025, 1, 1, tzinfo=UTC)
_MIDDLE = 5000  # hours after it; versions go on from here in both directions
_TRIES = 200


def patiently(ask: Callable[[], requests.Response]) -> tuple[requests.Response, bool]:
    """The answer, and whether it was asked for more than once: a worker that dies takes its connections along."""
    for tries in range(_TRIES):
        try:
            answer = ask()
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
            time.sleep(0.05)
            continue
        if answer.status_code != 503:
            return answer, tries > 0
        time.sleep(0.05)
    raise AssertionError("the server never answered")


@dataclass
class Thing:
    """One object of a writer, with every version that it has sent."""

    first: dict[str, Any]
    tlp: Tlp
    newest: int = 0  # hours from its first version
    oldest: int = 0
    is_revoked: bool = False
    sent: dict[str, dict[str, Any]] = field(default_factory=dict)  # by version
    standing: set[str] = field(default_factory=set)

    @property
    def id(self) -> str:
        return str(self.first["id"])

    def version(self, hours: int, **more: Any) -> dict[str, Any]:
        if "modified" not in self.first:
            return self.first
        at = datetime.fromisoformat(self.first["modified"]) + timedelta(hours=hours)
        return {**self.first, "modified": stamp(at), "description": f"{hours} hours", **more}


@dataclass
class Writer:
    """A peer that posts ``posts`` envelopes to one shared collection, and more until it is enough."""

    client: Client
    collection: str
    ledger: Ledger
    chance: random.Random
    number: int
    posts: int
    enough: threading.Event
    largest: int = 50
    things: list[Thing] = field(default_factory=list)
    busy: threading.Lock = field(
        default_factory=threading.Lock
    )  # held while a request is under way

    def run(self) -> None:
        posted = 0
        while posted < self.posts or not self.enough.is_set():
            posted += 1
            self._post(list(self._envelope(self.chance.randint(1, self.largest))))
            if self.chance.random() < 0.5:
                self._remove()
        self.client.close()

    def _envelope(self, size: int) -> Iterator[tuple[Thing, dict[str, Any]]]:
        for _ in range(size):
            thing = self.chance.choice(self.things) if self.things else self._made()
            yield self._versioned(thing, self.chance.random())

    def _versioned(self, thing: Thing, share: float) -> tuple[Thing, dict[str, Any]]:
        """A new object, a newer version, an older one, one that is known, a revocation."""
        is_fixed = "modified" not in thing.first
        if share < 0.5 or (is_fixed and share < 0.9) or (thing.is_revoked and share < 0.7):
            thing = self._made()
            return thing, thing.version(0)
        if is_fixed or share > 0.97:
            return thing, self.chance.choice(list(thing.sent.values()))
        if share < 0.8 and not thing.is_revoked:
            thing.newest += 1
            return thing, thing.version(thing.newest)
        if share < 0.92 or thing.is_revoked:
            thing.oldest -= 1
            return thing, thing.version(thing.oldest)
        thing.newest += 1
        thing.is_revoked = True
        return thing, thing.version(thing.newest, revoked=True)

    def _made(self) -> Thing:
        tlp = Tlp.AMBER if self.chance.random() < 0.3 else Tlp.GREEN
        kind = self.chance.choice(("indicator", "indicator", "malware", "ipv4-addr"))
        thing = Thing(_an_object(kind, tlp, self.number, len(self.things)), tlp)
        first = thing.version(0)
        thing.sent[_version(first)] = first
        self.things.append(thing)
        return thing

    def _post(self, parts: list[tuple[Thing, dict[str, Any]]]) -> None:
        keys: list[Key] = [(thing.id, _version(one)) for thing, one in parts]
        self.ledger.ask((key, thing.tlp) for key, (thing, _) in zip(keys, parts, strict=True))
        body = json.dumps({"objects": [one for _, one in parts]}).encode()
        answer, _ = patiently(lambda: self.client.send(self.collection, body))
        assert answer.status_code == 202, answer.text
        said = answer.json()
        assert said["status"] == "complete"
        assert (said["success_count"], said["total_count"]) == (len(parts), len(parts)), said
        successes = [(one["id"], one["version"]) for one in said["successes"]]
        assert successes == keys
        for (thing, one), (_, version) in zip(parts, keys, strict=True):
            thing.sent[version] = one
            thing.standing.add(version)
        self.ledger.told(successes)

    def _remove(self) -> None:
        """All versions of an object of ours, or one of them."""
        candidates = [thing for thing in self.things if thing.standing]
        thing = self.chance.choice(candidates)
        version = self.chance.choice(sorted(thing.standing))
        is_whole = self.chance.random() < 0.4
        gone = set(thing.standing) if is_whole else {version}
        path = f"collections/{self.collection}/objects/{thing.id}/"
        path += "" if is_whole else f"?match[version]={version}"
        self.ledger.removing((thing.id, each) for each in gone)
        answer, is_again = patiently(lambda: self.client.ask("DELETE", path))
        assert answer.status_code == 200 or (is_again and answer.status_code == 404), answer.text
        thing.standing -= gone


def _version(one: dict[str, Any]) -> str:
    return str(one.get("modified", "1970-01-01T00:00:00.000Z"))


def _an_object(kind: str, tlp: Tlp, writer: int, number: int) -> dict[str, Any]:
    if kind == "ipv4-addr":
        value = f"10.{writer}.{number // 250}.{number % 250}"
        return {**an_address(value), "object_marking_refs": [TLP2_REFS[tlp]]}
    made = {
        "type": kind,
        "spec_version": "2.1",
        "id": f"{kind}--{uuid.uuid4()}",
        "created": stamp(_START),
        "modified": stamp(_START + timedelta(hours=_MIDDLE)),
        "name": f"Number {number} of writer {writer}",
        "object_marking_refs": [TLP2_REFS[tlp]],
    }
    if kind == "malware":
        return {**made, "is_family": False}
    pattern = f"[domain-name:value = 'n{number}.w{writer}.example']"
    return {**made, "pattern": pattern, "pattern_type": "stix", "valid_from": stamp(_START)}
