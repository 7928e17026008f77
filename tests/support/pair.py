"""Two linked installations as processes, with the demo's story told: what ``cirt demo`` starts, on any database."""

import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from cirt.boot.stage import Team
from cirt.boot.story import Cast, tell
from cirt.exchange.models import Link
from cirt.kernel.keys import make_key_file
from cirt.kernel.program import Program, key_file, load_program
from cirt.kernel.settings import read_settings
from cirt.kernel.work import CONSOLE
from tests.support.databases import Databases
from tests.support.processes import clean_environment, free_port, wait_until


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two; ``program`` works on the same database from here."""

    team: Team
    program: Program
    environment: dict[str, str]
    passwords: dict[str, str]  # one-time, by first name

    @property
    def url(self) -> str:
        return self.program.settings.base_url

    @property
    def log(self) -> Path:
        return self.program.settings.data_dir / "log.jsonl"


@contextmanager
def a_pair(
    databases: Databases, backend: str, home: Path, *, is_hurried: bool = False
) -> Iterator[tuple[Side, Side]]:
    """Valdora and Meridia, both ready; each asks the other as in the demo, or every second."""
    with ExitStack() as stack:
        places = [_place(databases, backend, home / team.slug) for team in Team]
        for program, _ in places:
            stack.callback(program.engine.dispose)
        cast = tell(places[0][0], places[1][0])
        sides = tuple(
            _side(team, program, environment, cast)
            for team, (program, environment) in zip(Team, places, strict=True)
        )
        for side in sides:
            if is_hurried:
                _hurry(side.program)
            stack.enter_context(_up(side))
        yield sides[0], sides[1]


def _place(databases: Databases, backend: str, home: Path) -> tuple[Program, dict[str, str]]:
    port = free_port()
    environment = {
        "CIRT_DATA_DIR": str(home),
        "CIRT_DATABASE_URL": databases.migrated_url(backend, home),
        "CIRT_BASE_URL": f"http://127.0.0.1:{port}",
        "CIRT_BIND": f"127.0.0.1:{port}",
        "CIRT_WORKERS": "1",
        "CIRT_OUTBOUND_ALLOW": "127.0.0.0/8",
    }
    settings = read_settings(environment)
    make_key_file(key_file(settings))
    return load_program(settings), environment


def _side(team: Team, program: Program, environment: dict[str, str], cast: Cast) -> Side:
    given = {member.name: member.password for member in cast.members[team]}
    return Side(team, program, environment, given)


def _hurry(program: Program) -> None:
    with program.work(CONSOLE) as work:
        work.session.execute(sa.update(Link).values(every_s=1))


@contextmanager
def _up(side: Side) -> Iterator[None]:
    command = [sys.executable, "-m", "cirt", "up"]
    with side.log.open("wb") as log:
        process = subprocess.Popen(
            command, env=clean_environment(**side.environment), stderr=log, cwd=os.sep
        )
    try:
        wait_until(
            lambda: process.poll() is not None or _is_ready(side.url), f"{side.url} is ready"
        )
        assert process.poll() is None, side.log.read_text(encoding="utf-8")[-2000:]
        yield
    finally:
        process.terminate()
        process.wait(30)


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health/ready", timeout=2):
            return True
    except OSError:
        return False
