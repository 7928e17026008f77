"""The connector misp: events become STIX that we take, their markings with them, and nothing is dropped in silence."""

import copy
import json
import tracemalloc
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from cirt_connectors.misp import MispConnector
from cirt_connectors.misp.places import parsed

from cirt.objects import codec
from cirt.plugin import ConnectorFault, Found, OneFault
from cirt.plugin.stix import PAP_REFS, TLP_REFS
from cirt.plugin.testkit import RecordedFetch, objects_in, pull_all
from tests.support.documents import ROOT
from tests.support.samples import needs_samples, samples

SAMPLE = ROOT / "tests" / "samples" / "misp" / "event.json"
FEED = "https://misp.example/feed"
UUID = "11111111-2222-4333-8444-0000000000"


def sample() -> dict[str, Any]:
    event: dict[str, Any] = json.loads(SAMPLE.read_bytes())
    return event


def read(tmp_path: Path, whole: Any) -> Found:
    file = tmp_path / "one.json"
    file.write_text(json.dumps(whole))
    return MispConnector({}).read(file)


def by_id(found: Found) -> dict[str, dict[str, Any]]:
    return {one["id"]: one for one in objects_in([found])}


def feed(events: Mapping[str, Any]) -> RecordedFetch:
    manifest = {uuid: {"timestamp": one["Event"]["timestamp"]} for uuid, one in events.items()}
    bodies = {f"{FEED}/{uuid}.json": json.dumps(one).encode() for uuid, one in events.items()}
    return RecordedFetch({f"{FEED}/manifest.json": json.dumps(manifest).encode(), **bodies})


def with_uuid(number: int, timestamp: int) -> dict[str, Any]:
    event = sample()
    event["Event"] |= {"uuid": f"{UUID[:-4]}{number:06}", "timestamp": str(timestamp)}
    return event


def test_everything_that_is_made_of_an_event_is_taken() -> None:
    found = MispConnector({}).read(SAMPLE)

    assert [
        one for one in map(codec.read, codec.split(found.body)) if isinstance(one, codec.Refusal)
    ] == []


def test_what_is_meant_for_detection_is_an_indicator_with_the_uuid_it_had() -> None:
    one = by_id(MispConnector({}).read(SAMPLE))[f"indicator--{UUID}02"]

    assert one["pattern"] == "[domain-name:value = 'bad.example']"
    assert one["description"] == "landing page"
    assert one["object_marking_refs"] == [TLP_REFS["amber"], PAP_REFS["green"]]
    assert one["modified"] == "2026-11-10T12:00:00.000Z"  # of the event, whose marking it has


def test_what_is_not_meant_for_detection_is_observed_and_its_values_bear_the_marking() -> None:
    found = by_id(MispConnector({}).read(SAMPLE))

    one = found[f"observed-data--{UUID}03"]
    value = found[one["object_refs"][0]]

    assert value["value"] == "198.51.100.7"
    for each in (one, value):
        assert TLP_REFS["red"] in each["object_marking_refs"]


def test_a_deleted_attribute_is_a_revoked_version_with_its_own_time() -> None:
    one = by_id(MispConnector({}).read(SAMPLE))[f"indicator--{UUID}04"]

    assert one["revoked"] is True
    assert one["modified"] == "2026-11-10T08:40:02.000Z"
    assert one["object_marking_refs"] == [TLP_REFS["clear"], PAP_REFS["red"]]


def test_name_and_hash_are_of_one_file_and_its_object_is_a_grouping() -> None:
    found = by_id(MispConnector({}).read(SAMPLE))

    assert found[f"indicator--{UUID}11"]["pattern"] == (
        "[file:name = 'it\\'s.exe' AND file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e']"
    )
    assert found[f"grouping--{UUID}10"]["object_refs"] == [f"indicator--{UUID}11"]
    relation = found[f"relationship--{UUID}12"]
    assert relation["relationship_type"] == "communicates-with"
    assert (relation["source_ref"], relation["target_ref"]) == (
        f"grouping--{UUID}10",
        f"indicator--{UUID}02",
    )


def test_the_report_holds_all_with_tags_as_labels_and_links_as_references() -> None:
    found = by_id(MispConnector({}).read(SAMPLE))
    report = found[f"report--{UUID}01"]

    assert report["labels"] == ['rsit:fraud="phishing"', 'misp-galaxy:tool="Gamefish"']
    assert [one["url"] for one in report["external_references"]] == ["https://blog.example/one"]
    assert set(report["object_refs"]) <= found.keys()
    assert found[f"sighting--{UUID}b1"]["sighting_of_ref"] == f"indicator--{UUID}02"


