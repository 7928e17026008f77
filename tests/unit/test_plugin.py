"""The plug-in API's test kit, and the connector stix-folder through it."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from cirt_connectors.stix_folder import StixFolderConnector

from cirt.objects import codec
from cirt.plugin import NOTHING, ConnectorFault
from cirt.plugin.settings import Setting, Sort, read_secret, read_settings
from cirt.plugin.spool import Spool
from cirt.plugin.stix import observable
from cirt.plugin.testkit import RecordedFetch, pull_all


def _put(folder: Path, name: str, body: bytes) -> None:
    """As an operator should: under another name first."""
    (folder / f".{name}").write_bytes(body)
    (folder / f".{name}").rename(folder / name)


def _connector(folder: Path) -> StixFolderConnector:
    return StixFolderConnector({"folder": str(folder)})


def test_files_are_handed_over_once_in_the_order_in_which_they_came(tmp_path: Path) -> None:
    _put(tmp_path, "zebra.json", b"[1]")
    _put(tmp_path, "ant.stix2", b"[2]")

    found, cursor = pull_all(_connector(tmp_path))

    assert [(one.origin, one.body) for one in found] == [
        ("zebra.json", b"[1]"),
        ("ant.stix2", b"[2]"),
    ]
    assert pull_all(_connector(tmp_path), cursor=cursor)[0] == []


def test_a_file_moved_in_with_old_dates_is_still_new(tmp_path: Path) -> None:
    _put(tmp_path, "first.json", b"[]")
    _, cursor = pull_all(_connector(tmp_path))
    (tmp_path / ".old").write_bytes(b"{}")
    os.utime(tmp_path / ".old", (0, 0))
    (tmp_path / ".old").rename(tmp_path / "old.json")

    found, _ = pull_all(_connector(tmp_path), cursor=cursor)

    assert [one.origin for one in found] == ["old.json"]


class _Filling(type(Path())):  # type: ignore[misc]  # the class of paths here
    """A folder into which files come while it is listed for the first time: of two, the later one alone is seen."""

    def iterdir(self) -> Iterator[Path]:
        before = {file.name for file in super().iterdir()}
        if not before:
            _put(Path(self), "first.json", b"[1]")
            _put(Path(self), "second.json", b"[2]")
        return (file for file in super().iterdir() if before or file.name != "first.json")


def test_a_file_that_comes_while_the_folder_is_listed_is_not_passed_over(tmp_path: Path) -> None:
    found, cursor = [], None
    for _ in range(2):
        for one in Spool(_Filling(tmp_path), (".json",)).after(cursor):
            found.append(one.name)
            cursor = one.mark

    assert found == ["first.json", "second.json"]


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    _put(tmp_path, "one.json", b"[]")
    _, cursor = pull_all(_connector(tmp_path))
    _put(tmp_path, "one.json", b"[2]")

    found, _ = pull_all(_connector(tmp_path), cursor=cursor)

    assert [one.body for one in found] == [b"[2]"]


def test_half_written_and_foreign_files_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / ".half.json").write_bytes(b"[")
    (tmp_path / "notes.txt").write_bytes(b"no")
    (tmp_path / "folder.json").mkdir()

    assert pull_all(_connector(tmp_path)) == ([], None)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({}, "set folder"),
        ({"folder": "/nowhere"}, "not a folder"),
        ({"path": "x"}, "no setting path"),
    ],
)
def test_wrong_settings_are_named(settings: dict[str, str], says: str) -> None:
    with pytest.raises(ConnectorFault, match=says):
        pull_all(StixFolderConnector(settings))


def test_what_was_read_half_written_is_read_again_when_it_is_whole(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_bytes(b'{"objects":[')
    first, cursor = pull_all(_connector(tmp_path))
    with (tmp_path / "one.json").open("ab") as file:
        file.write(b"]}")

    second, _ = pull_all(_connector(tmp_path), cursor=cursor)

    assert [one.body for one in (*first, *second)] == [b'{"objects":[', b'{"objects":[]}']


def test_a_file_that_is_renamed_comes_again_and_one_that_is_moved_away_stops_none(
    tmp_path: Path,
) -> None:
    _put(tmp_path, "one.json", b"[1]")
    _put(tmp_path, "two.json", b"[2]")
    _, cursor = pull_all(_connector(tmp_path))
    (tmp_path / "one.json").rename(tmp_path / "three.json")
    (tmp_path / "dangling.json").symlink_to(tmp_path / "nowhere")

    found, _ = pull_all(_connector(tmp_path), cursor=cursor)

    assert [one.origin for one in found] == ["three.json"]


def test_what_is_too_large_is_named_and_stops_none_behind_it(tmp_path: Path) -> None:
    with (tmp_path / "huge.json").open("wb") as file:
        file.truncate(256 * 1024 * 1024 + 1)  # of holes: it takes no room
    _put(tmp_path, "next.json", b"[2]")

    found, _ = pull_all(_connector(tmp_path))

    assert "huge.json is larger than" in found[0].fault
    assert [one.body for one in found] == [NOTHING, b"[2]"]


def test_a_clock_that_was_set_back_loses_no_file(tmp_path: Path) -> None:
    _put(tmp_path, "one.json", b"[1]")

    found = [
        one for one, _ in _connector(tmp_path).pull(RecordedFetch(), f"{9 * 10**18:020d} late")
    ]

    assert [one.origin for one in found] == ["one.json"]


@pytest.mark.parametrize(
    ("one", "value", "says"),
    [
        (Setting("n", "A number.", Sort.NUMBER, least=1, most=9), "ten", "from 1 to 9"),
        (Setting("n", "A number.", Sort.NUMBER, least=1, most=9), "٣", "from 1 to 9"),
        (Setting("n", "A word.", Sort.CHOICE, choices=("a", "b")), "c", "one of: a, b"),
        (Setting("n", "A switch.", Sort.YES_NO), "true", "one of: yes, no"),
        (Setting("n", "A day.", Sort.DAY), "1.11.2026", "2026-11-01"),
        (Setting("n", "An address.", Sort.URL), "https://", "begins with https://"),
        (Setting("n", "An address.", Sort.URL), "https://[", "begins with https://"),
    ],
)
def test_a_setting_that_does_not_fit_is_named_with_its_value(
    one: Setting, value: str, says: str
) -> None:
    with pytest.raises(ConnectorFault, match=f"x: n is “{re.escape(value)}”.*{says}"):
        read_settings("x", (one,), {"n": value})


def test_a_setting_that_is_needed_and_a_secret_that_is_none_are_named(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")

    with pytest.raises(ConnectorFault, match=r"x needs n: A word\."):
        read_settings("x", (Setting("n", "A word.", is_needed=True),), {})
    for name in ("empty", "missing"):
        with pytest.raises(ConnectorFault, match=name):
            read_secret(str(tmp_path / name))


@pytest.mark.parametrize(
    ("kind", "value", "pattern"),
    [
        ("ip", "2001:DB8::1", "[ipv6-addr:value = '2001:db8::1']"),
        ("ip", "10.0.0.1/8", "[ipv4-addr:value = '10.0.0.0/8']"),
        ("domain", "*.Bad.Example.", "[domain-name:value = 'bad.example']"),
        ("sha256", "A" * 64, f"[file:hashes.'SHA-256' = '{'a' * 64}']"),
        ("asn", "AS64500", "[autonomous-system:number = 64500]"),
        ("filename", "it's \\ here", "[file:name = 'it\\'s \\\\ here']"),
        ("regkey", "HKLM\\Run", "[windows-registry-key:key = 'HKLM\\\\Run']"),
        ("mac", "AA-BB-CC-DD-EE-FF", "[mac-addr:value = 'aa:bb:cc:dd:ee:ff']"),
        ("ip", "1.2.3", None),
        ("domain", "1.2.3.4", None),
        ("domain", "no dots", None),
        ("url", "javascript:alert(1)", None),
        ("url", "https://x.example/\x00", None),
        ("email", "nobody", None),
        ("md5", "g" * 32, None),
        ("domain", "a" * 300 + ".example", None),
    ],
)
def test_observables_have_one_spelling_or_are_none(
    kind: str, value: str, pattern: str | None
) -> None:
    found = observable(kind, value)

    assert (found.pattern if found else None) == pattern
    if found is not None:
        assert not isinstance(codec.read(json.dumps(found.object).encode()), codec.Refusal)
