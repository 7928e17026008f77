"""The program as processes of its own: run a verb, start ``cirt up`` and wait until it answers."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

CIRT = (sys.executable, "-m", "cirt")
_PATIENCE_S = 90.0
_STEP_S = 0.1


def clean_environment(**more: str) -> dict[str, str]:
    """Ours without any CIRT_ setting."""
    return {
        name: value for name, value in os.environ.items() if not name.startswith("CIRT_")
    } | more


def run_cirt(
    *arguments: str | Path,
    cwd: Path,
    program: Sequence[str] = CIRT,
    environment: Mapping[str, str] | None = None,
    given: str = "",
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*program, *map(str, arguments)],
        cwd=cwd,
        env=clean_environment(**(environment or {})),
        input=given,
        capture_output=True,
        text=True,
        timeout=_PATIENCE_S,
        check=False,
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(is_so: object, what: str) -> None:
    """Ask until it holds; the test fails with ``what`` if it never does."""
    assert callable(is_so)
    until = time.monotonic() + _PATIENCE_S
    while not is_so():
        assert time.monotonic() < until, f"never happened: {what}"
        time.sleep(_STEP_S)


def children_of(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(child) for child in listed.split()]


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


@dataclass
class Up:
    """A started ``cirt up``."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path
    seen: set[int] = field(default_factory=set)

    def get(self, path: str) -> int:
        """The status of an answer; 0 if there is none."""
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{self.port}{path}", timeout=10
            ) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            error.close()
            return int(error.code)
        except OSError:
            return 0

    def children(self) -> list[int]:
        found = children_of(self.process.pid)
        self.seen.update(found)
        return found

    def wait_ready(self) -> None:
        wait_until(self._answers, f"/health/ready: {self.log.read_text(errors='replace')}")

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.log.read_text(errors="replace")
        return self.get("/health/ready") == 200

    def end(self) -> int:
        """The exit code after SIGTERM."""
        self.children()
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=_PATIENCE_S)

    def leftovers(self) -> list[int]:
        return [pid for pid in self.seen if is_running(pid)]


@contextmanager
def up(
    cwd: Path,
    *arguments: str | Path,
    program: Sequence[str] = CIRT,
    environment: Mapping[str, str] | None = None,
    verb: str = "up",
    log: str = "up.log",
) -> Iterator[Up]:
    """``cirt up`` (or web, or worker) in an initialised folder, ready; killed at the end if it still runs."""
    port = free_port()
    place = cwd / log
    command = [*program, *map(str, arguments), verb]
    if verb != "worker":
        command += ["--bind", f"127.0.0.1:{port}"]
    with place.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=cwd, env=clean_environment(**(environment or {})), stdout=out, stderr=out
        )
    started = Up(process, port, place)
    try:
        if verb != "worker":
            started.wait_ready()
        yield started
    finally:
        if process.poll() is None:
            started.children()
            process.kill()
            process.wait()
        wait_until(lambda: not started.leftovers(), "no child is left")
