"""What nobody should send: no answer of 500 or more, nobody waits, nothing inner shows, nothing bad is kept."""

import json
import logging
import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cirt.kernel.clock import FakeClock
from tests.conftest import NOON
from tests.support.databases import Databases
from tests.support.malformed import Malformed, malformed
from tests.support.taxii import World, a_world, keys_of
from tests.support.wire import dial, read_all

SEED = 2021
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) ")
_INNER = re.compile(
    rb"Traceback|File \"|\.py\b|cirt[/.]|site-packages|sqlalchemy|psycopg|sqlite|SELECT |INSERT "
    rb"|waitress|werkzeug|flask|orjson|object at 0x|NoneType|Error\(|<class|Exception",
)
_ID = re.compile(
    r"[a-z0-9-]+--[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
)
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


@pytest.fixture
def world(backend: str, databases: Databases, tmp_path: Path) -> Iterator[World]:
    """A world of its own: what is posted here is counted."""
    with databases.program(backend, tmp_path, FakeClock(NOON)) as plain:
        limits = replace(plain.settings, max_content_bytes=1_000_000, page_max=200)
        with a_world(replace(plain, settings=limits)) as made:
            yield made


def test_the_same_seed_makes_the_same_requests() -> None:
    first, second, other = (list(malformed(seed, 200)) for seed in (1, 1, 2))

    assert first == second
    assert first != other


def test_two_thousand_malformed_requests_do_no_harm(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    harm_nothing(world, malformed(SEED, 2000), caplog)


@pytest.mark.long
def test_twenty_thousand_malformed_requests_do_no_harm(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    harm_nothing(world, malformed(SEED + 1, 20_000), caplog)


def harm_nothing(
    world: World, requests: Iterator[Malformed], caplog: pytest.LogCaptureFixture
) -> None:
    before = {alias: keys(world, alias) for alias in ("rw", "ro", "scratch")}

    with caplog.at_level(logging.ERROR), ThreadPoolExecutor(8) as several:
        answers = list(several.map(lambda one: (one, said_to(world, one)), requests))

    wrong = [(one.name, status, said[:500]) for one, said in answers for status in failing(said)]
    shown = [
        (one.name, found[0]) for one, said in answers for found in [_INNER.search(said)] if found
    ]
    assert wrong == []
    assert shown == []
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []
    assert sum(bool(_STATUS.search(said)) for _, said in answers) > len(answers) / 2
    stored = {key for _, said in answers for key in successes(said)}
    after = {alias: keys(world, alias) for alias in before}
    assert (after["rw"], after["ro"]) == (before["rw"], before["ro"])
    assert set(after["scratch"]) <= stored | set(before["scratch"])
    assert after["scratch"]


def said_to(world: World, request: Malformed) -> bytes:
    """All that is said until the connection ends; silence fails here."""
    with closing(dial(world.base)) as link:
        try:
            link.sendall(request.sent)
            link.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it was refused before it was all sent
        try:
            return read_all(link)
        except TimeoutError as silence:
            raise AssertionError(f"no end: {request.name} {request.sent[:300]!r}") from silence


def failing(said: bytes) -> list[int]:
    return [int(status) for status in _STATUS.findall(said) if int(status) >= 500]


def successes(said: bytes) -> Iterator[tuple[str, str]]:
    """Of each status resource among the answers."""
    for part in said.split(b"HTTP/1.1 202 ")[1:]:
        _, _, body = part.partition(b"\r\n\r\n")
        status, _ = json.JSONDecoder().raw_decode(body.decode("utf-8", "replace"))
        for one in status.get("successes", []):
            yield one["id"], one["version"]


def keys(world: World, alias: str) -> list[tuple[str, str]]:
    """Of every version there; each is read, and the manifest says the same."""
    client = world.client()
    every: dict[str, Any] = {"match_version": "all"}
    pages = list(client.walk(f"collections/{alias}/objects/", **every))
    records = client.keys(f"collections/{alias}/manifest/", **every)
    client.close()
    for page in pages:
        for one in json.loads(page.content, object_pairs_hook=_once).get("objects", []):
            assert_is_stix(one)
    found = [key for page in pages for key in keys_of(page)]
    assert found == records
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    assert len(made) == len(pairs), "a member twice"
    return made


def assert_is_stix(one: dict[str, Any]) -> None:
    """What every object of STIX 2.1 has, looked at without our own reader."""
    assert _ID.fullmatch(one["id"]), one
    assert one["id"].startswith(f"{one['type']}--"), one
    assert one.get("spec_version", "2.1") == "2.1", one
    for name in ("created", "modified", "valid_from"):
        assert name not in one or _DATE.fullmatch(one[name]), one
    if one["type"] not in ("ipv4-addr", "marking-definition"):
        assert one["created"] <= one["modified"], one
    if one["type"] == "indicator":
        assert isinstance(one["pattern"], str), one
        assert one["pattern_type"], one
    json.dumps(one, allow_nan=False).encode("utf-8")
