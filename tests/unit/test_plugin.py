"""The plug-in API's test kit, and the connector stix-folder through it."""

import os
from pathlib import Path

import pytest
from cirt_connectors.stix_folder import StixFolderConnector

from cirt.plugin import ConnectorFault
from cirt.plugin.testkit import pull_all


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
