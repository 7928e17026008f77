"""``cirt user``: accounts of the team."""

import click

from cirt.cli.console import Console, pass_console, password_option, read_password
from cirt.parties import accounts
from cirt.parties.roles import Role

_ROLES = click.Choice([role.value for role in Role])


@click.group()
def user() -> None:
    """Accounts of the team."""


@user.command()
@click.argument("email")
@click.option("--name", required=True, help="The person's name.")
@click.option("--role", "roles", multiple=True, required=True, type=_ROLES, help="May be repeated.")
@click.option("--same-person-as", "other", metavar="EMAIL", help="Another account of theirs.")
@password_option("Read the password from standard input instead of making a one-time one.")
@pass_console
def add(
    console: Console,
    email: str,
    name: str,
    roles: tuple[str, ...],
    other: str | None,
    password_stdin: bool,
) -> None:
    """Make an account for EMAIL. Four eyes count persons: say whose second account it is, if it is one."""
    chosen = tuple(Role(role) for role in roles)
    password = read_password(password_stdin)
    with console.work() as work:
        person = accounts.get_account(work.session, other).person_id if other else None
        made = accounts.add_account(
            work, accounts.AddAccount(email, name, chosen, password, person)
        )
    _say_password(console, made, f"{made.email} can sign in.")


@user.command("list")
@pass_console
def list_(console: Console) -> None:
    """Every account with its roles."""
    with console.work(write=False) as work:
        rows = [
            {
                "email": account.email,
                "name": account.person.name,
                "roles": " ".join(sorted(grant.role.value for grant in account.grants)),
                "state": "disabled" if account.disabled_at else "active",
            }
            for account in accounts.accounts(work.session)
        ]
    console.show(rows, empty="There are no accounts yet. Make one with: cirt user add")


@user.command()
@click.argument("email")
@pass_console
def disable(console: Console, email: str) -> None:
    """End every session of EMAIL; it cannot sign in again."""
    with console.work() as work:
        accounts.disable_account(work, email)
    console.say({"email": email, "state": "disabled"}, f"{email} is disabled and signed out.")


@user.command()
@click.argument("email")
@pass_console
def enable(console: Console, email: str) -> None:
    """Let a disabled EMAIL sign in again, with the password it had."""
    with console.work() as work:
        accounts.enable_account(work, email)
    console.say({"email": email, "state": "active"}, f"{email} can sign in again.")


@user.command()
@click.argument("email")
@pass_console
def reset(console: Console, email: str) -> None:
    """Give EMAIL a new one-time password, printed once; every session ends."""
    with console.work() as work:
        made = accounts.reset_password(work, email)
    _say_password(console, made, f"{made.email} has a new password.")


def _say_password(console: Console, made: accounts.NewPassword, sentence: str) -> None:
    shown = f"\nOne-time password, shown once: {made.password}" if made.password else ""
    console.say({"email": made.email, "password": made.password}, sentence + shown)
