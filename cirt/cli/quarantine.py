"""``cirt quarantine``: what came and was not taken, and the ways on."""

from typing import Any

import click

from cirt.cli.console import Console, pass_console
from cirt.exchange.cases import deciding
from cirt.exchange.cases.commands import Decide
from cirt.exchange.cases.kinds import Case
from cirt.exchange.cases.queries import QuarantineLine, Wanted, quarantine_line, quarantine_page
from cirt.exchange.quarantine import NoSuchArrival

_NUMBER = click.argument("number", type=int, metavar="NUMBER")


@click.group()
def quarantine() -> None:
    """What came and was not taken."""


@quarantine.command("list")
@click.option("--peer", metavar="SLUG")
@click.option("--case", type=click.Choice([each.value for each in Case]), help="The kind of case.")
@click.option("--settled", is_flag=True, help="What is settled, and how.")
@click.option("--after", metavar="CURSOR", help="Go on where the last list ended.")
@pass_console
def list_(
    console: Console, peer: str | None, case: str | None, settled: bool, after: str | None
) -> None:
    """What waits, or is settled; the youngest first, a page at a time."""
    wanted = Wanted(peer=peer, case=Case(case) if case else None, settled=settled)
    with console.work(write=False) as work:
        page = quarantine_page(work.session, wanted, work.now, after)
    console.show([_row(line) for line in page.rows], empty="Nothing is in quarantine.")
    if page.after and not console.as_json:
        click.echo(f"There is more: --after {page.after}")


@quarantine.command()
@_NUMBER
@pass_console
def show(console: Console, number: int) -> None:
    """All that is known of one, but for its content."""
    with console.work(write=False) as work:
        line = quarantine_line(work.session, number)
    if line is None:
        raise NoSuchArrival(id=number)
    facts = {**_row(line), "follows": line.means.follows, "note": line.note}
    console.say(facts, "\n".join(f"{name}: {value}" for name, value in facts.items() if value))


@quarantine.command()
@_NUMBER
@click.option("--reason", default="", help="Why, where it is taken although its reason holds.")
@pass_console
def take(console: Console, number: int, reason: str) -> None:
    """Try NUMBER anew; where its kind allows it, take it anyway. Exits 0 also where it still waits, and says so."""
    with console.work() as work:
        answer = deciding.take_arrival(work, Decide(number, reason))
    said = {"id": number, "outcome": answer.outcome.value, "reason": answer.sentence or None}
    console.say(said, f"{number} is {answer.outcome.value}. {answer.sentence}".strip())


@quarantine.command()
@_NUMBER
@click.option("--reason", required=True)
@pass_console
def drop(console: Console, number: int, reason: str) -> None:
    """Do not take NUMBER. For a day: cirt quarantine undo NUMBER."""
    with console.work() as work:
        deciding.drop_arrival(work, Decide(number, reason))
    console.say({"id": number, "settled": "dropped"}, f"{number} is dropped.")


@quarantine.command()
@_NUMBER
@pass_console
def undo(console: Console, number: int) -> None:
    """Take up again what was dropped within a day."""
    with console.work() as work:
        deciding.undo_drop(work, number)
    console.say({"id": number, "settled": None}, f"{number} waits again.")


def _row(line: QuarantineLine) -> dict[str, Any]:
    return {
        "id": line.id,
        "peer": line.slug,
        "object": line.stix_id,
        "version": line.version_text,
        "outcome": line.outcome.value,
        "case": line.case.value,
        "code": line.code,
        "why": line.sentence,
        "way": line.means.way.value,
        "came": line.at,
        "settled": line.settled_as.value if line.settled_as else None,
        "settled_at": line.settled_at,
        "settled_by": line.settled_by,
    }
