"""Pages, filters, one object, versions and manifest: cases 27 to 84 of the checklist."""

import json
import re
import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.support.taxii import (
    MEDIA,
    START,
    Client,
    World,
    an_indicator,
    assert_error,
    keys_of,
    stamp,
)

FIRST, LAST = "X-TAXII-Date-Added-First", "X-TAXII-Date-Added-Last"
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
O = "collections/rw/objects/"  # noqa: E741 - the checklist's names
MF = "collections/rw/manifest/"
UNKNOWN = "indicator--00000000-0000-4000-8000-000000000000"


def ids_of(client: Client, path: str = O, **params: Any) -> list[str]:
    return [stix_id for stix_id, _ in client.keys(path, **params)]


def date_of(text: str) -> datetime:
    return datetime.fromisoformat(text)


# -- shape, order, paging


def test_27_every_object_has_id_and_type(alice: Client) -> None:
    answer = alice.get(O)

    assert answer.headers["Content-Type"] == MEDIA
    assert answer.json()["objects"]
    assert all("id" in one and "type" in one for one in answer.json()["objects"])


def test_28_an_empty_collection_is_an_empty_envelope(alice: Client) -> None:
    answer = alice.get("collections/empty/objects/")

    assert (answer.status_code, answer.json()) == (200, {})
    assert FIRST not in answer.headers
    assert LAST not in answer.headers


def test_29_a_limited_page_says_that_more_follow(alice: Client) -> None:
    said = alice.get(O, limit=1).json()

    assert len(said["objects"]) == 1
    assert said["more"] is True
    assert isinstance(said["next"], str)


def test_30_31_every_walk_gives_every_id_once_in_one_order(world: World, alice: Client) -> None:
    by_seven, by_fifty = (ids_of(alice, limit=limit) for limit in (7, 50))

    assert by_seven == by_fifty
    assert len(set(by_seven)) == len(by_seven)
    posted = [world.objects["I1"], world.objects["M1"], *world.objects["fillers"]]
    assert {one["id"] for one in posted} < set(by_seven)


@pytest.mark.parametrize("path", [O, MF])
def test_32_82_walking_by_date_gives_the_same(alice: Client, path: str) -> None:
    pages = alice.walk_by_date(path, limit=7)

    assert [key for page in pages for key in keys_of(page)] == alice.keys(path, limit=7)


def test_33_34_35_dates_rise_have_six_digits_and_agree_with_the_manifest(alice: Client) -> None:
    before = ""
    for page, manifest in zip(alice.walk(O, limit=50), alice.walk(MF, limit=50), strict=True):
        records = manifest.json()["objects"]
        first, last = page.headers[FIRST], page.headers[LAST]

        assert DATE.fullmatch(first)
        assert DATE.fullmatch(last)
        assert before < first < last
        assert (first, last) == (records[0]["date_added"], records[-1]["date_added"])
        assert (first, last) == (manifest.headers[FIRST], manifest.headers[LAST])
        before = last


@pytest.mark.parametrize("limit", ["", "1000000000", "9" * 5000])
def test_36_45_a_page_is_never_larger_than_ours(alice: Client, world: World, limit: str) -> None:
    said = alice.get(O, **({"limit": limit} if limit else {})).json()

    assert len(said["objects"]) == world.program.settings.page_max
    assert said["more"] is True


@pytest.mark.parametrize("path", [O, MF, f"{O}{UNKNOWN}/", f"{O}{UNKNOWN}/versions/"])
@pytest.mark.parametrize("limit", ["0", "-1", "abc", "1.5", ""])
def test_37_a_malformed_limit_is_refused(alice: Client, path: str, limit: str) -> None:
    assert_error(alice.get(path, limit=limit), 400)


@pytest.mark.parametrize("token", ["garbage", "", "a.b.c", "\0", "x" * 10_000])
def test_38_a_token_that_is_none_is_refused(alice: Client, token: str) -> None:
    assert_error(alice.get(O, next=token), 400)


