"""Discovery, API root, transport and collections: cases 1 to 26 of the checklist."""

import uuid
from urllib.parse import urljoin

import pytest

from tests.support.taxii import ABSENT, MEDIA, ROOT, Client, World, assert_error


def test_01_discovery_names_its_roots(alice: Client) -> None:
    answer = alice.get("/taxii2/")

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == MEDIA
    assert answer.json()["title"]
    assert answer.json()["api_roots"] == [ROOT]


def test_02_every_root_named_answers(alice: Client) -> None:
    said = alice.get("/taxii2/").json()

    assert said["default"] in said["api_roots"]
    for root in said["api_roots"]:
        there = alice.get(urljoin("/taxii2/", root))
        assert there.status_code == 200
        assert there.headers["Content-Type"] == MEDIA


@pytest.mark.parametrize(
    "path",
    [
        "/taxii2/",
        ROOT,
        f"{ROOT}collections/",
        f"{ROOT}collections/rw/",
        f"{ROOT}collections/rw/objects/",
        f"{ROOT}collections/rw/manifest/",
        "/taxii2/nothing/",
        f"{ROOT}status/x/",
    ],
)
def test_03_06_22_without_credentials_nothing_is_answered(nobody: Client, path: str) -> None:
    answer = nobody.get(path)

    assert_error(answer, 401)
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")


def test_04_a_wrong_password_is_refused(world: World) -> None:
    answer = world.client("alice", "wrong").get("/taxii2/")

    assert_error(answer, 401)
    assert "WWW-Authenticate" in answer.headers


@pytest.mark.parametrize(
    "header",
    [
        "Basic",
        "Basic !!!",
        "Basic //79/A==",
        "Bearer abc",
        "Basic YQ==",
        "Basic AGE6Yg==",
        "Basic \xe4\xff",
    ],
)
def test_04_credentials_that_are_none_are_refused(nobody: Client, header: str) -> None:
    answer = nobody.ask("GET", "/taxii2/", headers={"Authorization": header})

    assert_error(answer, 401)


def test_05_the_root_says_version_and_limit(world: World, alice: Client) -> None:
    said = alice.get(ROOT).json()

    assert said["title"]
    assert said["versions"] == [MEDIA]
    assert said["max_content_length"] == world.program.settings.max_content_bytes


@pytest.mark.parametrize("path", ["/taxii2/no-such-root/", "/taxii2/national/x/", "/taxii2/a/b/c/"])
def test_07_an_unknown_root_is_not_found(alice: Client, path: str) -> None:
    assert_error(alice.get(path), 404)


@pytest.mark.parametrize(
    "accept",
    [
        "application/json",
        "application/taxii+json;version=9.9",
        "application/vnd.oasis.taxii+json; version=2.0",
    ],
)
def test_08_09_12_another_media_type_is_not_acceptable(alice: Client, accept: str) -> None:
    assert_error(alice.ask("GET", ROOT, headers={"Accept": accept}), 406)


@pytest.mark.parametrize(
    "accept",
    [
        "application/taxii+json",
        "application/taxii+json; version=2.1",
        "text/html, application/taxii+json;version=2.1;q=0.5",
        "*/*",
        "",
    ],
)
def test_10_11_13_whatever_covers_taxii_is_accepted(alice: Client, accept: str) -> None:
    answer = alice.ask("GET", ROOT, headers={"Accept": accept})

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == MEDIA


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", ROOT, "GET, HEAD, OPTIONS"),
        ("PATCH", "collections/rw/objects/", "GET, HEAD, OPTIONS, POST"),
        ("POST", "/taxii2/", "GET, HEAD, OPTIONS"),
        ("DELETE", "collections/rw/", "GET, HEAD, OPTIONS"),
        ("BREW", "collections/rw/manifest/", "GET, HEAD, OPTIONS"),
    ],
)
def test_14_another_method_is_refused_by_name(
    alice: Client, method: str, path: str, allowed: str
) -> None:
    answer = alice.ask(method, path)

    assert_error(answer, 405)
    assert answer.headers["Allow"] == allowed


def test_14_options_says_what_an_address_takes(alice: Client) -> None:
    answer = alice.ask("OPTIONS", f"collections/rw/objects/indicator--{uuid.uuid4()}/")

    assert answer.status_code == 204
    assert answer.headers["Allow"] == "DELETE, GET, HEAD, OPTIONS"


