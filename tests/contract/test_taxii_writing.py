"""Adding, status and deleting: cases 85 to 112 of the checklist."""

import gzip
import json
import socket
import threading
import uuid
from collections.abc import Mapping
from typing import Any

import pytest
import requests

from cirt.exchange.receipts import MAX_OBJECTS
from tests.support.taxii import (
    ABSENT,
    MEDIA,
    ROOT,
    Client,
    World,
    an_address,
    an_indicator,
    assert_error,
    newer,
)

S = "collections/scratch/objects/"


def versions_of(client: Client, what: Mapping[str, Any]) -> list[str]:
    return [version for _, version in client.keys(S, match_id=what["id"], match_version="all")]


def records_of(client: Client, what: Mapping[str, Any]) -> list[dict[str, str]]:
    said = client.get("collections/scratch/manifest/", match_id=what["id"], match_version="all")
    return list(said.json().get("objects", []))


def assert_adds_up(status: Mapping[str, Any]) -> None:
    counts = {name: status[f"{name}_count"] for name in ("success", "failure", "pending")}
    assert sum(counts.values()) == status["total_count"]
    for name, plural in (
        ("success", "successes"),
        ("failure", "failures"),
        ("pending", "pendings"),
    ):
        assert len(status.get(plural, [])) == counts[name]
        assert status.get(plural) != []


# -- adding


def test_85_86_87_a_post_is_told_of_at_once_and_later(alice: Client) -> None:
    posted = an_indicator()

    answer = alice.post("scratch", posted)
    said = answer.json()

    assert (answer.status_code, answer.headers["Content-Type"]) == (202, MEDIA)
    assert (said["status"], said["total_count"], said["success_count"]) == ("complete", 1, 1)
    assert said["successes"] == [{"id": posted["id"], "version": posted["modified"]}]
    assert_adds_up(said)
    assert alice.get(f"status/{said['id']}/").json() == said


def test_88_what_was_posted_can_be_read_at_once(alice: Client) -> None:
    posted = an_indicator()
    alice.post("scratch", posted)

    assert alice.get(S, match_id=posted["id"]).json() == {"objects": [posted]}


def test_89_the_same_again_is_a_success_and_changes_nothing(alice: Client) -> None:
    posted = an_indicator()
    alice.post("scratch", posted)
    before = records_of(alice, posted)

    said = alice.post("scratch", posted).json()

    assert (said["success_count"], said["failure_count"]) == (1, 0)
    assert records_of(alice, posted) == before


def test_90_a_newer_version_is_what_is_shown(alice: Client) -> None:
    posted = an_indicator()
    late = newer(posted)
    alice.post("scratch", posted)

    assert alice.post("scratch", late).json()["success_count"] == 1

    assert alice.get(S, match_id=posted["id"]).json() == {"objects": [late]}
    assert versions_of(alice, posted) == [posted["modified"], late["modified"]]


def test_91_an_older_version_is_found_by_date_with_all_versions(alice: Client) -> None:
    created = "2025-12-01T00:00:00.000Z"
    newest = an_indicator() | {"created": created}
    alice.post("scratch", newest)
    date = records_of(alice, newest)[0]["date_added"]
    older = newer(newest, -1)

    alice.post("scratch", older)

    path = {"match_id": newest["id"], "added_after": date}
    assert alice.get(S, **path).json() == {}
    assert alice.keys(S, match_version="all", **path) == [(older["id"], older["modified"])]
    assert alice.get(S, match_id=newest["id"]).json()["objects"] == [newest]


def test_92_one_broken_object_does_not_harm_the_others(alice: Client) -> None:
    good, other = an_indicator(1), an_indicator(2)
    broken = {name: value for name, value in an_indicator(3).items() if name != "id"}

    said = alice.post("scratch", good, broken, other).json()

    assert (said["success_count"], said["failure_count"]) == (2, 1)
    assert said["failures"][0]["message"]
    assert_adds_up(said)
    assert set(alice.keys(S, match_id=f"{good['id']},{other['id']}")) == {
        (one["id"], one["modified"]) for one in (good, other)
    }


