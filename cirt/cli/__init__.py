"""The command line: one program, ``cirt`` (contract, section 2)."""

from pathlib import Path

import click

from cirt import __version__
from cirt.cli import (
    agreements,
    audit,
    collections,
    connectors,
    database,
    exchange,
    feeds,
    imports,
    links,
    peers,
    pgp,
    quarantine,
    setup,
    users,
    webhooks,
)
from cirt.cli.console import Console, Root


@click.group(cls=Root, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where everything is kept. Default: CIRT_DATA_DIR, else ./data.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables and sentences.")
@click.version_option(__version__, prog_name="cirt")
@click.pass_context
def root(ctx: click.Context, data_dir: Path | None, as_json: bool) -> None:
    """Incident register and threat-intelligence exchange of a national CIRT.

    Exits 0 when done, 1 when something was refused or failed (one sentence says why), 2 on wrong usage.
    """
    console = Console(data_dir, as_json)
    ctx.obj = console
    ctx.call_on_close(console.close)


for command in (
    setup.init,
    users.user,
    peers.peer,
    agreements.agreement,
    collections.collection,
    imports.import_,
    links.link,
    links.sync,
    quarantine.quarantine,
    exchange.exchange,
    feeds.feed,
    connectors.connector,
    pgp.pgp,
    webhooks.webhook,
    audit.audit,
    database.db,
):
    root.add_command(command)
