"""``cirt exchange``: sync with a peer by files that people carry, where there is no line."""

import sys
from pathlib import Path

import click

from cirt.cli.console import Console, console_actor, pass_console
from cirt.exchange.carrying.own_keys import own_keys, renew_keys
from cirt.exchange.carrying.sending import write_file
from cirt.exchange.carrying.state import files
from cirt.exchange.carrying.taking import CarriedIn, take_file
from cirt.exchange.models import Run
from cirt.exchange.trouble import LINK_ERRORS
from cirt.parties.peers import find_peer, ourselves


@click.group()
def exchange() -> None:
    """Sync with a peer by files that people carry, where there is no line."""


@exchange.command()
@click.option(
    "--new", is_flag=True, help="Make other keys: the old ones are lost or known to others."
)
@pass_console
def key(console: Console, new: bool) -> None:
    """Our own public key and its fingerprint, for peers to record; the keys are made when first asked for.

    Give the line to the peer by any way, and read the fingerprint out to them on the telephone, on a number that
    you know from elsewhere. Only then should they record it.
    """
    with console.work() as work:
        make = renew_keys if new else own_keys
        own = make(work, console.program().keys).public
        name = ourselves(work.session).name
    console.say(
        {"key": own.text, "fingerprint": own.fingerprint},
        f"{own.text}\nFingerprint: {own.fingerprint}\n"
        f"Peers record it with: cirt peer set SLUG --exchange-key KEY"
        f" (SLUG is what they call {name}), after comparing the fingerprint with you by telephone.",
    )


@exchange.command()
@click.option("--peer", required=True, metavar="SLUG")
@click.option(
    "--out",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to write it; nothing may be there yet.",
)
@click.option(
    "--again", is_flag=True, help="What the last file held, and what is new: it was lost."
)
@click.option(
    "--from", "again_from", type=int, metavar="N", help="All since before file N: that was lost."
)
@click.option(
    "--unencrypted", is_flag=True, help="Signed only: whoever finds the file can read it."
)
@pass_console
def export(
    console: Console,
    peer: str,
    out: Path,
    again: bool,
    again_from: int | None,
    unencrypted: bool,
) -> None:
    """Write what SLUG would fetch from its collections, since the last file, into FILE.

    It is signed, and encrypted for the peer alone. The ledger says that it left before it stands in FILE.
    """
    if again and again_from is not None:
        raise click.UsageError("Give --again or --from, not both.")
    made = write_file(
        console.program(),
        peer,
        out,
        console_actor(),
        again=again,
        again_from=again_from,
        is_sealed=not unencrypted,
    )
    facts = {
        "file": str(out),
        "peer": peer,
        "number": made.number,
        "follows": made.follows,
        "objects": made.objects,
        "collections": made.collections,
        "digest": made.sha256,
    }
    after = f", after file {made.follows}" if made.follows else ""
    console.say(
        facts,
        f"{out} is file {made.number} for {peer}{after}: {made.objects} objects."
        f" It counts as handed over.",
    )


@exchange.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--accept-gap",
    is_flag=True,
    help="Take it although a file before it is missing or it is older.",
)
@pass_console
def import_(console: Console, file: Path, accept_gap: bool) -> None:
    """Take FILE from a peer, whom its signature names; all of it is verified first.

    Prints what was taken, known, held and refused. What was broken off goes on where it stopped; a file that was
    taken before changes nothing. Exits 1 if it could not be taken whole.
    """
    done = take_file(console.program(), file, console_actor(), accept_gap=accept_gap)
    if done.run is None:
        console.say(
            {"peer": done.peer, "number": done.number, "taken_before": True},
            f"File {done.number} of {done.peer} was taken before (the last one was {done.last});"
            " nothing was to be done.",
        )
        return
    problem = _problem(done.run)
    console.say(_facts(done, done.run, problem), problem or _sentence(done, done.run))
    if problem:
        sys.exit(1)


@exchange.command("list")
@click.option("--peer", metavar="SLUG", help="Of one peer only.")
@pass_console
def list_(console: Console, peer: str | None) -> None:
    """The files that we made, and which of them peers have told us they took."""
    with console.work(write=False) as work:
        peer_id = find_peer(work.session, peer).id if peer else None
        rows = [
            {
                "peer": to.slug,
                "number": one.number,
                "follows": one.follows,
                "made_at": one.made_at,
                "objects": one.objects,
                "written": "yes" if one.is_written else "no",
                "taken_at": one.taken_at,
            }
            for one, to in files(work.session, peer_id)
        ]
    console.show(rows, empty="No file was made yet. Make one with: cirt exchange export")


def _problem(run: Run) -> str:
    return LINK_ERRORS[run.error].format(**run.error_values) if run.error else ""


def _facts(done: CarriedIn, run: Run, problem: str) -> dict[str, object]:
    return {
        "peer": done.peer,
        "number": done.number,
        "taken_before": False,
        "offered": run.offered,
        "taken": run.taken,
        "known": run.known,
        "held": run.held,
        "refused": run.refused,
        "problem": problem or None,
    }


def _sentence(done: CarriedIn, run: Run) -> str:
    return (
        f"File {done.number} of {done.peer}: {run.taken} taken, {run.known} known, {run.held} held,"
        f" {run.refused} refused."
    )
