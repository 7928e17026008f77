"""``cirt init``: the data directory, keys, database, our identity and the first administrator."""

import click

from cirt.cli.console import Console, pass_console, password_option, read_password
from cirt.kernel import schema
from cirt.kernel.errors import Conflict
from cirt.kernel.keys import make_key_file
from cirt.kernel.program import key_file
from cirt.kernel.text import mark
from cirt.parties.accounts import AddAccount, NewPassword, add_account, normal_email
from cirt.parties.models import Ourselves
from cirt.parties.peers import check_country, is_founded
from cirt.parties.roles import Role
from cirt.release.founding import found


class AlreadyInitialised(Conflict):
    code = "already-initialised"
    message = mark("{place} is already initialised. Start it with: cirt up")


@click.command()
@click.option("--name", required=True, help="The CIRT's own name.")
@click.option("--country", required=True, help="Two letters, ISO 3166.")
@click.option("--admin", required=True, metavar="EMAIL", help="The first administrator's address.")
@password_option("Read the administrator's password from standard input.")
@pass_console
def init(console: Console, name: str, country: str, admin: str, password_stdin: bool) -> None:
    """Set up an installation; refuses to run twice.

    Makes the data directory, the keys, the database at its newest migration, our STIX identity (its id is
    printed) and the first administrator. Without --password-stdin a one-time password is printed once.
    """
    settings = console.settings()
    has_key = key_file(settings).exists()  # also after `cirt up` in an empty place
    if has_key and _is_set_up(console):
        raise AlreadyInitialised(place=settings.data_dir)
    country, admin, password = (
        check_country(country),
        normal_email(admin),
        read_password(password_stdin),
    )
    if not has_key:
        make_key_file(key_file(settings))
    try:
        ourselves, made = _found(console, name, country, admin, password)
    except BaseException:
        if not has_key:
            key_file(
                settings
            ).unlink()  # nothing is sealed with it yet, and init may be tried again
        raise
    facts = {"identity": ourselves.identity_id, "admin": made.email, "password": made.password}
    said = [f"{name} is set up in {settings.data_dir}.", f"Identity: {ourselves.identity_id}"]
    if made.password:
        said.append(f"Sign in as {made.email} with this one-time password: {made.password}")
    console.say(facts, "\n".join(said))


def _is_set_up(console: Console) -> bool:
    if schema.current_revision(console.program().engine) is None:
        return False
    with console.work(write=False) as work:
        return is_founded(work.session)


def _found(
    console: Console, name: str, country: str, admin: str, password: str | None
) -> tuple[Ourselves, NewPassword]:
    schema.upgrade(console.program().engine)
    with console.work() as work:
        ourselves = found(work, name=name, country=country)
        first = AddAccount(admin, admin.partition("@")[0], (Role.ADMIN,), password)
        return ourselves, add_account(work, first)
