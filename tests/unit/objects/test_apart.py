"""Another process reads as this one does, knows no secret, and ends with us."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cirt.objects.apart import Apart, ProcessGone
from cirt.objects.codec import read_all
from tests.support.documents import ROOT
from tests.support.stix import an_indicator

ODD = [
    b"{",
    b'{"type": "odd"}',
    b'{"type": "indicator", "id": "indicator--1"}',
    b'{"n": 123456789012345678901234567890}',
    b"\xff\xfe",
    b"[" * 10_000,
    b'{"a":1,"a":2}',
]
PIECES = [an_indicator(name=f"Number {n}, “é” \u202e") for n in range(300)] + ODD


@pytest.fixture
def apart() -> Iterator[Apart]:
    with Apart() as process:
        yield process


def test_it_reads_as_this_process_does(apart: Apart) -> None:
    assert apart.read_all(PIECES) == read_all(PIECES)
    assert apart.read_all([]) == []
    assert apart.read_all(PIECES[:2]) == read_all(PIECES[:2])


def test_where_it_was_killed_it_says_so(apart: Apart) -> None:
    apart.read_all(PIECES[:1])
    os.kill(apart.pid, signal.SIGKILL)

    for _ in range(2):
        with pytest.raises(ProcessGone):
            apart.read_all(PIECES)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="what a process knows is read in /proc")
def test_it_knows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CIRT_DATABASE_URL", "postgresql://cirt:a-secret@db/cirt")
    monkeypatch.setenv("PGPASSWORD", "a-secret")

    with Apart() as process:
        process.read_all(PIECES[:1])
        known = Path(f"/proc/{process.pid}/environ").read_bytes()

    assert b"PATH=" in known
    assert b"a-secret" not in known


def test_it_ends_when_the_program_is_killed() -> None:
    program = (
        "from cirt.objects.apart import Apart\n"
        "apart = Apart()\n"
        "apart.read_all([b'{}'])\n"
        "print(apart.pid, flush=True)\n"
        "import time; time.sleep(600)\n"
    )
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as killed:
        assert killed.stdout is not None
        pid = int(killed.stdout.readline())
        killed.kill()

    for _ in range(500):
        if not is_there(pid):
            return
        time.sleep(0.02)
    pytest.fail("it is still there ten seconds later")


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or ") Z " not in state.read_text()  # ended, and nobody has asked how