@pytest.mark.parametrize(("spec_version", "said"), [(None, "missing"), ("2.0", "2.0")])
def test_92_x20_an_object_of_stix_2_0_is_refused_by_name_and_alone(
    alice: Client, spec_version: str | None, said: str
) -> None:
    """X20 of the fixture: without spec_version only an observable is STIX 2.1."""
    good, bare = an_indicator(1), an_address("203.0.113.20")
    del bare["spec_version"]
    old = an_indicator(2)
    del old["spec_version"]
    old |= {"spec_version": spec_version} if spec_version else {}

    status = alice.post("scratch", good, old, bare).json()

    assert [one["id"] for one in status["successes"]] == [good["id"], bare["id"]]
    (failure,) = status["failures"]
    assert (failure["id"], failure["version"]) == (old["id"], old["modified"])
    assert f"STIX 2.0 object: its spec_version is {said}" in failure["message"]
    assert_adds_up(status)


def test_67_68_x20_is_in_no_spec_version(alice: Client) -> None:
    """Of STIX 2.0 nothing is kept, so that the newest spec version of each object is 2.1."""
    good, old = an_indicator(1), an_indicator(2) | {"spec_version": "2.0"}
    alice.post("scratch", good, old)
    both = f"{good['id']},{old['id']}"

    found = {
        wanted: alice.keys(S, match_id=both, match_version="all", **wanted_as(wanted))
        for wanted in ("", "2.1", "2.0,2.1", "2.0")
    }

    expected = [(good["id"], good["modified"])]
    assert found == {"": expected, "2.1": expected, "2.0,2.1": expected, "2.0": []}
    assert_error(alice.get(f"{S}{old['id']}/"), 404)


def wanted_as(spec_version: str) -> dict[str, str]:
    return {"match_spec_version": spec_version} if spec_version else {}


def test_93_a_broken_object_alone_is_a_failure(alice: Client) -> None:
    answer = alice.post("scratch", {"type": "indicator"})

    assert (answer.status_code, answer.json()["failure_count"]) == (202, 1)


@pytest.mark.parametrize("body", ["{}", '{"objects":[]}', '{"objects":{}}', '{"objects":null}'])
def test_94_an_envelope_without_objects_is_not_processed(alice: Client, body: str) -> None:
    assert_error(alice.send("scratch", body.encode()), 422)


@pytest.mark.parametrize(
    "body",
    [b"", b"no json", b"[]", b"null", b"7", b'"text"', b'{"objects":[', b'{"objects":[1,]}',
     b"\xff\xfe{", b'{"objects"', b"{" * 50_000, b'{"objects":' + b"[" * 100_000],
)  # fmt: skip
def test_95_what_is_no_json_object_is_refused(alice: Client, body: bytes) -> None:
    assert_error(alice.send("scratch", body), 400, 422)


@pytest.mark.parametrize("body", [b"", b"no json", b"[]", b"null", b"7"])
def test_95_no_json_or_no_object_is_400(alice: Client, body: bytes) -> None:
    assert_error(alice.send("scratch", body), 400)


@pytest.mark.parametrize(
    "kind",
    ["application/json", "application/taxii+json;version=9.9", "text/plain", "x", ";;",
     "application/stix+json;version=2.1"],
)  # fmt: skip
def test_96_97_another_content_type_is_refused(alice: Client, kind: str) -> None:
    assert_error(alice.send("scratch", b"{}", Content_Type=kind), 415)


@pytest.mark.parametrize(
    "kind", ["application/taxii+json; version=2.1", "application/taxii+json;charset=utf-8"]
)
def test_98_spaces_and_charset_do_not_matter(alice: Client, kind: str) -> None:
    body = json.dumps({"objects": [an_indicator()]}).encode()

    assert alice.send("scratch", body, Content_Type=kind).status_code == 202


def test_99_nothing_is_stored_where_the_answer_could_not_be_read(alice: Client) -> None:
    posted = an_indicator()
    body = json.dumps({"objects": [posted]}).encode()

    assert_error(alice.send("scratch", body, Accept="text/html"), 406)

    assert alice.get(S, match_id=posted["id"]).json() == {}


def of_size(size: int) -> bytes:
    body = json.dumps({"objects": [an_indicator()]}).encode()
    return body + b" " * (size - len(body))


