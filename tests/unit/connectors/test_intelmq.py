"""The connector intelmq: events become reports, one for whom they concern, what they are and the day."""

import json
from pathlib import Path
from typing import Any

import pytest
from cirt_connectors.intelmq import IntelmqConnector

from cirt.objects import codec
from cirt.plugin import REPORTS, STIX, ConnectorFault, Found
from cirt.plugin.testkit import objects_in, pull_all
from tests.support.documents import ROOT

EVENTS = ROOT / "tests" / "samples" / "events"


def reports(found: list[Found]) -> list[dict[str, Any]]:
    return [each for one in found if one.media_type == REPORTS for each in json.loads(one.body)]


def an_event(number: int) -> str:
    return json.dumps(
        {
            "classification.type": "scanner",
            "source.ip": f"198.51.100.{number}",
            "time.source": "2026-11-17T03:04:05+00:00",
        }
    )


def put(folder: Path, name: str, *lines: str) -> None:
    with (folder / name).open("a") as file:
        file.write("".join(f"{line}\n" for line in lines))


def test_events_are_grouped_by_network_kind_and_day() -> None:
    found = IntelmqConnector({}).read(EVENTS / "intelmq.jsonl")

    infected, phishing = reports([found])
    assert infected["title"] == "infected-system: 2 events at 198.51.100.0/24 on 2026-11-17"
    assert "source.ip=198.51.100.7" in infected["text"]
    assert len(infected["events"].splitlines()) == 2
    assert phishing["title"] == "phishing: 1 event at https://bad.example/login on 2026-11-17"
    assert dict(found.left_out) == {
        "event without an observable": 1,
        "event without a time": 1,
        "line that is no event": 1,
        "line that is no JSON": 1,
    }


def test_n6_names_whom_it_concerns_and_how_far_it_may_go() -> None:
    (one,) = reports([IntelmqConnector({}).read(EVENTS / "n6.jsonl")])

    assert one["organisation"] == "bank.example"
    assert one["title"] == "infected-system: 1 event at bank.example on 2026-11-17"
    assert one["tlp"] == "amber+strict"


def test_what_becomes_objects_is_taken(tmp_path: Path) -> None:
    for name in ("intelmq.jsonl", "n6.jsonl"):
        found = IntelmqConnector({"becomes": "objects"}).read(EVENTS / name)
        read = [codec.read(piece) for piece in codec.split(found.body)]
        assert read
        assert [one for one in read if isinstance(one, codec.Refusal)] == []


def test_a_file_that_grows_is_read_on_where_it_was_left(tmp_path: Path) -> None:
    put(tmp_path, "events.txt", an_event(1))
    first, cursor = pull_all(IntelmqConnector({"folder": str(tmp_path)}))
    put(tmp_path, "events.txt", an_event(2))
    second, cursor = pull_all(IntelmqConnector({"folder": str(tmp_path)}), cursor=cursor)
    with (tmp_path / "events.txt").open("a") as file:
        file.write(an_event(3)[:20])  # it is being written
    third, cursor = pull_all(IntelmqConnector({"folder": str(tmp_path)}), cursor=cursor)
    with (tmp_path / "events.txt").open("a") as file:
        file.write(an_event(3)[20:] + "\n")
    fourth, _ = pull_all(IntelmqConnector({"folder": str(tmp_path)}), cursor=cursor)

    assert [
        one["text"].split("source.ip=")[1] for one in reports([*first, *second, *third, *fourth])
    ] == [
        "198.51.100.1",
        "198.51.100.2",
        "198.51.100.3",
    ]


def test_a_file_that_is_another_one_by_now_is_read_from_its_beginning(tmp_path: Path) -> None:
    put(tmp_path, "events.txt", an_event(1), an_event(2))
    _, cursor = pull_all(IntelmqConnector({"folder": str(tmp_path)}))
    (tmp_path / "events.txt").unlink()
    put(tmp_path, "events.txt", an_event(7), an_event(8), an_event(9))

    found, _ = pull_all(IntelmqConnector({"folder": str(tmp_path)}), cursor=cursor)

    assert len(reports(found)[0]["events"].splitlines()) == 3


def test_both_gives_objects_and_reports_and_counts_once(tmp_path: Path) -> None:
    put(tmp_path, "events.txt", an_event(1), "{")

    found, _ = pull_all(IntelmqConnector({"folder": str(tmp_path), "becomes": "both"}))

    assert [one.media_type for one in found if one.body != b"[]"] == [STIX, REPORTS]
    assert len(objects_in(found)) == 2
    assert sum(sum(one.left_out.values()) for one in found) == 1


NASTY = [
    b"\x00\x00\n",
    b"[" * 100_000 + b"\n",
    b'{"a":' * 50_000 + b"\n",
    b"x" * 3_000_000 + b"\n",
    b'{"source.ip": "198.51.100.7", "time.source": "9999999999999"}\n',
    b'{"source.ip": ["198.51.100.7"], "time.source": {"a": 1}}\n',
    b'{"source.ip": "198.51.100.7", "time.source": "0001-01-01T00:00:00+14:00"}\n',
    b'{"category": "bots", "time": "2026-11-17T00:00:00Z", "address": [7], "client": {"a": 1}}\n',
    b'{"source.url": "https://x.example/\\ud800", "time.source": "2026-11-17T00:00:00Z"}\n',
    b'{"source.ip": "198.51.100.7", "tlp": "RED", "time.source": "2026-11-17T00:00:00Z"}\n',
    "{\u202e}\n".encode("utf-16"),
]  # fmt: skip


@pytest.mark.parametrize("body", NASTY, ids=range(len(NASTY)))
def test_nasty_lines_are_counted_and_stop_none_behind_them(body: bytes, tmp_path: Path) -> None:
    (tmp_path / "events.txt").write_bytes(body + an_event(1).encode() + b"\n")

    found, _ = pull_all(IntelmqConnector({"folder": str(tmp_path), "becomes": "both"}))

    assert any("198.51.100.1" in one["text"] for one in reports(found))
    for one in found:
        if one.media_type == STIX:
            read = [codec.read(piece) for piece in codec.split(one.body)]
            assert [each for each in read if isinstance(each, codec.Refusal)] == []


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({}, "set folder"),
        ({"folder": "/nowhere"}, "/nowhere is not a folder"),
        ({"folder": "/x", "becomes": "mail"}, "“mail”"),
    ],
)
def test_wrong_settings_are_named(settings: dict[str, str], says: str) -> None:
    with pytest.raises(ConnectorFault, match=says):
        pull_all(IntelmqConnector(settings))