@pytest.mark.parametrize(
    "path", ["/taxii2/", ROOT, "collections/", "collections/rw/", "collections/rw/objects/"]
)
def test_14_head_says_what_get_says_without_a_body(alice: Client, path: str) -> None:
    headers = alice.ask("HEAD", path)
    whole = alice.get(path)

    assert (headers.status_code, headers.content) == (200, b"")
    for name in ("Content-Type", "X-TAXII-Date-Added-First", "X-TAXII-Date-Added-Last"):
        assert headers.headers.get(name) == whole.headers.get(name)


@pytest.mark.parametrize(
    "path", ["/taxii2", "/taxii2/national", "/taxii2/national/collections/no/objects"]
)
def test_a_missing_slash_is_a_redirect_by_path(alice: Client, path: str) -> None:
    answer = alice.ask("GET", f"{path}?limit=1", headers={"Host": "elsewhere.example"})

    assert answer.status_code == 308
    assert answer.headers["Location"] == f"{path}/?limit=1"


def test_15_collections_come_whole_and_in_one_order(alice: Client) -> None:
    first, second = (alice.get("collections/").json()["collections"] for _ in range(2))

    assert first == second
    for one in first:
        assert str(uuid.UUID(one["id"])) == one["id"]
        assert one["title"]
        assert isinstance(one["can_read"], bool)
        assert isinstance(one["can_write"], bool)


def test_16_each_peer_sees_its_own_collections_only(alice: Client, bob: Client) -> None:
    of_alice, of_bob = (
        {one["alias"] for one in client.get("collections/").json()["collections"]}
        for client in (alice, bob)
    )

    assert of_alice == {"rw", "ro", "wo", "empty", "scratch"}
    assert of_bob == {"no", "bobs"}


def test_17_without_an_agreement_there_is_no_collection(world: World) -> None:
    carol = world.client("carol")

    assert carol.get("collections/").json() == {}
    assert_error(carol.get("collections/rw/"), 404)
    assert_error(carol.get("collections/rw/objects/"), 404)


@pytest.mark.parametrize("alias", ["rw", "ro", "wo", "empty"])
def test_18_19_a_collection_has_the_values_of_the_list_by_id_and_alias(
    world: World, alice: Client, alias: str
) -> None:
    listed = {one["id"]: one for one in alice.get("collections/").json()["collections"]}
    uid = world.collections[alias]

    by_id, by_alias = (alice.get(f"collections/{key}/").json() for key in (uid, alias))

    assert by_id == by_alias == listed[uid]
    assert by_id["media_types"] == ["application/stix+json;version=2.1"]


@pytest.mark.parametrize("key", [ABSENT, "not-a-uuid", "no", "%00", "'", "é", "a" * 10_000])
def test_20_21_what_does_not_exist_is_not_found(alice: Client, key: str) -> None:
    for path in (f"collections/{key}/", f"collections/{key}/objects/"):
        assert_error(alice.get(path), 404)


@pytest.mark.parametrize("alias", ["rw", "ro", "wo", "no", "empty"])
def test_23_flags_match_deeds(world: World, alice: Client, alias: str) -> None:
    listed = {one["alias"]: one for one in alice.get("collections/").json()["collections"]}
    flags = listed.get(alias, {"can_read": False, "can_write": False})

    read = alice.get(f"collections/{alias}/objects/")
    written = alice.post(alias)

    assert (read.status_code == 200) == flags["can_read"]
    assert (written.status_code == 422) == flags["can_write"]  # an empty envelope got that far


def test_24_an_inbox_is_not_read(alice: Client) -> None:
    for path in ("objects/", "manifest/", f"objects/indicator--{uuid.uuid4()}/"):
        assert_error(alice.get(f"collections/wo/{path}"), 403)


def test_25_a_hidden_collection_does_not_show(alice: Client) -> None:
    for path in ("", "objects/", "manifest/", f"objects/indicator--{uuid.uuid4()}/"):
        assert_error(alice.get(f"collections/no/{path}"), 404)


def test_26_nothing_is_written_where_one_may_not(alice: Client) -> None:
    assert_error(alice.post("ro"), 403)
    assert_error(alice.post("no"), 404)
