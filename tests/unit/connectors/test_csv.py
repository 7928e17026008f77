"""The connector csv: rows become indicators or what was observed, and what vanishes from a list ends."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cirt_connectors.csv_list import CsvConnector

from cirt.objects import codec
from cirt.plugin import ConnectorFault
from cirt.plugin.testkit import RecordedFetch, objects_in, pull_all
from tests.support.documents import ROOT
from tests.support.samples import needs_samples, samples

LISTS = ROOT / "tests" / "samples" / "lists"
URL = "https://list.example/today.txt"
LATER = RecordedFetch().at + timedelta(days=1)


def fetch(*lines: str, at: datetime | None = None) -> RecordedFetch:
    made = RecordedFetch({URL: "\n".join(lines).encode()})
    made.at = at or made.at
    return made


def connector(**settings: str) -> CsvConnector:
    return CsvConnector({"url": URL, **settings})


def addresses(count: int) -> list[str]:
    return [f"198.51.{n // 250}.{n % 250}" for n in range(count)]


def test_a_plain_list_becomes_indicators_of_the_kinds_it_holds() -> None:
    found = CsvConnector({}).read(LISTS / "blocklist.txt")

    assert [one["pattern"] for one in objects_in([found])] == [
        "[ipv4-addr:value = '198.51.100.7']",
        "[domain-name:value = 'bad.example']",
        "[ipv4-addr:value = '203.0.113.0/24']",
        "[domain-name:value = 'hosts.example']",
        "[url:value = 'https://evil.example/x']",
    ]
    assert dict(found.left_out) == {
        "value of no kind that is known": 1,
        "row without an observable": 1,
    }


def test_a_shadowserver_report_becomes_what_was_observed_each_row_once() -> None:
    settings = {
        "mapping": "ip = ip\ntimestamp = time\ntag = label\nhostname = domain",
        "becomes": "observed",
    }
    found = CsvConnector(settings).read(LISTS / "shadowserver.csv")

    seen = [one for one in objects_in([found]) if one["type"] == "observed-data"]
    assert [(one["first_observed"], one["labels"]) for one in seen] == [
        ("2026-11-17T03:04:05.000Z", ["smb"]),
        ("2026-11-17T03:04:06.000Z", ["smb"]),
    ]
    assert found.left_out["value that is no ip"] == 1
    assert found.left_out["row whose time is none"] == 1
    assert CsvConnector(settings).read(LISTS / "shadowserver.csv").body == found.body


def test_what_is_made_is_taken() -> None:
    for settings, name in (({}, "blocklist.txt"), ({"mapping": "ip = ip"}, "shadowserver.csv")):
        found = CsvConnector(settings).read(LISTS / name)
        read = [codec.read(piece) for piece in codec.split(found.body)]
        assert read
        assert [one for one in read if isinstance(one, codec.Refusal)] == []


def test_only_what_is_new_or_gone_is_handed_over() -> None:
    first, cursor = pull_all(connector(), fetch("198.51.100.1", "198.51.100.2"))
    second, cursor = pull_all(connector(), fetch("198.51.100.2", "198.51.100.3", at=LATER), cursor)
    third, _ = pull_all(
        connector(),
        fetch("198.51.100.1", "198.51.100.2", "198.51.100.3", at=LATER + timedelta(days=1)),
        cursor,
    )

    one = objects_in(first)[0]
    new, gone = objects_in(second)
    (back,) = objects_in(third)
    assert new["pattern"].endswith("'198.51.100.3']")
    assert (gone["id"], gone["valid_until"]) == (one["id"], "2026-11-19T12:00:00.000Z")
    assert back["id"] == one["id"]
    assert "valid_until" not in back
    assert one["modified"] < gone["modified"] < back["modified"]
    assert one["created"] == gone["created"] == back["created"]


def test_by_policy_what_is_gone_is_revoked_and_comes_back_as_another() -> None:
    first, cursor = pull_all(connector(gone="revoke"), fetch("198.51.100.1", "198.51.100.2"))
    second, cursor = pull_all(connector(gone="revoke"), fetch("198.51.100.2", at=LATER), cursor)
    third, _ = pull_all(
        connector(gone="revoke"),
        fetch("198.51.100.1", "198.51.100.2", at=LATER + timedelta(days=1)),
        cursor,
    )

    (gone,), (back,) = objects_in(second), objects_in(third)
    assert gone["revoked"] is True
    assert gone["id"] == objects_in(first)[0]["id"] != back["id"]


def test_by_policy_what_is_gone_stays() -> None:
    _, cursor = pull_all(connector(gone="keep"), fetch("198.51.100.1", "198.51.100.2"))

    found, _ = pull_all(connector(gone="keep"), fetch("198.51.100.2", at=LATER), cursor)

    assert objects_in(found) == []


def test_half_a_list_ends_nothing_and_says_so() -> None:
    _, cursor = pull_all(connector(), fetch(*addresses(100)))

    ((found, cursor),) = connector().pull(fetch(*addresses(10), at=LATER), cursor)
    ended, _ = pull_all(connector(most_gone="100"), fetch(*addresses(10), at=LATER), cursor)

    assert objects_in([found]) == []
    assert "10 of 100 entries" in found.fault
    assert len(objects_in(ended)) == 90


def test_a_large_list_comes_in_parts_and_goes_on_where_it_was_broken_off() -> None:
    whole = fetch(*addresses(5000))
    run = connector().pull(whole, None)
    first, cursor = next(run)

    rest, _ = pull_all(connector(), whole, cursor)

    ids = [one["id"] for one in objects_in([first, *rest])]
    assert len(ids) == len(set(ids)) == 5000


def test_a_folder_is_read_once_and_a_bad_file_stops_none(tmp_path: Path) -> None:
    for name, body in (
        ("a.txt", b"198.51.100.1\n"),
        ("b.csv", b"\xff\xfe\x00"),
        ("c.txt", b"203.0.113.9\n"),
    ):
        (tmp_path / f".{name}").write_bytes(body)
        (tmp_path / f".{name}").rename(tmp_path / name)

    reading = CsvConnector({"folder": str(tmp_path), "gone": "keep"})
    found, _ = pull_all(reading)

    assert len(objects_in(found)) == 2
    assert [one.fault for one in found if one.fault] == [
        "b.csv: It begins as UTF-16 and is none. Save it as UTF-8."
    ]


NASTY = [
    b"",
    b"\x00" * 1000,
    b"ip\n" + b"a" * 1_000_000 + b"\n198.51.100.1\n",
    b'ip,x\n"never closed,1\n198.51.100.1,2\n',
    b'ip\n=HYPERLINK("http://x.example")\n@SUM(1)\n198.51.100.1\n',
    "ip\n198.51.100.1\n\u202e\ud800".encode("utf-8", "surrogatepass"),
    b"ip\r198.51.100.1\r\n198.51.100.2\n",
    b"\xef\xbb\xbfip\n198.51.100.1\n",
    "ip\n198.51.100.1\n".encode("utf-16"),
    b"," * 500_000,
]  # fmt: skip


@pytest.mark.parametrize("body", NASTY, ids=range(len(NASTY)))
def test_nasty_input_is_counted_or_named_and_breaks_nothing(body: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(body)

    found = CsvConnector({"mapping": "1 = ip", "shape": "comma"}).read(tmp_path / "x.csv")

    assert all(
        one["pattern"].startswith("[ipv4-addr:value = '198.51.100.") for one in objects_in([found])
    )
    assert objects_in([found]) or found.left_out or not body


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({}, "set url or folder"),
        ({"folder": "/nowhere"}, "/nowhere is not a folder"),
        ({"url": URL, "folder": "/x"}, "only one"),
        ({"url": URL, "mapping": "ip"}, "“ip” is no line"),
        ({"url": URL, "mapping": "ip = adress"}, "“adress” is nothing"),
        ({"url": URL, "mapping": "ip = label"}, "No column holds an observable"),
        ({"url": URL, "becomes": "observed"}, "COLUMN = time"),
        ({"url": URL, "gone": "delete"}, "“delete”"),
        ({"url": URL, "most_gone": "200"}, "from 0 to 100"),
    ],
)
def test_wrong_settings_are_named(settings: dict[str, str], says: str) -> None:
    with pytest.raises(ConnectorFault, match=says):
        pull_all(CsvConnector(settings))


def test_a_preview_shows_what_each_row_becomes() -> None:
    body = (LISTS / "shadowserver.csv").read_bytes()

    shown = CsvConnector({"mapping": "ip = ip\nhostname = domain"}).preview(body)

    assert shown.columns == ("timestamp", "ip", "port", "asn", "tag", "hostname")
    assert [row.becomes for row in shown.rows] == [
        ("ipv4-addr: 198.51.100.7",),
        ("domain-name: host.example",),
        ("ipv4-addr: 198.51.100.8",),
    ]
    assert dict(shown.left_out) == {"value that is no ip": 1}


def test_a_head_that_stands_in_a_remark_is_found() -> None:
    body = b'# made today\n# "first_seen","dst_ip"\n"2026-11-17 01:02:03","198.51.100.7"\n'

    shown = CsvConnector({"mapping": "dst_ip = ip\nfirst_seen = time"}).preview(body)

    assert [row.becomes for row in shown.rows] == [("ipv4-addr: 198.51.100.7",)]


@needs_samples
@pytest.mark.parametrize(
    ("name", "settings", "least"),
    [
        ("stalkerware_hosts", {}, 900),
        ("stalkerware_network.csv", {"mapping": "indicator = any\napp = label"}, 900),
    ],
)
def test_real_lists_become_indicators_that_are_all_taken(
    name: str, settings: dict[str, str], least: int
) -> None:
    found = CsvConnector(settings).read(samples() / "csv-feeds" / name)
    read = [codec.read(piece) for piece in codec.split(found.body)]

    assert [one for one in read if isinstance(one, codec.Refusal)] == []
    assert len(read) > least


def _put(folder: Path, name: str, body: str) -> None:
    (folder / f".{name}").write_text(body)
    (folder / f".{name}").rename(folder / name)


def test_what_was_read_by_another_mapping_is_read_again(tmp_path: Path) -> None:
    _put(tmp_path, "a.csv", "kind,value\nip,198.51.100.1\n")
    _put(tmp_path, "b.csv", "kind,value\nip,198.51.100.2\nip,198.51.100.3\n")
    folder = {"folder": str(tmp_path)}
    found, cursor = pull_all(CsvConnector(folder))
    assert objects_in(found) == []

    by_name = CsvConnector({**folder, "mapping": "value = ip"})
    found, cursor = pull_all(by_name, cursor=cursor)

    assert [one["pattern"][-14:-2] for one in objects_in(found)] == ["198.51.100.2", "198.51.100.3"]
    keeping = CsvConnector({**folder, "mapping": "2 = ip", "gone": "keep"})
    found, _ = pull_all(keeping, cursor=cursor)
    assert [one["pattern"][-14:-2] for one in objects_in(found)] == ["198.51.100.1"]


def test_a_list_at_an_address_is_read_again_by_another_mapping() -> None:
    there = fetch("kind,value", "ip,198.51.100.1")
    found, cursor = pull_all(connector(), there)
    assert objects_in(found) == []

    found, _ = pull_all(connector(mapping="value = ip"), there, cursor)

    assert len(objects_in(found)) == 1


def test_a_sample_whose_last_line_is_cut_short_keeps_its_columns() -> None:
    sample = b"type,value,app\ndomain,a.example,X\ndomain,b.example,X\ndomain,c.exam"

    shown = connector(mapping="value = domain").preview(sample)

    assert shown.columns == ("type", "value", "app")


@pytest.mark.parametrize("becomes", ["indicator", "observed"])
@pytest.mark.parametrize(
    "time", ["0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00", "0001-01-01", "9999-12-31"]
)
def test_a_time_beyond_our_days_is_none_and_stops_no_other_row(becomes: str, time: str) -> None:
    rows = fetch("ip,time", f"198.51.100.7,{time}", "198.51.100.8,2026-01-01")
    [found], _ = pull_all(connector(mapping="ip = ip\ntime = time", becomes=becomes), rows)

    assert found.left_out == {"row whose time is none": 1}
    assert "198.51.100.8" in found.body.decode()


def test_a_single_column_with_its_name_above_is_found() -> None:
    found, _ = pull_all(connector(mapping="ip = ip"), fetch("ip", "198.51.100.7", "198.51.100.8"))

    assert len(objects_in(found)) == 2


@pytest.mark.parametrize("name", ["²", "٣", "0"])
def test_a_column_that_only_looks_like_a_number_is_none(name: str) -> None:
    with pytest.raises(ConnectorFault, match=f"no column “{name}”"):
        pull_all(connector(mapping=f"{name} = ip"), fetch("198.51.100.7,x"))


@pytest.mark.parametrize("end", [b"\n", b"\r", b"a\r\n", b"\f", b"\x85", b"\xe2\x80\xa8"])
def test_lines_beyond_all_sense_are_not_read(end: bytes) -> None:
    rows = RecordedFetch({URL: end * 2_000_001})

    with pytest.raises(ConnectorFault, match="more than 1000000 lines"):
        pull_all(connector(), rows)