def test_39_the_same_token_gives_the_same_page_twice(alice: Client) -> None:
    token = alice.get(O, limit=7).json()["next"]

    first, second = (alice.get(O, limit=7, next=token) for _ in range(2))

    assert first.content == second.content


def test_41_a_token_holds_for_its_filter_only(alice: Client) -> None:
    token = alice.get(O, limit=7).json()["next"]

    assert_error(alice.get(O, limit=7, next=token, match_type="malware"), 400)
    assert_error(alice.get("collections/scratch/objects/", limit=7, next=token), 400)


def test_42_a_token_wins_over_a_date_and_a_limit(alice: Client) -> None:
    page = alice.get(O, limit=7)
    token = page.json()["next"]

    plain = alice.get(O, limit=7, next=token)
    both = alice.get(O, limit=7, next=token, added_after=page.headers[LAST])
    far = alice.get(O, limit=7, next=token, added_after="2031-01-01T00:00:00.000000Z")

    assert plain.content == both.content == far.content
    assert keys_of(alice.get(O, limit=9, next=token))[:7] == keys_of(plain)
    assert keys_of(alice.get(O, next=token))[:7] == keys_of(plain)


def test_46_the_last_page_has_no_token(alice: Client) -> None:
    last = list(alice.walk(O, limit=200))[-1].json()

    assert "next" not in last
    assert not last.get("more")


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_47_a_packed_page_is_the_same_page(alice: Client, encoding: str) -> None:
    answer = alice.ask("GET", f"{O}?limit=100", headers={"Accept-Encoding": encoding})

    assert answer.headers.get("Content-Encoding", "identity") in (encoding, "identity")
    assert answer.json() == alice.get(O, limit=100).json()


# -- filters


def last_date(client: Client) -> str:
    return list(client.walk(O, limit=200))[-1].headers[LAST]


def test_48_49_the_date_is_an_exclusive_bound(alice: Client) -> None:
    last = last_date(alice)
    before = stamp(date_of(last) - timedelta(microseconds=1), digits=6)

    at_last, just_before = alice.get(O, added_after=last), alice.get(O, added_after=before)

    assert (at_last.status_code, at_last.json()) == (200, {})
    assert FIRST not in at_last.headers
    assert len(just_before.json()["objects"]) == 1


@pytest.mark.parametrize("date", ["2020-01-01T00:00:00Z", "2020-01-01T00:00:00.123Z"])
def test_50_a_date_with_fewer_digits_is_read(alice: Client, date: str) -> None:
    assert ids_of(alice, added_after=date) == ids_of(alice)


@pytest.mark.parametrize(
    "date",
    ["yesterday", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00.000000Z", "", "0", "\0",
     "2026-01-01T00:00:00.000000+01:00", "1" * 10_000],
)  # fmt: skip
def test_51_a_malformed_date_is_refused(alice: Client, date: str) -> None:
    assert_error(alice.get(O, added_after=date), 400)


def test_51_a_plus_that_became_a_space_is_refused(alice: Client) -> None:
    assert_error(alice.ask("GET", f"{O}?added_after=2026-01-01T00:00:00+00:00"), 400)


def test_52_dates_of_stix_do_not_count(alice: Client) -> None:
    between = stamp(START + timedelta(days=30), digits=6)  # after every modified, before every POST

    assert ids_of(alice, added_after=between) == ids_of(alice)


def test_53_to_58_ids_and_types_select(world: World, alice: Client) -> None:
    i1, m1, s1 = (world.objects[name]["id"] for name in ("I1", "M1", "S1"))

    assert ids_of(alice, match_id=i1) == [i1]
    assert ids_of(alice, match_id=f"{m1},{i1}") == [i1, m1]
    assert alice.get(O, match_id=UNKNOWN).json() == {}
    assert ids_of(alice, match_type="malware") == [m1]
    assert ids_of(alice, match_type="malware,ipv4-addr") == [m1, s1]
    assert alice.get(O, match_type="malware", match_id=i1).json() == {}
    assert alice.get(O, match_type="location").json() == {}


