"""What is hidden from a peer answers like what was never there: in words, headers and work done."""

import json
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest
from werkzeug.test import Client

from cirt.boot.app import create_app
from cirt.kernel.program import Program
from tests.support.asked import asked_of
from tests.support.taxii import ABSENT, MEDIA, ROOT, an_indicator, found_world
from tests.support.wire import authorization

OBJECT = f"indicator--{ABSENT}"
BELOW = (
    "",
    "manifest/",
    "objects/",
    "objects/?limit=0",
    f"objects/{OBJECT}/",
    f"objects/{OBJECT}/versions/",
    "nothing/",
)
METHODS = ("GET", "HEAD", "POST", "DELETE", "PUT", "OPTIONS")
ITS_OWN = ("X-Request-Id", "Date")


@dataclass(frozen=True, slots=True)
class Told:
    """All that a caller could compare."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    statements: int


class Asker:
    """A peer on an application of its own, without a server between."""

    def __init__(self, program: Program, username: str) -> None:
        self._engine = program.engine
        self._client = Client(create_app(program))
        self._headers = {"Authorization": authorization(username), "Accept": MEDIA}

    def told(self, method: str, path: str, body: bytes = b"") -> Told:
        with asked_of(self._engine) as statements:
            answer = self._client.open(
                ROOT + path,
                method=method,
                headers=self._headers,
                data=body,
                content_type=MEDIA if body else None,
            )
        headers = tuple(
            sorted((name, value) for name, value in answer.headers if name not in ITS_OWN)
        )
        data = answer.get_data()
        if data and answer.status_code >= 400:
            said = json.loads(data)
            assert said.pop("error_id") == answer.headers["X-Request-Id"]
            data = json.dumps(said).encode()
        return Told(answer.status_code, headers, data, len(statements))

    def post(self, alias: str, what: dict[str, Any]) -> dict[str, Any]:
        body = json.dumps({"objects": [what]}).encode()
        answer = self._client.post(
            f"{ROOT}collections/{alias}/objects/",
            headers=self._headers,
            data=body,
            content_type=MEDIA,
        )
        assert answer.status_code == 202
        made: dict[str, Any] = answer.get_json(force=True)
        return made


@dataclass(frozen=True, slots=True)
class Scene:
    """Bob has a collection, with an object in it, that alice has not."""

    alice: Asker
    bob: Asker
    uid: str
    stix_id: str
    receipt: str


@pytest.fixture
def scene(program: Program) -> Scene:
    uid = found_world(program)["bobs"]
    alice, bob = Asker(program, "alice"), Asker(program, "bob")
    theirs = an_indicator()
    receipt = bob.post("bobs", theirs)["id"]
    alice.post("rw", an_indicator())
    return Scene(alice, bob, uid, theirs["id"], receipt)


def test_a_hidden_collection_is_told_apart_by_nothing(scene: Scene) -> None:
    body = json.dumps({"objects": [an_indicator()]}).encode()

    for method, below in product(METHODS, BELOW):
        sent = body if method == "POST" else b""
        keys = (ABSENT, "none", scene.uid, scene.uid.upper(), "bobs", "wrong--x")
        scene.alice.told(method, f"collections/{ABSENT}/{below}", sent)  # what is done once only
        told = {scene.alice.told(method, f"collections/{key}/{below}", sent) for key in keys}
        assert len(told) == 1, (method, below, told)


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT"])
def test_the_status_of_another_is_told_apart_by_nothing(scene: Scene, method: str) -> None:
    paths = [f"status/{key}/" for key in (ABSENT, ABSENT, scene.receipt)]

    _, absent, of_bob = (scene.alice.told(method, path) for path in paths)

    assert of_bob == absent
    assert of_bob.status == (404 if method == "GET" else 405)
    assert scene.bob.told("GET", paths[-1]).status == 200


def test_an_object_elsewhere_is_told_apart_by_nothing(scene: Scene) -> None:
    ids = (OBJECT, f"indicator--{ABSENT[:-1]}1", scene.stix_id)

    for method, below in product(("GET", "HEAD", "DELETE"), ("", "versions/")):
        paths = [f"collections/rw/objects/{stix_id}/{below}" for stix_id in ids]
        _, absent, of_bob = (scene.alice.told(method, path) for path in paths)
        assert of_bob == absent, (method, below)
        assert of_bob.status in (404, 405)
