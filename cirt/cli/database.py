"""``cirt db``: migrations."""

import click

from cirt.cli.console import Console, pass_console
from cirt.kernel import schema
from cirt.kernel.errors import Conflict
from cirt.kernel.text import mark


class SchemaDiffers(Conflict):
    code = "schema-differs"
    message = mark("The database does not agree with this version of cirt: {differences}")


@click.group()
def db() -> None:
    """The database's schema."""


@db.command()
@pass_console
def upgrade(console: Console) -> None:
    """Migrate to the newest schema; an SQLite file is copied to backups/ first."""
    program = console.program()
    before, after = schema.migrate(program)
    said = f"Already at {after}." if before == after else f"Migrated from {before} to {after}."
    console.say({"before": before, "after": after}, said)


@db.command()
@pass_console
def check(console: Console) -> None:
    """Does the schema agree with the models? Exits 1 if not."""
    program = console.program()
    revision, newest = schema.current_revision(program.engine), schema.newest_revision()
    if revision != newest:
        raise SchemaDiffers(differences=f"it is at {revision}, not {newest}. Run: cirt db upgrade")
    differences = schema.differences(program.engine)
    if differences:
        raise SchemaDiffers(differences="; ".join(str(one) for one in differences))
    console.say(
        {"revision": revision, "differences": []}, f"The schema is at {revision} and agrees."
    )
