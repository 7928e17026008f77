"""``cirt quarantine``: what came and was not taken, and the ways on."""

from typing import Any

import click

from cirt.cli.console import Console, pass_console
from cirt.exchange.cases import deciding, together
from cirt.exchange.cases.commands import Alike, Decide, DecideAlike, Do
from cirt.exchange.cases.kinds import Case
from cirt.exchange.cases.models import AlikeDecision
from cirt.exchange.cases.queries import (
    QuarantineLine,
    Wanted,
    quarantine_line,
    quarantine_page,
    waiting_alike,
)
from cirt.exchange.cases.slicing import carry_on
from cirt.exchange.quarantine import NoSuchArrival

_NUMBER = click.argument("number", type=int, metavar="NUMBER")
_PEER = click.argument("peer", metavar="PEER")
_CODE = click.argument("code", metavar="CODE")
_IMPORTS = "-"  # in place of a peer: what the console imported


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


@quarantine.command()
@pass_console
def groups(console: Console) -> None:
    """What waits, by peer and reason, the most first; PEER and CODE for drop-all and take-all."""
    with console.work(write=False) as work:
        found = waiting_alike(work.session, Wanted(), work.now)
    rows = [
        {
            "peer": each.slug or _IMPORTS,
            "code": each.code,
            "waiting": each.count,
            "since": each.since,
            "way": each.means.way.value,
        }
        for each in found
    ]
    console.show(rows, empty="Nothing is in quarantine.")


@quarantine.command("take-all")
@_PEER
@_CODE
@click.option("--reason", default="", help="Why, where they are taken although their reason holds.")
@pass_console
def take_all(console: Console, peer: str, code: str, reason: str) -> None:
    """Try anew all that wait of PEER for CODE now; where their kind allows it, take them anyway."""
    _decide_all(console, peer, code, Do.TAKE, reason)


@quarantine.command("drop-all")
@_PEER
@_CODE
@click.option("--reason", required=True)
@pass_console
def drop_all(console: Console, peer: str, code: str, reason: str) -> None:
    """Do not take all that wait of PEER for CODE now. For a day: cirt quarantine undo-all DECISION."""
    _decide_all(console, peer, code, Do.DROP, reason)


@quarantine.command("undo-all")
@click.argument("decision", type=int, metavar="DECISION")
@pass_console
def undo_all(console: Console, decision: int) -> None:
    """Take up again what drop-all, or a decision on all at the desk, dropped within a day."""
    with console.work() as work:
        together.undo_alike(work, decision)
    done = _to_its_end(console, decision)
    said = {"decision": decision, "reopened": done.reopened}
    console.say(said, f"{done.reopened} wait again.")


def _decide_all(console: Console, peer: str, code: str, do: Do, reason: str) -> None:
    slug = "" if peer == _IMPORTS else peer
    with console.work() as work:
        group = together.group_of(work.session, Alike(slug, code))
        cmd = DecideAlike(slug, code, group.upto, do, reason)
        number = together.decide_alike(work, cmd).id
    done = _to_its_end(console, number)
    said = {"decision": number, "do": do.value, "decided": done.decided, "left": done.left}
    what = "dropped" if do is Do.DROP else "tried anew"
    console.say(said, f"Decision {number}: {done.decided} {what}, {done.left} of them wait still.")


def _to_its_end(console: Console, number: int) -> AlikeDecision:
    """Here, a short transaction at a time; a worker that runs takes its share."""
    for _ in carry_on(console.program(), number):
        pass
    with console.work(write=False) as work:
        return work.session.get_one(AlikeDecision, number)


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
