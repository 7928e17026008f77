"""The verbs that start something."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from cirt.boot import processes
from cirt.boot.demonstration import run_demo
from cirt.cli.console import Console, pass_console
from cirt.kernel.settings import BIND, Settings


class BindType(click.ParamType[str]):
    name = "HOST:PORT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not re.match(BIND, value):
            self.fail(f"“{value}” is no address. Write one like 127.0.0.1:8000.", param, ctx)
        return str(value)


_BIND = click.option("--bind", type=BindType(), help="Where to listen. Default: CIRT_BIND.")
_WORKERS = click.option("--workers", type=click.IntRange(1, 64), help="Web processes.")


def _settings(console: Console, bind: str | None, workers: int | None) -> Settings:
    settings = console.settings()
    return replace(settings, bind=bind or settings.bind, workers=workers or settings.workers)


@click.command()
@_BIND
@_WORKERS
@pass_console
def up(console: Console, bind: str | None, workers: int | None) -> None:
    """Everything in one: migrates (after a copy), then web server and worker under one parent.

    Ready when GET /health/ready answers 200. SIGTERM or Ctrl-C ends it cleanly.
    """
    processes.run_up(_settings(console, bind, workers))


@click.command()
@_BIND
@_WORKERS
@pass_console
def web(console: Console, bind: str | None, workers: int | None) -> None:
    """Web processes alone; with PostgreSQL on any number of nodes. Migrate first: cirt db upgrade"""
    processes.run_web(_settings(console, bind, workers))


@click.command()
@pass_console
def worker(console: Console) -> None:
    """One worker alone: sync and other jobs; any number of them share the work."""
    processes.run_one_worker(console.settings())


@click.command()
@click.option(
    "--port",
    default=8000,
    show_default=True,
    type=click.IntRange(1, 65_534),
    help="The second CIRT takes the next one.",
)
@click.option(
    "--dir",
    "place",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to keep both. Default: a new folder that is removed at the end.",
)
@click.option("--year", is_flag=True, help="With a year of reports behind it, made first.")
def demo(port: int, place: Path | None, *, year: bool) -> None:
    """Two invented national CIRTs on loopback that already exchange, with a small story.

    Prints both addresses, the sign-in names and one-time passwords. Ctrl-C ends both.
    """
    run_demo(port, place, year=year)
