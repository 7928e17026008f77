"""``cirt feed``: what stands open to a peer, as files that it fetches."""

from pathlib import Path

import click

from cirt.cli.console import Console, pass_console
from cirt.release.exporting.feed import make_feed, note_feed, write_feed


@click.group()
def feed() -> None:
    """What stands open to a peer, as files that it fetches."""


@feed.command()
@click.option("--peer", required=True, help="For whom: its agreement and collections decide what.")
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder to write; only this peer may be let in there.",
)
@pass_console
def misp(console: Console, peer: str, out: Path) -> None:
    """Write our own indicators that are released to PEER as a MISP feed.

    Run it again whenever something may have changed, by cron or a timer. What the peer may have no more is left out;
    what was recalled is marked as deleted where the peer also reads by TAXII, else a letter to it is prepared.
    """
    with console.work() as work:
        made = make_feed(work, peer)
        new = note_feed(work, made)
    write_feed(made, out)
    facts = {
        "peer": peer,
        "events": len(made.manifest),
        "attributes": made.attributes,
        "new": new,
        "tlp": made.tlp,
    }
    console.say(
        facts,
        f"{out}: {len(made.manifest)} events with {made.attributes} attributes, {new} objects for the first time.",
    )
