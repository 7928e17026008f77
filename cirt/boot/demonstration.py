"""``cirt demo``: two invented national CIRTs on loopback, linked by an agreement, each a program of its own."""

import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import FrameType

import click

from cirt.boot.stage import Stage, Team
from cirt.boot.story import Cast, tell
from cirt.boot.year import tell_year
from cirt.kernel import schema
from cirt.kernel.errors import Unavailable
from cirt.kernel.keys import make_key_file
from cirt.kernel.program import key_file, load_program
from cirt.kernel.settings import Settings, read_settings
from cirt.kernel.text import mark

_LOOPBACK = "127.0.0.0/8"
_READY_S = 60.0


class DemoNotReady(Unavailable):
    code = "demo-not-ready"
    message = mark("{name} did not start at {url}. Its log is in {log}.")


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the two installations."""

    team: Team
    data_dir: Path
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.data_dir / "log.jsonl"

    def settings(self) -> Settings:
        return read_settings({}, self.data_dir)

    def write_settings(self) -> None:
        """In a file, so that every verb of the console finds them too."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        (self.data_dir / "cirt.toml").write_text(
            f'base_url = "{self.url}"\n'
            f'bind = "127.0.0.1:{self.port}"\n'
            f'outbound_allow = ["{_LOOPBACK}"]\n'
            "workers = 1\n"
        )


def run_demo(port: int, place: Path | None, *, year: bool = False) -> None:
    """Set both up unless they are there, start them, say how to get in, wait for Ctrl-C."""
    home = place or Path(tempfile.mkdtemp(prefix="cirt-demo-"))
    try:
        sides = (
            _Side(Team.VALDORA, home / Team.VALDORA.slug, port),
            _Side(Team.MERIDIA, home / Team.MERIDIA.slug, port + 1),
        )
        for side in sides:
            side.write_settings()
        cast = _set_up(sides, year=year)
        _run(sides, cast)
    finally:
        if place is None:
            shutil.rmtree(home, ignore_errors=True)


def _set_up(sides: tuple[_Side, _Side], *, year: bool) -> Cast | None:
    """Two initialised installations with the story told; None where they were there already."""
    if all(key_file(side.settings()).exists() for side in sides):
        return None
    programs = []
    for side in sides:
        make_key_file(key_file(side.settings()))
        program = load_program(side.settings())
        schema.upgrade(program.engine)
        programs.append(program)
    cast = tell(programs[0], programs[1], year=_with_progress if year else None)
    for program in programs:
        program.engine.dispose()
    return cast


def _with_progress(stage: Stage, ends: datetime) -> None:
    with click.progressbar(length=1000, label=f"A year at {stage.team.title}") as bar:
        told = tell_year(stage, ends, progress=lambda part: bar.update(int(part * 1000) - bar.pos))
    click.echo(f"{told.reports} reports, {told.incidents} incidents")


def _run(sides: tuple[_Side, _Side], cast: Cast | None) -> None:
    children = [_start(side) for side in sides]
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        for side, child in zip(sides, children, strict=True):
            _wait(side, child)
        _say(sides, cast)
        while all(child.poll() is None for child in children):
            time.sleep(0.5)
    except KeyboardInterrupt:
        click.echo("\nEnding both.")
    finally:
        for child in children:
            child.terminate()
        for child in children:
            child.wait()


def _start(side: _Side) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "cirt", "--data-dir", str(side.data_dir), "up"]
    with side.log.open("ab") as log:
        return subprocess.Popen(  # noqa: S603 - our own program
            command,
            stderr=log,
            start_new_session=True,  # Ctrl-C is ours to pass on
        )


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _wait(side: _Side, child: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _READY_S
    while time.monotonic() < until and child.poll() is None:
        try:
            with urllib.request.urlopen(f"{side.url}/health/ready", timeout=2):  # noqa: S310 - ours
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise DemoNotReady(name=side.team.title, url=side.url, log=side.log)


def _say(sides: tuple[_Side, _Side], cast: Cast | None) -> None:
    for side in sides:
        click.echo(f"\n{side.team.title}   {side.url}   (public report form: {side.url}/report)")
        if cast is None:
            continue
        for member in cast.members[side.team]:
            click.echo(f"  {member.title:<16} {member.email:<28} {member.password}")
    if cast is None:
        click.echo("\nBoth were here already; passwords are those you set.")
    else:
        click.echo("\nPasswords work once; you choose your own at the first sign-in.")
    click.echo("Ctrl-C ends both.", nl=True)
    sys.stdout.flush()