@pytest.mark.parametrize(
    "query",
    [
        "match[type]=malware&match[type]=indicator",
        "match[id]=x--y&match[id]=z",
        "limit=1&limit=2",
        "added_after=2026-01-01T00:00:00Z&added_after=2026-01-02T00:00:00Z",
        "match[version]=all,last",
        "match[version]=last,last",
        "match[version]=newest",
    ],
)
def test_59_what_is_repeated_or_contradicts_itself_is_refused(alice: Client, query: str) -> None:
    assert_error(alice.ask("GET", f"{O}?{query}"), 400)


def test_60_to_65_versions_select(world: World, alice: Client) -> None:
    v1, v2, v3 = (one["modified"] for one in world.objects["I2"])
    i1, i2 = world.objects["I1"]["id"], world.objects["I2"][0]["id"]

    def versions(wanted: str | None) -> list[str]:
        said = {"match_version": wanted} if wanted else {}
        return [version for _, version in alice.keys(O, match_id=i2, **said)]

    assert versions(None) == versions("last") == [v3]
    assert versions("first") == [v1]
    assert versions("all") == [v1, v2, v3]
    assert versions("first,last") == [v1, v3]
    assert versions(v2) == versions(v2.replace(".000Z", "Z")) == [v2]
    assert versions(f"{v2},last") == [v2, v3]
    assert len(alice.keys(O, match_id=i1, match_version="first,last")) == 1


def test_66_what_is_not_versioned_has_one_stable_key(world: World, alice: Client) -> None:
    d1, s1 = world.objects["D1"], world.objects["S1"]
    records = alice.get(MF, match_id=f"{d1['id']},{s1['id']}", match_version="all").json()[
        "objects"
    ]

    found = {one["id"]: one["version"] for one in records}

    assert found == {d1["id"]: d1["created"], s1["id"]: "1970-01-01T00:00:00.000Z"}
    assert ids_of(alice, match_version="1970-01-01T00:00:00Z") == [s1["id"]]


def test_67_68_spec_versions_select(alice: Client) -> None:
    every = ids_of(alice)

    assert ids_of(alice, match_spec_version="2.1") == every
    assert ids_of(alice, match_spec_version="2.0,2.1") == every
    assert alice.get(O, match_spec_version="2.0").json() == {}
    assert alice.get(O, match_spec_version="9.9").json() == {}


def test_69_encoded_brackets_are_brackets(alice: Client) -> None:
    plain, encoded = (
        alice.ask("GET", f"{O}?{query}")
        for query in ("match[type]=malware", "match%5Btype%5D=malware")
    )

    assert plain.content == encoded.content


def test_70_an_unknown_field_is_left_out(alice: Client) -> None:
    assert ids_of(alice, match_colour="red", colour="red") == ids_of(alice)


# -- one object, versions, manifest


def test_71_72_one_object_by_id(world: World, alice: Client) -> None:
    stix_id = world.objects["I2"][0]["id"]
    versions = [one["modified"] for one in world.objects["I2"]]

    newest = alice.get(f"{O}{stix_id}/")
    pages = list(alice.walk(f"{O}{stix_id}/", match_version="all", limit=1))

    assert newest.json()["objects"] == [world.objects["I2"][2]]
    assert FIRST in newest.headers
    assert LAST in newest.headers
    assert [keys_of(page)[0][1] for page in pages] == versions


@pytest.mark.parametrize(
    "stix_id", [UNKNOWN, "indicator", "x", "%00", "'", "indicator--" + "a" * 10_000]
)
def test_73_79_an_unknown_object_is_not_found(alice: Client, stix_id: str) -> None:
    assert_error(alice.get(f"{O}{stix_id}/"), 404)
    assert_error(alice.get(f"{O}{stix_id}/versions/"), 404)


def test_74_a_version_that_is_not_there_is_an_empty_page(world: World, alice: Client) -> None:
    path = f"{O}{world.objects['I1']['id']}/"

    assert alice.get(path, match_version="2001-01-01T00:00:00Z").json() == {}
    assert alice.get(path, match_spec_version="2.0").json() == {}
    assert alice.get(path, added_after="2031-01-01T00:00:00Z").json() == {}


