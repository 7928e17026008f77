"""``cirt link`` and ``cirt sync``: which of a peer's collections we read or write, and how that goes."""

import re
import sys
from datetime import date, datetime, timedelta
from typing import Any

import click

from cirt.cli import checks
from cirt.cli.console import Console, MomentType, begin_of, pass_console
from cirt.exchange import links
from cirt.exchange import sync as syncing
from cirt.exchange.health import LinkHealth
from cirt.exchange.links import AddLink
from cirt.exchange.models import LinkDirection, Run, RunState
from cirt.exchange.trouble import LINK_ERRORS

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class EveryType(click.ParamType[timedelta]):
    """A time span: 30s, 5m, 2h, 1d."""

    name = "SPAN"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        if isinstance(value, timedelta):
            return value
        found = re.match(r"(\d{1,5})([smhd])\Z", value)
        if not found or not int(found[1]):
            self.fail(f"“{value}” is no time span. Write 30s, 5m, 2h or 1d.", param, ctx)
        return timedelta(**{_UNITS[found[2]]: int(found[1])})


@click.group()
def link() -> None:
    """Which of a peer's collections we read or write."""


@link.command()
@click.option("--peer", required=True, metavar="SLUG")
@click.option("--collection", "remote", required=True, metavar="ID-OR-ALIAS", help="The peer's.")
@click.option("--direction", required=True, type=click.Choice([one.value for one in LinkDirection]))
@click.option("--from", "alias", metavar="ALIAS", help="Push what is released to it in ours.")
@click.option("--every", type=EveryType(), default="5m", show_default=True)
@click.option("--since", type=MomentType(), help="Pull only what was added after.")
@pass_console
def add(
    console: Console,
    peer: str,
    remote: str,
    direction: str,
    alias: str | None,
    every: timedelta,
    since: date | datetime | None,
) -> None:
    """Read (pull) or write (push) one of a peer's collections.

    A push link without --from carries only sightings and revocations that concern the peer.
    """
    cmd = AddLink(
        peer=peer,
        remote=remote,
        direction=LinkDirection(direction),
        collection=alias,
        every_s=int(every.total_seconds()),
        since=begin_of(since) if since else None,
    )
    with console.work() as work:
        made = links.add_link(work, cmd)
    console.say({"id": made.id}, f"Link {made.id}: {direction} {peer} {remote}, every {every}.")


@link.command("list")
@pass_console
def list_(console: Console) -> None:
    """Every link."""
    _show_health(console)


@link.command()
@click.argument("number", type=int, metavar="ID")
@pass_console
def pause(console: Console, number: int) -> None:
    """Let link ID rest."""
    with console.work() as work:
        links.pause_link(work, number)
    console.say({"id": number, "state": "paused"}, f"Link {number} rests.")


@link.command()
@click.argument("number", type=int, metavar="ID")
@pass_console
def resume(console: Console, number: int) -> None:
    """Go on with link ID where it stopped."""
    with console.work() as work:
        links.resume_link(work, number)
    console.say({"id": number, "state": "active"}, f"Link {number} is active again.")


@click.command()
@click.argument("slug", required=False, metavar="[SLUG | status | check LINK]")
@click.argument("number", required=False, type=int, metavar="")
@click.option("--dry-run", is_flag=True, help="Say what would come, keep nothing.")
@click.option("--again", is_flag=True, help="With check: ask at once for what is missing.")
@pass_console
def sync(
    console: Console, slug: str | None, number: int | None, *, dry_run: bool, again: bool
) -> None:
    """Pull and push now, with all peers or with SLUG. `cirt sync status` shows the state of every link and connector.

    `cirt sync check LINK` compares the peer's manifest with what is here and lists what is missing.

    Prints one line per link. Exits 0 if all went well, 1 if any failed or something is missing.
    """
    if (number is not None) != (slug == "check"):
        raise click.UsageError("Write: cirt sync check LINK, with the number from cirt link list.")
    if slug == "check" and number is not None:
        checks.check_link(console, number, again=again)
        return
    if slug == "status":
        checks.show_status(console)
        return
    rows, failed = [], False
    for health, run in syncing.sync_all(console.program(), slug, dry_run=dry_run):
        failed |= run.state is RunState.FAILED
        rows.append(_run_row(health, run))
    console.show(rows, empty="There are no links yet. Make one with: cirt link add")
    if failed:
        sys.exit(1)


def _show_health(console: Console) -> None:
    with console.work(write=False) as work:
        rows = [_health_row(one) for one in links.link_health(work.session)]
    console.show(rows, empty="There are no links yet. Make one with: cirt link add")


def _health_row(one: LinkHealth) -> dict[str, Any]:
    return {
        "id": one.id,
        "peer": one.peer,
        "direction": one.direction.value,
        "remote": one.remote,
        "from": one.collection,
        "every_s": one.every_s,
        "state": one.health.value,
        "last_success": one.last_success_at,
        "last_data": one.last_data_at,
        "waiting": one.waiting,
        "problem": one.sentence or None,
    }


def _run_row(health: LinkHealth, run: Run) -> dict[str, Any]:
    return {
        "link": health.id,
        "peer": health.peer,
        "direction": health.direction.value,
        "state": run.state.value,
        "offered": run.offered,
        "taken": run.taken,
        "known": run.known,
        "held": run.held,
        "refused": run.refused,
        "problem": LINK_ERRORS[run.error].format(**run.error_values) if run.error else None,
    }
