"""``cirt import``: STIX 2.1 bundles and TAXII envelopes from files."""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
from rich.console import Console as Screen
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from cirt.cli.console import Console, TlpType, console_actor, pass_console
from cirt.exchange.arrivals import take
from cirt.exchange.arriving.taking import Arrival
from cirt.exchange.models import Outcome
from cirt.kernel.errors import CirtError
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.objects import codec
from cirt.release.collections import find_collection

_CHUNK = 2000  # objects in one transaction
_SHOWN = 20  # reasons printed in full; --json has all


@dataclass(slots=True)
class _FileReport:
    """What became of one file."""

    file: str
    counts: Counter[Outcome] = field(default_factory=Counter)
    reasons: list[dict[str, Any]] = field(default_factory=list)
    unreadable: str | None = None

    def add(self, arrivals: Iterable[Arrival]) -> None:
        for arrival in arrivals:
            self.counts[arrival.outcome] += 1
            if arrival.outcome in (Outcome.HELD, Outcome.REFUSED):
                self.reasons.append(
                    {
                        "file": self.file,
                        "id": arrival.stix_id,
                        "version": arrival.version_text,
                        "outcome": arrival.outcome.value,
                        "code": arrival.code,
                        "reason": arrival.sentence,
                    }
                )

    def row(self) -> dict[str, Any]:
        counts = {outcome.value: self.counts[outcome] for outcome in Outcome}
        return {"file": self.file, **counts, "unreadable": self.unreadable}

    @property
    def is_clean(self) -> bool:
        return self.unreadable is None and not self.counts[Outcome.REFUSED]


@click.command("import")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
@click.option(
    "--collection", "alias", metavar="ALIAS", help="Offer what is taken in this collection."
)
@click.option("--tlp", type=TlpType(), help="Marking of what carries none; never red.")
@pass_console
def import_(console: Console, files: tuple[Path, ...], alias: str | None, tlp: Tlp | None) -> None:
    """Take STIX 2.1 bundles or TAXII envelopes from FILES; every object's bytes are kept.

    With --collection this is a release by you, who vouch for the right to share: the members of ALIAS can
    fetch what their agreements allow at once. Prints what was taken, known, held and refused, with reasons.
    Exits 1 if anything was refused; the rest is kept.
    """
    if tlp is Tlp.RED:
        raise click.BadParameter(
            "RED is for named persons, never for a whole file.", param_hint="--tlp"
        )
    program = console.program()
    if alias is not None:
        with console.work(write=False) as work:
            find_collection(work.session, alias)
    reports = list(_import_all(program, files, alias, tlp))
    _show(console, reports)
    if not all(report.is_clean for report in reports):
        sys.exit(1)


def _import_all(
    program: Program, files: tuple[Path, ...], alias: str | None, tlp: Tlp | None
) -> Iterator[_FileReport]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    screen = Screen(stderr=True)
    with Progress(*columns, console=screen, disable=not screen.is_terminal) as progress:
        for file in files:
            report = _FileReport(file.name)
            try:
                pieces = codec.split(file.read_bytes())
                bar = progress.add_task(file.name, total=len(pieces))
                for start in range(0, len(pieces), _CHUNK):
                    chunk = pieces[start : start + _CHUNK]
                    report.add(_take(program, chunk, alias, tlp))
                    progress.advance(bar, len(chunk))
            except CirtError as error:
                report.unreadable = str(error)
            yield report


def _take(
    program: Program, chunk: list[bytes], alias: str | None, tlp: Tlp | None
) -> list[Arrival]:
    pieces = codec.read_all(chunk)  # while nobody waits for us
    with program.work(console_actor()) as work:
        collection = find_collection(work.session, alias) if alias else None
        return take(work, pieces, peer=None, collection=collection, tlp=tlp)


def _show(console: Console, reports: list[_FileReport]) -> None:
    reasons = [reason for report in reports for reason in report.reasons]
    if console.as_json:
        console.say({"files": [report.row() for report in reports], "reasons": reasons}, "")
        return
    console.show([report.row() for report in reports], empty="")
    if reasons:
        click.echo()
        console.show([_without_file(reason, len(reports)) for reason in reasons[:_SHOWN]], empty="")
        if len(reasons) > _SHOWN:
            click.echo(f"… and {len(reasons) - _SHOWN} more; --json shows all of them.")


def _without_file(reason: dict[str, Any], files: int) -> dict[str, Any]:
    return reason if files > 1 else {key: value for key, value in reason.items() if key != "file"}
