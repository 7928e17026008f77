"""Tables of the console: what stands in a cell is text, whoever wrote it."""

from datetime import UTC, datetime

import pytest

from cirt.cli.console import Console


def _shown(capsys: pytest.CaptureFixture[str], value: object) -> str:
    Console(data_dir=None, as_json=False).show([{"said": value}], empty="")
    return capsys.readouterr().out


def test_brackets_are_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    said = "set peer under [connectors.list] in [red]cirt.toml[/red]"

    assert said in _shown(capsys, said)


def test_what_came_from_outside_moves_no_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    shown = _shown(capsys, "a\x1b[2Jb\x07\rc")

    assert "a\ufffd[2Jb\ufffd\ufffdc" in shown


def test_a_time_says_its_zone_and_no_more_than_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    shown = _shown(capsys, datetime(2026, 11, 23, 3, 10, 44, 57199, tzinfo=UTC))

    assert "2026-11-23 03:10:44 UTC" in shown
