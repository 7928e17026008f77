"""Fixtures: a migrated, empty program on SQLite and on a real PostgreSQL; the network closed but for loopback."""

import gc
import os
import socket
import sys
from collections.abc import Generator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from hypothesis import HealthCheck, settings

from cirt.kernel.clock import FakeClock
from cirt.kernel.program import Program
from cirt.parties import passwords
from tests.support.databases import BACKENDS, Databases, quick_place

# No test is timed, also not by Hypothesis; and the same change gives the same answer.
settings.register_profile(
    "cirt", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("cirt")

# A test starts the program some hundreds of times; unless told not to, Python keeps what it compiled of it.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# A hash as it is meant costs a tenth of a second: half of all the time of tests that sign in. Hashes say their own
# cost, so a server that a test starts accepts these; what it is in earnest: tests/unit/parties/test_passwords.py.
passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

# Where pytest makes the folders of its tests: SQLite's commits wait for a disk, and no test pulls its plug.
if place := quick_place():
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(place))

NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is collected stays to the end: garbage is not looked for in it, a fifth of the time that it takes."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Makes databases that are migrated and empty; copies a template, so that each takes milliseconds."""
    with Databases(tmp_path_factory.mktemp("databases")) as made:
        yield made


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOON)


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """Every test that touches a database runs on both."""
    return str(request.param)


@pytest.fixture
def program(
    backend: str, databases: Databases, tmp_path: Path, clock: FakeClock
) -> Iterator[Program]:
    """An initialised program: the CIRT is EX-CIRT of country EX; no accounts, peers or objects but our own."""
    with databases.program(backend, tmp_path / "data", clock) as made:
        yield made


@pytest.fixture(autouse=True)
def _closed_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only loopback and local sockets may be reached."""
    real = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else "local"
        if host != "local" and not (host in ("::1", "localhost") or str(host).startswith("127.")):
            raise AssertionError(f"a test tried to reach {host}")
        real(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
