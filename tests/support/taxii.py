"""A served TAXII instance for contract tests, a peer's view of it, and STIX objects to send there."""

import base64
import json
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from cirt.boot.serve import listen, make_server
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE
from cirt.objects import codec
from cirt.objects.store import put_many
from cirt.parties.peers import PeerFacts, add_peer, find_peer, set_credentials
from cirt.release.collections import AddCollection, add_collection, add_member, find_collection
from cirt.release.models import CollectionKind
from cirt.release.publishing import publish
from cirt.sharing.agreements.commands import AddAgreement
from cirt.sharing.agreements.service import add_agreement

MEDIA = "application/taxii+json;version=2.1"
ROOT = "/taxii2/national/"
PASSWORD = "a password for tests only"
ABSENT = "7d6b0e0a-5a0e-4a53-9d8e-0c0d3c4e2a10"  # a UUID of nothing that is here
GREEN = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
START = datetime(2026, 1, 1, tzinfo=UTC)


def stamp(at: datetime, digits: int = 3) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%f")[: 20 + digits] + "Z"


def an_indicator(number: int = 0, *, modified: datetime = START, **more: Any) -> dict[str, Any]:
    """An indicator of its own id; the same number is the same pattern."""
    return {
        "type": "indicator",
        "spec_version": "2.1",
        "id": f"indicator--{uuid.uuid4()}",
        "created": stamp(START),
        "modified": stamp(modified),
        "name": f"Number {number}",
        "pattern": f"[ipv4-addr:value = '198.51.{number // 250 % 250}.{number % 250}']",
        "pattern_type": "stix",
        "valid_from": stamp(START),
        "object_marking_refs": [GREEN],
        **more,
    }


def newer(what: Mapping[str, Any], days: int = 1, **more: Any) -> dict[str, Any]:
    """A later version; earlier with negative days."""
    at = datetime.fromisoformat(what["modified"]) + timedelta(days=days)
    return {**what, "modified": stamp(at), **more}


def a_malware() -> dict[str, Any]:
    return {
        "type": "malware",
        "spec_version": "2.1",
        "id": f"malware--{uuid.uuid4()}",
        "created": stamp(START),
        "modified": stamp(START),
        "name": "Test malware",
        "is_family": False,
        "object_marking_refs": [GREEN],
    }


def an_address(value: str = "198.51.100.3") -> dict[str, Any]:
    namespace = uuid.UUID("00abedb4-aa42-466c-9c01-fed23315a9b7")
    made = uuid.uuid5(namespace, json.dumps({"value": value}, separators=(",", ":")))
    return {
        "type": "ipv4-addr",
        "spec_version": "2.1",
        "id": f"ipv4-addr--{made}",
        "value": value,
        "object_marking_refs": [GREEN],
    }


def a_statement() -> dict[str, Any]:
    return {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": f"marking-definition--{uuid.uuid4()}",
        "created": stamp(START),
        "definition_type": "statement",
        "definition": {"statement": "For tests."},
    }


@dataclass
class Client:
    """One peer, or nobody, over HTTP."""

    base: str
    username: str | None = None
    password: str = PASSWORD
    session: requests.Session = field(default_factory=requests.Session)

    def ask(self, method: str, path: str, **more: Any) -> requests.Response:
        """``path`` from the API root on, or absolute; nothing is followed."""
        url = self.base + (path if path.startswith("/") else ROOT + path)
        headers = {"Accept": MEDIA, **more.pop("headers", {})}
        auth = (self.username, self.password) if self.username is not None else None
        return self.session.request(
            method, url, headers=headers, auth=auth, allow_redirects=False, timeout=60, **more
        )

    def get(self, path: str, **params: Any) -> requests.Response:
        """Parameters as written; ``match_id`` and the like stand for ``match[id]``."""
        said = {
            f"match[{name[6:]}]" if name.startswith("match_") else name: value
            for name, value in params.items()
        }
        return self.ask("GET", path, params=said)

    def post(self, collection: str, *objects: Mapping[str, Any], **more: Any) -> requests.Response:
        body = json.dumps({"objects": list(objects)}, ensure_ascii=False).encode()
        return self.send(collection, body, **more)

    def send(self, collection: str, body: Any, **headers: str) -> requests.Response:
        said = {"Content-Type": MEDIA, **{n.replace("_", "-"): v for n, v in headers.items()}}
        return self.ask("POST", f"collections/{collection}/objects/", data=body, headers=said)

    def walk(self, path: str, **params: Any) -> Iterator[requests.Response]:
        """Every page, by token."""
        answer = self.get(path, **params)
        yield answer
        while answer.json().get("more"):
            answer = self.get(path, **{**params, "next": answer.json()["next"]})
            yield answer

    def walk_by_date(self, path: str, **params: Any) -> Iterator[requests.Response]:
        """Every page, by the last date of the one before."""
        answer = self.get(path, **params)
        yield answer
        while answer.json().get("more"):
            params["added_after"] = answer.headers["X-TAXII-Date-Added-Last"]
            answer = self.get(path, **params)
            yield answer

    def keys(self, path: str, **params: Any) -> list[tuple[str, str]]:
        """(id, version) of every object of a walk, in order."""
        return [key for page in self.walk(path, **params) for key in keys_of(page)]

    def close(self) -> None:
        self.session.close()


