"""``cirt link`` and ``cirt sync``: which of a peer's collections we read or write, and how that goes."""

import re
import sys
from datetime import date, datetime, timedelta
from typing import Any

import click

from cirt.cli.console import Console, MomentType, begin_of, pass_console
from cirt.exchange import links, sync as syncing
from cirt.exchange.links import AddLink, LinkHealth
from cirt.exchange.models import LinkDirection, Run, RunState

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


@click.group(invoke_without_command=True)
@click.argument("slug", required=False)
@click.option("--dry-run", is_flag=True, help="Say what would come, keep nothing.")
@click.pass_context
def sync(ctx: click.Context, slug: str | None, dry_run: bool) -> None:
    """Pull and push now, with all peers or with SLUG. `cirt sync status` shows every link."""


__all__ = ["Run", "RunState", "LinkHealth", "link", "sync", "sys", "syncing"]


def _show_health(console: Console) -> None:
    raise NotImplementedError
