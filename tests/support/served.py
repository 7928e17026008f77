"""A whole installation as processes of its own: ``cirt up`` on a fresh data directory."""

import base64
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cirt.kernel.program import Program, key_file, load_program
from cirt.kernel.settings import read_settings
from tests.support.databases import TEST_SECRET, Databases
from tests.support.processes import free_port

_READY_S = 60


@dataclass(frozen=True, slots=True)
class Served:
    """A running installation; ``program`` works on the same database from here."""

    url: str
    pid: int
    program: Program


@contextmanager
def serve(
    databases: Databases,
    backend: str,
    data_dir: Path,
    *,
    workers: int = 1,
    python: Sequence[str | Path] = ("-m", "cirt"),
    also: Mapping[str, str] | None = None,
) -> Iterator[Served]:
    """Initialised as EX-CIRT, ready, and ended with SIGTERM afterwards.

    ``python`` says what is run, ``also`` what stands in its environment besides.
    """
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {
        "CIRT_DATABASE_URL": databases.url(backend, data_dir),
        "CIRT_BASE_URL": url,
        "CIRT_BIND": f"127.0.0.1:{port}",
        "CIRT_WORKERS": str(workers),
        "CIRT_OUTBOUND_ALLOW": "127.0.0.0/8",
    }
    settings = read_settings(environment, data_dir)
    key_file(settings).parent.mkdir(parents=True, exist_ok=True)
    key_file(settings).write_bytes(base64.urlsafe_b64encode(TEST_SECRET))
    command = [sys.executable, *map(str, python), "--data-dir", str(data_dir), "up"]
    with (data_dir / "log.jsonl").open("wb") as log:
        process = subprocess.Popen(
            command, env=os.environ | environment | dict(also or {}), stderr=log
        )
    program = load_program(settings)
    try:
        _wait(url, process, data_dir)
        yield Served(url, process.pid, program)
    finally:
        process.terminate()
        process.wait(30)
        program.engine.dispose()


def _wait(url: str, process: subprocess.Popen[bytes], data_dir: Path) -> None:
    until = time.monotonic() + _READY_S
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/health/ready", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise AssertionError((data_dir / "log.jsonl").read_text()[-2000:])