@pytest.mark.parametrize("chunked", [False, True])
def test_100_the_limit_is_exact(world: World, alice: Client, chunked: bool) -> None:
    limit = world.program.settings.max_content_bytes

    def body(size: int) -> Any:
        whole = of_size(size)
        return iter([whole[:1000], whole[1000:]]) if chunked else whole

    assert alice.send("scratch", body(limit)).status_code == 202
    assert_error(alice.send("scratch", body(limit + 1)), 413)


def test_100_a_length_far_over_the_limit_is_refused_unread(world: World) -> None:
    host, port = world.base.removeprefix("http://").split(":")
    sign = requests.auth._basic_auth_str("alice", world.client().password)
    head = (
        f"POST {ROOT}{S} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {sign}\r\nAccept: {MEDIA}\r\n"
        f"Content-Type: {MEDIA}\r\nContent-Length: 9000000000\r\n\r\n{{"
    )
    with socket.create_connection((host, int(port)), timeout=20) as link:
        link.sendall(head.encode())
        answer = link.recv(65536).decode()

    assert answer.startswith("HTTP/1.1 413")
    assert MEDIA in answer


def test_100_an_envelope_of_too_many_objects_is_refused_whole(alice: Client) -> None:
    body = b'{"objects":[' + b",".join([b"{}"] * (MAX_OBJECTS + 1)) + b"]}"

    answer = alice.send("scratch", body)

    assert_error(answer, 413)
    assert f"{MAX_OBJECTS}" in answer.text


def test_100_a_gzip_body_is_read_and_a_bomb_is_not(world: World, alice: Client) -> None:
    posted = an_indicator()
    body = gzip.compress(json.dumps({"objects": [posted]}).encode())
    bomb = gzip.compress(b" " * (world.program.settings.max_content_bytes + 1))

    assert alice.send("scratch", body, Content_Encoding="gzip").status_code == 202
    assert_error(alice.send("scratch", bomb, Content_Encoding="gzip"), 413)
    assert_error(alice.send("scratch", b"no gzip", Content_Encoding="gzip"), 400)
    assert_error(alice.send("scratch", body, Content_Encoding="br"), 415)
    assert alice.get(S, match_id=posted["id"]).json() == {"objects": [posted]}


def test_101_a_thousand_objects_in_one_post(alice: Client) -> None:
    posted = [an_indicator(number) for number in range(1000)]

    said = alice.post("scratch", *posted).json()
    ids = {stix_id for stix_id, _ in alice.keys(S)}

    assert said["success_count"] == 1000
    assert {one["id"] for one in posted} <= ids