def keys_of(answer: requests.Response) -> list[tuple[str, str]]:
    """(id, version key) of each object or manifest record."""
    return [(one["id"], version_of(one)) for one in answer.json().get("objects", [])]


def version_of(one: Mapping[str, Any]) -> str:
    for name in ("version", "modified", "created"):
        if name in one:
            return str(one[name])
    return "1970-01-01T00:00:00.000Z"


def position(token: str) -> int:
    """The date in a token, in the clear before its signature."""
    said = token.partition(".")[0]
    _, after_us, _ = json.loads(base64.urlsafe_b64decode(said + "=" * (-len(said) % 4)))
    return int(after_us)


def assert_error(answer: requests.Response, *statuses: int) -> dict[str, Any]:
    """An error resource in the right media type that shows nothing of the inside."""
    assert answer.status_code in statuses, (answer.status_code, answer.text)
    assert answer.headers["Content-Type"] == MEDIA
    assert answer.headers["X-Request-Id"]
    said: dict[str, Any] = answer.json()
    assert isinstance(said["title"], str)
    assert said["title"]
    assert said["http_status"] == str(answer.status_code)
    for inside in ("Traceback", "File ", "sqlalchemy", "SELECT", "/cirt/"):
        assert inside not in answer.text
    return said


@contextmanager
def served(program: Program) -> Iterator[str]:
    """The base address of an instance behind the server that we ship."""
    listener = listen("127.0.0.1:0")
    server = make_server(program, listener)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    host, port = listener.getsockname()[:2]
    try:
        yield f"http://{host}:{port}"
    finally:
        server.close()
        server.task_dispatcher.shutdown()
        server.asyncore.close_all(server._map, ignore_all=True)  # type: ignore[attr-defined]  # what clients keep open
        thread.join(timeout=5)


@dataclass(frozen=True)
class World:
    """The checklist's fixture, and the program behind it for what a client cannot do."""

    program: Program
    base: str
    collections: dict[str, str]  # alias -> UUID
    objects: dict[str, Any]  # I1, I2 (v1, v2, v3), M1, S1, D1 and the fillers, as posted

    def client(self, username: str | None = "alice", password: str = PASSWORD) -> Client:
        return Client(self.base, username, password)


KINDS = {
    "rw": CollectionKind.SHARED,
    "ro": CollectionKind.PUBLISHED,
    "wo": CollectionKind.INBOX,
    "empty": CollectionKind.SHARED,
    "scratch": CollectionKind.SHARED,  # what writing cases use
    "no": CollectionKind.SHARED,  # not alice's
    "bobs": CollectionKind.SHARED,
}


def found_world(program: Program) -> dict[str, str]:
    """Peers, agreements and collections: alice has all but two, bob his own."""
    with program.work(CONSOLE) as work:
        for slug in ("alice", "bob", "carol"):
            add_peer(work, program.keys, slug, PeerFacts(name=slug.title(), country="EX"))
            set_credentials(work, slug, slug, PASSWORD)
        for slug in ("alice", "bob"):  # carol has no agreement
            add_agreement(work, AddAgreement(peer=slug, ceiling=Tlp.AMBER))
        made = {
            alias: add_collection(work, AddCollection(alias, f"Collection {alias}", kind))
            for alias, kind in KINDS.items()
        }
        for alias, collection in made.items():
            members = {"no": ["bob"], "bobs": ["bob"]}.get(alias, ["alice"])
            for slug in [*members, "carol"]:
                add_member(work, collection, find_peer(work.session, slug))
        return {alias: collection.uuid for alias, collection in made.items()}


def publish_own(program: Program, alias: str, what: Mapping[str, Any]) -> None:
    """What a release does, without its form: our own object stands in a collection."""
    with program.work(CONSOLE) as work:
        read = codec.read(json.dumps(what).encode())
        assert isinstance(read, codec.StixObject)
        stored = put_many(work, [read], origin_id=None)
        publish(work, find_collection(work.session, alias), [stored[0].version_id])


def load(client: Client) -> dict[str, Any]:
    """The checklist's objects, each by a POST of its own."""
    first = an_indicator(1, name="I2")
    objects: dict[str, Any] = {
        "I1": an_indicator(0, name="I1"),
        "I2": [first, newer(first, 1), newer(first, 2)],
        "M1": a_malware(),
        "S1": an_address(),
        "D1": a_statement(),
        "fillers": [an_indicator(number) for number in range(10, 260)],
    }
    for what in (objects["I1"], *objects["I2"], *(objects[name] for name in ("M1", "S1", "D1"))):
        answer = client.post("rw", what)
        assert answer.json()["success_count"] == 1, answer.text
    assert client.post("rw", *objects["fillers"]).json()["success_count"] == 250
    return objects


@contextmanager
def a_world(program: Program) -> Iterator[World]:
    collections = found_world(program)
    publish_own(program, "ro", an_indicator(5, name="ours"))
    with served(program) as base:
        client = Client(base, "alice")
        yield World(program, base, collections, load(client))
        client.close()
