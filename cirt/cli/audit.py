"""``cirt audit``: the tamper-evident trail."""

import json
from pathlib import Path

import click

from cirt.cli.console import Console, pass_console
from cirt.kernel import audit as trail
from cirt.kernel.errors import Conflict, Invalid
from cirt.kernel.text import mark


class TrailBroken(Conflict):
    code = "trail-broken"
    message = mark("The audit trail does not hold at line {line}: {reason}.")


class TrailUnreadable(Invalid):
    code = "trail-unreadable"
    message = mark("Line {line} of {file} is not a line of an exported trail.")


@click.group()
def audit() -> None:
    """The tamper-evident trail of every act."""


@audit.command()
@click.argument(
    "file", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
@pass_console
def verify(console: Console, file: Path | None) -> None:
    """Check the chain of the database, or of an exported FILE; names the first place that does not hold."""
    if file is None:
        with console.work(write=False) as work:
            state = trail.verify(work.session)
    else:
        state = trail.check_chain(_read(file), None)
    if state.broken:
        raise TrailBroken(line=state.broken.seq, reason=state.broken.reason)
    facts = {"lines": state.checked, "head": state.head}
    console.say(facts, f"The trail holds: {state.checked} lines, head {state.head}.")


@audit.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, writable=True))
@pass_console
def export(console: Console, file: Path) -> None:
    """Write every line to FILE as JSON lines, for somebody else to verify. The export is itself audited."""
    with console.work() as work:
        work.audit("audit.export", str(file.name))
    with console.work(write=False) as work, file.open("w", encoding="utf-8") as out:
        lines = 0
        for line in trail.entries(work.session):
            out.write(json.dumps(line, ensure_ascii=False) + "\n")
            lines += 1
    console.say({"file": str(file), "lines": lines}, f"{lines} lines are in {file}.")


def _read(file: Path) -> list[dict[str, object]]:
    lines = []
    for number, text in enumerate(
        file.read_text(encoding="utf-8", errors="replace").splitlines(), 1
    ):
        try:
            line = json.loads(text)
            lines.append({name: line[name] for name in (*trail.FIELDS, "hash")})
        except (ValueError, KeyError, TypeError) as error:
            raise TrailUnreadable(line=number, file=file) from error
    return lines