def test_102_two_who_post_the_same_at_once_both_succeed(world: World, alice: Client) -> None:
    posted = [an_indicator(number) for number in range(20)]
    answers: list[requests.Response] = []

    def post() -> None:
        client = world.client()
        answers.append(client.post("scratch", *posted))
        client.close()

    threads = [threading.Thread(target=post) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [answer.status_code for answer in answers] == [202] * 4
    assert {answer.json()["success_count"] for answer in answers} == {20}
    for one in posted:
        assert versions_of(alice, one) == [one["modified"]]


@pytest.mark.parametrize("status_id", [ABSENT, "x", "%00", "'", "0" * 10_000])
def test_103_an_unknown_status_is_not_found(alice: Client, status_id: str) -> None:
    assert_error(alice.get(f"status/{status_id}/"), 404)


def test_104_a_status_is_for_the_one_who_posted(alice: Client, bob: Client) -> None:
    status_id = alice.post("scratch", an_indicator()).json()["id"]

    assert_error(bob.get(f"status/{status_id}/"), 404)


def test_a_posted_bundle_is_taken_as_an_envelope(alice: Client) -> None:
    posted = an_indicator()
    bundle = {"type": "bundle", "id": f"bundle--{uuid.uuid4()}", "objects": [posted]}

    assert alice.send("scratch", json.dumps(bundle).encode()).json()["success_count"] == 1
    assert alice.get(S, match_id=posted["id"]).json() == {"objects": [posted]}


def test_a_body_that_is_one_object_is_no_envelope(alice: Client) -> None:
    assert_error(alice.send("scratch", json.dumps(an_indicator()).encode()), 422)


def test_other_bytes_under_the_same_version_change_nothing(alice: Client) -> None:
    posted = an_indicator()
    alice.post("scratch", posted)

    answer = alice.post("scratch", posted | {"name": "Another name"})

    assert answer.status_code == 202
    assert alice.get(S, match_id=posted["id"]).json() == {"objects": [posted]}


def test_an_inbox_takes_and_does_not_show(alice: Client) -> None:
    said = alice.post("wo", an_address("203.0.113.77")).json()

    assert said["success_count"] == 1
    assert_error(alice.get("collections/wo/objects/"), 403)


# -- deleting


def posted_versions(client: Client) -> list[dict[str, Any]]:
    first = an_indicator()
    versions = [first, newer(first, 1), newer(first, 2)]
    for one in versions:
        client.post("scratch", one)
    return versions


def test_105_one_version_is_removed(alice: Client) -> None:
    v1, v2, v3 = posted_versions(alice)

    answer = alice.ask("DELETE", f"{S}{v1['id']}/?match[version]={v2['modified']}")

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["Content-Type"] == MEDIA
    said = alice.get(f"{S}{v1['id']}/versions/").json()
    assert set(said["versions"]) == {v1["modified"], v3["modified"]}


def test_106_107_all_versions_are_removed_once(alice: Client) -> None:
    what = posted_versions(alice)[0]

    assert alice.ask("DELETE", f"{S}{what['id']}/").status_code == 200

    assert_error(alice.get(f"{S}{what['id']}/"), 404)
    assert_error(alice.get(f"{S}{what['id']}/versions/"), 404)
    assert records_of(alice, what) == []
    assert_error(alice.ask("DELETE", f"{S}{what['id']}/"), 404)


def test_108_109_110_deleting_follows_the_flags(alice: Client, nobody: Client) -> None:
    ours = alice.get("collections/ro/objects/", match_type="indicator").json()["objects"][0]["id"]

    for alias, status in (("ro", 403), ("wo", 403), ("no", 404)):
        path = f"collections/{alias}/objects/{ours}/"
        assert_error(alice.ask("DELETE", path), status)
        assert_error(nobody.ask("DELETE", path), 401)
    assert alice.get(f"collections/ro/objects/{ours}/").status_code == 200


def test_111_the_only_version_may_be_named_first(alice: Client) -> None:
    posted = an_indicator()
    alice.post("scratch", posted)

    assert alice.ask("DELETE", f"{S}{posted['id']}/?match[version]=first").status_code == 200
    assert_error(alice.get(f"{S}{posted['id']}/"), 404)


def test_112_what_is_posted_again_gets_a_new_date(alice: Client) -> None:
    posted = an_indicator()
    alice.post("scratch", posted)
    date = records_of(alice, posted)[0]["date_added"]
    alice.ask("DELETE", f"{S}{posted['id']}/")

    assert alice.post("scratch", posted).json()["success_count"] == 1

    assert alice.keys(S, match_id=posted["id"], added_after=date) == [
        (posted["id"], posted["modified"])
    ]


@pytest.mark.parametrize("query", ["match[version]=all,last", "match[version]=x"])
def test_a_malformed_filter_removes_nothing(alice: Client, query: str) -> None:
    posted = an_indicator()
    alice.post("scratch", posted)

    assert_error(alice.ask("DELETE", f"{S}{posted['id']}/?{query}"), 400)
    assert alice.get(f"{S}{posted['id']}/").status_code == 200


@pytest.mark.parametrize("stix_id", ["x", "%00", f"indicator--{ABSENT}"])
def test_what_is_not_there_is_not_removed(alice: Client, stix_id: str) -> None:
    assert_error(alice.ask("DELETE", f"{S}{stix_id}/"), 404)


@pytest.mark.parametrize("ref", ["\0", "\ud800", "marking-definition--\0", "é"])
def test_a_marking_that_no_database_takes_fails_alone(alice: Client, ref: str) -> None:
    odd, good = an_indicator(object_marking_refs=[ref]), an_indicator()
    body = json.dumps({"objects": [odd, good]}).encode()

    said = alice.send("scratch", body).json()

    assert (said["failure_count"], said["success_count"]) == (1, 1)
    assert alice.get(S, match_id=good["id"]).json() == {"objects": [good]}
