"""``cirt connector``: what reads the rest of the world."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import click

from cirt.cli.console import Console, console_actor, pass_console
from cirt.kernel.program import Program
from cirt.register.mail.trouble import set_aside_counts
from cirt.sources import service
from cirt.sources.setup import connectors


@click.group()
def connector() -> None:
    """What reads the rest of the world."""


@connector.command("list")
@pass_console
def list_(console: Console) -> None:
    """Every installed connector and how its last run went."""
    program = console.program()
    with console.work(write=False) as work:
        states, aside = service.states(work), set_aside_counts(work)
    rows = []
    for name in sorted({*connectors(), *program.settings.connectors}):
        state = states.get(name)
        rows.append(
            {
                "name": name,
                "in_use": "yes" if name in program.settings.connectors else "no",
                "last_run": state.last_run_at if state else None,
                "last_data": state.last_data_at if state else None,
                "set_aside": aside.get(name, 0),
                "error": state.error if state else None,
            }
        )
    console.show(rows, empty="No connector is installed.")


@connector.command()
@click.argument("name")
@click.argument(
    "file", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
@pass_console
def run(console: Console, name: str, file: Path | None) -> None:
    """Run connector NAME now, or let it read one FILE.

    Settings stand in cirt.toml under [connectors.NAME]. Exits 1 if it failed; what it read before stays.
    """
    program = console.program()
    done = service.run_source(program, console_actor(), name, file)
    facts = asdict(done)
    console.say(
        facts,
        f"{name}: {done.offered} offered, {done.taken} taken, {done.known} known, {done.held} held,"
        f" {done.refused} refused.{_left_out(done.left_out)}{_see(program, done)}",
    )


def _see(program: Program, done: service.SourceRun) -> str:
    """Where the reasons stand, if something was not taken."""
    if not done.held + done.refused:
        return ""
    peer = program.settings.connectors.get(done.name, {}).get("peer", "")
    return f" Why: cirt quarantine list --peer {peer}"


def _left_out(counts: Mapping[str, int]) -> str:
    said = "; ".join(f"{kind}: {count}" for kind, count in sorted(counts.items()))
    return f" No place here: {said}." if said else ""