def test_what_has_no_place_is_counted() -> None:
    assert dict(MispConnector({}).read(SAMPLE).left_out) == {
        "attribute text": 1,
        "attribute ip-dst": 1,
        "sighting that says it was a false one, or the end": 1,
    }


def test_a_level_that_nobody_knows_is_read_strictly(tmp_path: Path) -> None:
    event = sample()
    event["Event"]["Tag"] = [{"name": "tlp:purple"}, {"name": "tlp:green"}]

    found = read(tmp_path, event)

    assert TLP_REFS["amber+strict"] in by_id(found)[f"indicator--{UUID}02"]["object_marking_refs"]
    assert any("tlp:purple" in each for each in found.left_out)


def test_another_marking_of_the_event_is_a_new_version_of_what_has_none_of_its_own(
    tmp_path: Path,
) -> None:
    before = by_id(MispConnector({}).read(SAMPLE))
    event = sample()
    event["Event"] |= {"timestamp": "1794399999", "Tag": [{"name": "tlp:red"}]}

    after = by_id(read(tmp_path, event))

    assert after[f"indicator--{UUID}02"]["modified"] > before[f"indicator--{UUID}02"]["modified"]
    assert after[f"indicator--{UUID}02"]["object_marking_refs"] == [TLP_REFS["red"]]
    for key in before.keys() & after.keys():
        if before[key].get("modified") == after[key].get("modified"):
            assert before[key] == after[key], key


def test_one_bad_event_stops_none_beside_it(tmp_path: Path) -> None:
    bad = [{"Event": {"info": "no uuid"}}, "text", None, {"Event": {"uuid": f"{UUID}99"}}]

    found = read(tmp_path, {"response": [*bad, sample()]})

    assert f"report--{UUID}01" in by_id(found)
    assert "3 more" in found.fault


NASTY: list[Any] = [
    {"Attribute": "text", "Object": {"a": 1}, "Tag": 7, "Orgc": []},
    {"Attribute": [None, 1, "x", [], {}], "Object": [None, {"Attribute": [None]}]},
    {"Attribute": [{"type": ["x"], "value": {"a": 1}, "to_ids": "maybe", "timestamp": []}]},
    {"Attribute": [{"type": "domain|ip", "value": "|", "to_ids": True}]},
    {"Attribute": [{"type": "domain", "value": "a\x00.example", "to_ids": True}]},
    {"Attribute": [{"type": "url", "value": "https://x.example/\ud800", "to_ids": True}]},
    {"Attribute": [{"type": "ip-dst", "value": "1" * 1_000_000, "to_ids": True}]},
    {"Tag": [{"name": None}, {"name": "tlp:"}, {"name": "x" * 10_000}], "info": "=cmd()\x00"},
    {"Object": [{"Attribute": [], "ObjectReference": [None, 1, "x", [], {}]}]},
    {"timestamp": "9" * 40, "date": "yesterday"},
]


@pytest.mark.parametrize("number", range(len(NASTY)))
def test_nasty_input_is_counted_or_named_and_breaks_nothing(number: int, tmp_path: Path) -> None:
    event = copy.deepcopy(sample())
    event["Event"] |= NASTY[number]

    found = read(tmp_path, event)

    codec.split(found.body)
    assert found.left_out or found.fault or objects_in([found])


def test_nesting_beyond_all_sense_gets_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "deep.json"
    file.write_bytes(b"[" * 200_000)

    with pytest.raises(OneFault, match=r"deep\.json is no JSON"):
        MispConnector({}).read(file)


def test_a_feed_is_read_once_and_what_changed_again() -> None:
    events = {f"{UUID[:-4]}{n:06}": with_uuid(n, 1_794_312_000 + n) for n in range(50)}
    connector = MispConnector({"feed": FEED})

    found, cursor = pull_all(connector, feed(events))
    changed = dict(events)
    key = next(iter(events))
    changed[key] = with_uuid(0, 1_794_400_000)
    again, _ = pull_all(connector, feed(changed), cursor)

    reports = [one["id"] for one in objects_in(found) if one["type"] == "report"]
    assert len(set(reports)) == len(reports) == 50
    assert [one["id"] for one in objects_in(again) if one["type"] == "report"] == [f"report--{key}"]


def test_an_event_of_a_feed_that_is_missing_is_named_and_asked_for_again() -> None:
    events = {f"{UUID[:-4]}{n:06}": with_uuid(n, 1_794_312_000 + n) for n in range(3)}
    fetch, connector = feed(events), MispConnector({"feed": FEED})
    gone = next(iter(events))
    whole = dict(fetch.bodies)
    fetch.bodies = {url: body for url, body in whole.items() if gone not in url}

    ((first, cursor),) = connector.pull(fetch, None)
    fetch.bodies = whole
    ((second, _),) = connector.pull(fetch, cursor)

    assert gone in first.fault
    assert len([one for one in objects_in([first]) if one["type"] == "report"]) == 2
    assert [one["id"] for one in objects_in([second]) if one["type"] == "report"] == [
        f"report--{gone}"
    ]


