"""Clients that others wrote, unchanged: taxii2-client and python-stix2's TAXII sink and source."""

from collections.abc import Iterator

import pytest
import stix2
from requests.exceptions import HTTPError
from taxii2client.common import TokenAuth
from taxii2client.v21 import ApiRoot, Collection, Server, as_pages

from tests.support.taxii import PASSWORD, ROOT, START, World, a_malware, an_indicator


@pytest.fixture
def collection(world: World) -> Iterator[Collection]:
    with Collection(
        f"{world.base}{ROOT}collections/{world.collections['rw']}/", user="alice", password=PASSWORD
    ) as found:
        yield found


@pytest.fixture
def scratch(world: World) -> Iterator[Collection]:
    with Collection(
        f"{world.base}{ROOT}collections/{world.collections['scratch']}/",
        user="alice",
        password=PASSWORD,
    ) as found:
        yield found


def test_the_client_finds_its_way_from_discovery_to_a_collection(world: World) -> None:
    with Server(f"{world.base}/taxii2/", user="alice", password=PASSWORD) as server:
        root = server.default
        found = {one.alias: one for one in root.collections}

        assert server.title == "EX-CIRT exchange"
        assert root.max_content_length == world.program.settings.max_content_bytes
        assert (found["rw"].can_read, found["rw"].can_write) == (True, True)
        assert (found["wo"].can_read, found["wo"].can_write) == (False, True)
        root.close()


def test_the_client_walks_objects_and_manifest(world: World, collection: Collection) -> None:
    objects = [
        one["id"]
        for page in as_pages(collection.get_objects, per_request=50)
        for one in page.get("objects", [])
    ]
    records = [
        one["id"]
        for page in as_pages(collection.get_manifest, per_request=50)
        for one in page.get("objects", [])
    ]

    assert objects == records
    assert {one["id"] for one in world.objects["fillers"]} < set(objects)


def test_the_client_filters(world: World, collection: Collection) -> None:
    i2 = world.objects["I2"]

    newest = collection.get_object(i2[0]["id"])
    every = collection.get_object(i2[0]["id"], version="all")
    malware = collection.get_objects(type="malware")
    versions = collection.object_versions(i2[0]["id"])

    assert newest["objects"] == [i2[2]]
    assert every["objects"] == i2
    assert malware["objects"] == [world.objects["M1"]]
    assert versions["versions"] == [one["modified"] for one in i2]


def test_the_client_adds_waits_and_deletes(scratch: Collection) -> None:
    posted = [an_indicator(), a_malware()]

    status = scratch.add_objects({"objects": posted}, wait_for_completion=True)

    assert (status.status, status.success_count, status.failure_count) == ("complete", 2, 0)
    assert scratch.get_object(posted[0]["id"])["objects"] == [posted[0]]
    scratch.delete_object(posted[0]["id"])
    with pytest.raises(HTTPError):
        scratch.get_object(posted[0]["id"])
    status.close()


def test_a_wrong_scheme_is_told_as_401(world: World) -> None:
    with (
        ApiRoot(f"{world.base}{ROOT}", auth=TokenAuth("x")) as root,
        pytest.raises(HTTPError, match="401"),
    ):
        root.refresh_information()


def test_python_stix2_writes_and_reads(scratch: Collection) -> None:
    store = stix2.TAXIICollectionStore(scratch)
    made = stix2.v21.Indicator(
        name="from a store",
        pattern="[file:name = 'x.exe']",
        pattern_type="stix",
        created=START,
        modified=START,
    )

    store.add(made)

    assert store.get(made.id) == made
    assert store.all_versions(made.id) == [made]
    assert made in store.query([stix2.Filter("type", "=", "indicator")])
