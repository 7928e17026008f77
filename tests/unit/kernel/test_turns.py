"""Writers of SQLite stand in line, and the line is never in the way."""

import multiprocessing
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cirt.kernel import turns
from cirt.kernel.turns import Turn


def test_threads_and_processes_have_it_one_at_a_time(tmp_path: Path) -> None:
    there, counted = str(tmp_path / "a.sqlite3"), tmp_path / "counted"
    counted.write_text("0")
    context = multiprocessing.get_context("spawn")
    others = [context.Process(target=count, args=(there, counted, 300)) for _ in range(2)]
    for other in others:
        other.start()
    turn = Turn(there)
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: step(turn, counted), range(300)))
    for other in others:
        other.join(60)

    assert [other.exitcode for other in others] == [0, 0]
    assert counted.read_text() == "900"


def count(there: str, counted: Path, times: int) -> None:
    turn = Turn(there)
    for _ in range(times):
        step(turn, counted)


def step(turn: Turn, counted: Path) -> None:
    """Reads, adds and writes, which loses counts where two do it at once."""
    with turn.held():
        counted.write_text(str(int(counted.read_text()) + 1))


def test_it_is_free_again_after_an_error(tmp_path: Path) -> None:
    turn = Turn(str(tmp_path / "a.sqlite3"))
    with pytest.raises(ValueError, match="wrong"), turn.held():
        raise ValueError("wrong")

    with turn.held(), Turn(str(tmp_path / "b.sqlite3")).held():
        assert sorted(path.name for path in tmp_path.iterdir()) == [
            "a.sqlite3-turn",
            "b.sqlite3-turn",
        ]


def test_who_waits_too_long_or_has_no_place_for_it_goes_on_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Turn(str(tmp_path / "no-such-place" / "a.sqlite3")).held():
        assert list(tmp_path.iterdir()) == []

    monkeypatch.setattr(turns, "_PATIENCE_S", 0.01)
    turn = Turn(str(tmp_path / "a.sqlite3"))
    entered = threading.Event()

    def enter() -> None:
        with turn.held():
            entered.set()

    with turn.held():
        other = threading.Thread(target=enter)
        other.start()
        other.join(10)
        assert entered.is_set()
