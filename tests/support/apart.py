"""Pulls in a process of its own, one after the other, and what each took: memory at its highest, and processor."""

import json
import pickle
import signal
import subprocess
import sys
import time
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cirt.boot.memory import spare_memory
from cirt.exchange.models import Run
from cirt.exchange.pulling.pull import pull_link
from cirt.exchange.runs import Caps
from cirt.kernel.clock import FakeClock
from cirt.kernel.db import make_engine
from cirt.kernel.program import Program
from cirt.kernel.settings import read_settings
from cirt.kernel.work import SYSTEM
from tests.support.databases import TEST_KEYS

_GIVE_UP_S = 600  # by the clock on the wall, so that a test ends on a busy machine too
_OWN = Path("/proc/self")


@dataclass(frozen=True, slots=True)
class Cost:
    peak_mib: float  # resident, with the whole program
    cpu_s: float


@dataclass
class Apart:
    """The other process; ``costs`` are of its pulls, in turn."""

    process: subprocess.Popen[str]
    costs: list[Cost] = field(default_factory=list)

    def pull(self, program: Program, link_id: int, caps: Caps) -> Run:
        """The run, read from the database that both have open."""
        assert self.process.stdin
        assert self.process.stdout
        asked = {
            "database": program.settings.database_url,
            "data": str(program.settings.data_dir),
            "now": program.clock.now().isoformat(),
            "link": link_id,
            "caps": b64encode(pickle.dumps(caps)).decode(),
        }
        print(json.dumps(asked), file=self.process.stdin, flush=True)
        said = json.loads(self.process.stdout.readline())
        self.costs.append(Cost(said["peak_mib"], said["cpu_s"]))
        with program.work(SYSTEM, write=False) as work:
            return work.session.get_one(Run, said["run"])


@contextmanager
def apart() -> Iterator[Apart]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.apart"],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Apart(process)
    finally:
        process.kill()
        process.communicate()


def _main() -> None:
    spare_memory()
    for line in sys.stdin:
        signal.alarm(_GIVE_UP_S)
        sys.stdout.write(f"{json.dumps(_pulled(json.loads(line)))}\n")
        sys.stdout.flush()
        signal.alarm(0)


def _pulled(asked: dict[str, str]) -> dict[str, float]:
    environment = {
        "CIRT_DATABASE_URL": asked["database"],
        "CIRT_OUTBOUND_ALLOW": "127.0.0.0/8 ::1/128",
    }
    settings = read_settings(environment, Path(asked["data"]))
    clock = FakeClock(datetime.fromisoformat(asked["now"]))
    program = Program(settings, make_engine(settings.database_url), TEST_KEYS, clock)
    caps = pickle.loads(b64decode(asked["caps"]))
    (_OWN / "clear_refs").write_text("5", encoding="ascii")  # the peak begins anew, see proc(5)
    begun = time.process_time()
    try:
        run = pull_link(program, int(asked["link"]), caps=caps, gentle=True)
    finally:
        program.engine.dispose()
    took_s = round(time.process_time() - begun, 1)
    return {"run": run.id, "peak_mib": _peak_mib(), "cpu_s": took_s}


def _peak_mib() -> float:
    """Not by getrusage: what that tells begins with the peak of the process that started this one."""
    text = (_OWN / "status").read_text(encoding="ascii")
    kib = next(line.split()[1] for line in text.splitlines() if line.startswith("VmHWM:"))
    return round(int(kib) / 1024, 1)


if __name__ == "__main__":
    _main()
