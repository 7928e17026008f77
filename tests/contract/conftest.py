"""Instances that are really served."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from cirt.kernel.clock import FakeClock
from tests.conftest import NOON
from tests.support.databases import BACKENDS, Databases
from tests.support.taxii import Client, World, a_world


@pytest.fixture(scope="session", params=BACKENDS)
def world(
    request: pytest.FixtureRequest,
    databases: Databases,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[World]:
    """The TAXII checklist's fixture, one per database. Only the collection ``scratch`` may be changed."""
    place = tmp_path_factory.mktemp(f"world-{request.param}")
    with databases.program(request.param, place, FakeClock(NOON)) as plain:
        limits = replace(plain.settings, max_content_bytes=1_000_000, page_max=200)
        with a_world(replace(plain, settings=limits)) as made:
            yield made


@pytest.fixture
def alice(world: World) -> Iterator[Client]:
    client = world.client("alice")
    yield client
    client.close()


@pytest.fixture
def bob(world: World) -> Iterator[Client]:
    client = world.client("bob")
    yield client
    client.close()


@pytest.fixture
def nobody(world: World) -> Iterator[Client]:
    client = world.client(None)
    yield client
    client.close()