class Instance:
    """A MISP that answers restSearch; ``skips`` loses an event from its first listing, as when pages shift."""

    def __init__(self, events: list[dict[str, Any]]) -> None:
        self.events = events
        self.asked: list[dict[str, Any]] = []

    def __call__(self, url: str, body: bytes) -> bytes:
        wanted = json.loads(body)
        self.asked.append(wanted)
        events = [one for one in self.events if self.fits(one["Event"], wanted)]
        if "page" in wanted:
            at = (wanted["page"] - 1) * wanted["limit"]
            events = events[at : at + wanted["limit"]]
        return json.dumps({"response": events}).encode()

    def fits(self, event: dict[str, Any], wanted: dict[str, Any]) -> bool:
        since = int(wanted.get("publish_timestamp", 0))
        uuids = wanted.get("uuid")
        return int(event["publish_timestamp"]) >= since and (
            uuids is None or event["uuid"] in uuids
        )


def published(number: int, at: int) -> dict[str, Any]:
    event = with_uuid(number, 1_794_000_000)
    event["Event"]["publish_timestamp"] = str(at)
    return event


def test_by_rest_events_come_once_in_the_order_of_their_publication(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("secret-key\n")
    misp = Instance([published(n, 1_794_312_000 + n // 3) for n in range(45)])
    fetch = RecordedFetch(answer=misp)
    connector = MispConnector({"url": "https://misp.example", "key_file": str(key)})

    found, cursor = pull_all(connector, fetch)
    misp.events += [
        published(90, 1_794_312_014),
        published(91, 1_794_400_000),
    ]  # one in the last second
    again, _ = pull_all(connector, fetch, cursor)

    assert fetch.headers["Authorization"] == "secret-key"
    assert len([one for one in objects_in(found) if one["type"] == "report"]) == 45
    assert len([one for one in objects_in(again) if one["type"] == "report"]) == 2
    assert all(one["returnFormat"] == "json" for one in misp.asked)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({}, "set url, feed or folder"),
        ({"url": "https://a.example"}, "key_file"),
        ({"url": "ftp://a.example"}, "ftp://a.example"),
        ({"feed": "https://a.example", "folder": "/x"}, "only one"),
        ({"feed": "https://a.example", "since": "yesterday"}, "yesterday"),
        ({"key": "x"}, "no setting key"),
        ({"url": "https://a.example", "key_file": "/nowhere/key"}, "/nowhere/key"),
        ({"folder": "/nowhere"}, "manifest.json"),
    ],
)
def test_wrong_settings_are_named(settings: dict[str, str], says: str) -> None:
    with pytest.raises(ConnectorFault, match=says):
        pull_all(MispConnector(settings))


@needs_samples
def test_real_events_become_objects_that_are_all_taken() -> None:
    taken = 0
    for file in sorted((samples() / "misp-json").glob("eset_*.json")):
        found = MispConnector({}).read(file)
        read = [codec.read(piece) for piece in codec.split(found.body)]
        assert [one for one in read if isinstance(one, codec.Refusal)] == []
        assert found.fault == ""
        taken += len(read)
    assert taken > 250


def test_a_listing_that_is_another_one_each_time_ends(tmp_path: Path) -> None:
    """Each page is full of events that nobody has seen, and the next one ends the walk."""
    (tmp_path / "key").write_text("a-key\n")
    asked: list[int] = []

    def answer(_url: str, body: bytes) -> bytes:
        page = json.loads(body)["page"]
        asked.append(page)
        count = 2000 if page == 1 else 1
        events = [
            {"uuid": str(uuid.uuid4()), "publish_timestamp": "1790000000"} for _ in range(count)
        ]
        return json.dumps({"response": events}).encode()

    fetch = RecordedFetch(answer=answer)
    connector = MispConnector({"url": "https://misp.example", "key_file": str(tmp_path / "key")})
    with pytest.raises(ConnectorFault, match="without end"):
        pull_all(connector, fetch)
    assert len(asked) == 10


def test_values_beyond_all_sense_are_not_built() -> None:
    body = b"[" + b"[]," * 3_000_000 + b"1]"

    tracemalloc.start()
    with pytest.raises(OneFault, match="more than 3000000 values"):
        parsed(body, "many.json")
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert most < 1024 * 1024