def test_75_84_one_object_and_the_manifest_follow_the_flags(alice: Client) -> None:
    for path in (f"objects/{UNKNOWN}/", f"objects/{UNKNOWN}/versions/", "manifest/"):
        assert_error(alice.get(f"collections/wo/{path}"), 403)
        assert_error(alice.get(f"collections/no/{path}"), 404)
        assert_error(alice.get(f"collections/{uuid.uuid4()}/{path}"), 404)


def test_76_bytes_come_back_as_they_went(alice: Client) -> None:
    posted = an_indicator(
        7, name="Größe, 大小 \u202e", x_own={"b": [1, 2.50, ""]}, modified=START
    ) | {"created": "2026-01-01T00:00:00.123456Z", "modified": "2026-01-02T00:00:00.120Z"}
    body = json.dumps(posted, ensure_ascii=False, indent=3)
    alice.send("scratch", f'{{"objects":[{body}]}}'.encode())

    page = alice.get(f"collections/scratch/objects/{posted['id']}/")

    assert page.content == f'{{"objects":[{body}]}}'.encode()


def test_77_78_versions_of_an_object(world: World, alice: Client) -> None:
    path = f"{O}{world.objects['I2'][0]['id']}/versions/"
    expected = [one["modified"] for one in world.objects["I2"]]

    whole = alice.get(path)
    pages = list(alice.walk(path, limit=1))
    by_date = list(alice.walk_by_date(path, limit=1))

    assert whole.json() == {"versions": expected}
    assert FIRST in whole.headers
    assert LAST in whole.headers
    assert [page.json()["versions"] for page in pages] == [[one] for one in expected]
    assert [page.json()["versions"] for page in by_date] == [[one] for one in expected]


def test_80_a_manifest_has_a_record_per_version(alice: Client) -> None:
    answer = alice.get(MF, limit=5)

    assert FIRST in answer.headers
    assert LAST in answer.headers
    for record in answer.json()["objects"]:
        assert set(record) == {"id", "date_added", "version", "media_type"}
        assert record["media_type"] == "application/stix+json;version=2.1"


@pytest.mark.parametrize(
    "filters",
    [
        {},
        {"match_type": "malware,ipv4-addr"},
        {"match_version": "all"},
        {"match_version": "first"},
        {"match_version": "first,last"},
        {"match_version": "2026-01-02T00:00:00.000Z"},
        {"match_version": "2026-01-02T00:00:00Z,last"},
        {"match_spec_version": "2.1"},
        {"match_spec_version": "2.0"},
        {"match_spec_version": "2.0,2.1"},
        {"match_type": "malware", "match_id": UNKNOWN},
        {"match_id": UNKNOWN},
        {"match_colour": "red"},
        {"added_after": "2026-11-18T12:00:00.000100Z"},
    ],
)
def test_81_manifest_and_objects_agree(alice: Client, filters: dict[str, str]) -> None:
    assert alice.keys(O, **filters) == alice.keys(MF, **filters)


def test_81_they_agree_on_named_objects_too(world: World, alice: Client) -> None:
    i1, m1 = world.objects["I1"]["id"], world.objects["M1"]["id"]
    i2 = world.objects["I2"][0]["id"]

    for wanted, count in ((i1, 1), (f"{m1},{i1}", 2), (i2, 3), (f"{i2},{UNKNOWN}", 3)):
        found = [alice.keys(path, match_id=wanted, match_version="all") for path in (O, MF)]
        assert found[0] == found[1]
        assert len(found[0]) == count


def test_83_the_manifest_of_nothing_is_empty(alice: Client) -> None:
    answer = alice.get("collections/empty/manifest/")

    assert (answer.status_code, answer.json()) == (200, {})


def test_80_the_manifest_also_takes_the_stix_type(alice: Client) -> None:
    stix = {"Accept": "application/stix+json;version=2.1"}

    assert alice.ask("GET", MF, headers=stix).headers["Content-Type"] == MEDIA
    assert_error(alice.ask("GET", O, headers=stix), 406)
