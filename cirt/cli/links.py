"""``cirt link`` and ``cirt sync``: which of a peer's collections we read or write, and how that goes."""

import re
import sys
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

import click

from cirt.cli import checks
from cirt.cli.console import Console, ListType, MomentType, begin_of, pass_console
from cirt.exchange import sync as syncing
from cirt.exchange.health import LinkHealth, link_health
from cirt.exchange.links import service as links
from cirt.exchange.links.estimating import Estimate, estimate_link
from cirt.exchange.links.now import check_awake
from cirt.exchange.links.service import AddLink, Terms
from cirt.exchange.models import LinkDirection, Run, RunState
from cirt.exchange.trouble import LINK_ERRORS
from cirt.inputs.links import read_span, write_span

_SIZES = {"K": 1000, "M": 1000**2, "G": 1000**3}


_CRON = "Instead of --every: five fields, such as '30 2 * * 1-5', UTC."
_TYPES = "Only these types of objects, with commas; what they rest on comes along."
_SINCE = "Pull only what was added after."
_LIMIT = "At most so much on one day, UTC, as 20MB; it goes on the next day."


class EveryType(click.ParamType[timedelta]):
    """A time span: 30s, 5m, 2h, 1d."""

    name = "SPAN"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        if isinstance(value, timedelta):
            return value
        seconds = read_span(value)
        if seconds is None:
            self.fail(f"“{value}” is no time span. Write 30s, 5m, 2h or 1d.", param, ctx)
        return timedelta(seconds=seconds)


class SizeType(click.ParamType[int]):
    """Bytes: 500KB, 20MB, 1GB."""

    name = "SIZE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        found = re.match(r"([0-9]{1,6}) ?([KMG])B\Z", value.upper())
        if not found:
            self.fail(f"“{value}” is no size. Write 500KB, 20MB or 1GB.", param, ctx)
        return int(found[1]) * _SIZES[found[2]]


@click.group()
def link() -> None:
    """Which of a peer's collections we read or write."""


@link.command()
@click.option("--peer", required=True, metavar="SLUG")
@click.option("--collection", "remote", required=True, metavar="ID-OR-ALIAS", help="The peer's.")
@click.option("--direction", required=True, type=click.Choice([one.value for one in LinkDirection]))
@click.option("--from", "alias", metavar="ALIAS", help="Push what is released to it in ours.")
@click.option("--every", type=EveryType(), default="5m", show_default=True)
@click.option("--cron", metavar="FIELDS", help=_CRON)
@click.option("--types", type=ListType(), default=(), help=_TYPES)
@click.option("--since", type=MomentType(), help=_SINCE)
@click.option("--day-limit", type=SizeType(), help=_LIMIT)
@pass_console
def add(
    console: Console,
    peer: str,
    remote: str,
    direction: str,
    alias: str | None,
    every: timedelta,
    cron: str | None,
    types: tuple[str, ...],
    since: date | datetime | None,
    day_limit: int | None,
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
        cron=cron,
        types=types,
        day_bytes=day_limit,
    )
    with console.work() as work:
        made = links.add_link(work, cmd)
    when = f"at {cron} (UTC)" if cron else f"every {write_span(int(every.total_seconds()))}"
    console.say({"id": made.id}, f"Link {made.id}: {direction} {peer} {remote}, {when}.")


@link.command("set")
@click.argument("number", type=int, metavar="ID")
@click.option("--every", type=EveryType(), help="Ends a schedule of --cron.")
@click.option("--cron", metavar="FIELDS", help=_CRON)
@click.option("--types", type=ListType(), help=_TYPES)
@click.option("--all-types", is_flag=True, help="Every type again.")
@click.option("--since", type=MomentType(), help=_SINCE)
@click.option("--from-the-beginning", is_flag=True, help="Whenever it was added.")
@click.option("--day-limit", type=SizeType(), help=_LIMIT)
@click.option("--no-day-limit", is_flag=True, help="As much as comes.")
@click.option(
    "--collection", "remote", metavar="ID-OR-ALIAS", help="The peer's, of a link that never worked."
)
@pass_console
def set_(console: Console, /, number: int, **given: Any) -> None:
    """Change when link ID runs and what it carries; what is not given stays.

    Where that is more than before, it reads from its start again; what is known is not taken twice.
    """
    with console.work() as work:
        found = links.find_link(work.session, number)
        links.change_link(work, number, _changed(links.terms_of(found), **given))
    console.say({"id": number}, f"Link {number} is changed.")


def _changed(
    before: Terms,
    *,
    every: timedelta | None,
    cron: str | None,
    types: tuple[str, ...] | None,
    all_types: bool,
    since: date | datetime | None,
    from_the_beginning: bool,
    day_limit: int | None,
    no_day_limit: bool,
    remote: str | None,
) -> Terms:
    begin = begin_of(since) if since else before.since
    return Terms(
        every_s=int(every.total_seconds()) if every else before.every_s,
        cron=cron or (None if every else before.cron),
        types=() if all_types else types or before.types,
        since=None if from_the_beginning else begin,
        day_bytes=None if no_day_limit else day_limit or before.day_bytes,
        remote=remote,
    )


@link.command()
@click.argument("number", type=int, metavar="ID")
@pass_console
def estimate(console: Console, number: int) -> None:
    """How much pull link ID would bring on its first run, asked of the peer in a few requests."""
    found = estimate_link(console.program(), number)
    console.say(asdict(found), "\n".join(estimate_lines(found)))


@link.command()
@click.argument("number", type=int, metavar="ID")
@click.option("--since", type=MomentType(), help=_SINCE)
@pass_console
def begin(console: Console, number: int, since: date | datetime | None) -> None:
    """Let link ID begin that was added at the desk and waits for a choice; without --since it takes all."""
    with console.work() as work:
        links.begin_link(work, number, begin_of(since) if since else None)
    console.say({"id": number}, f"Link {number} begins with its next run.")


@link.command()
@click.argument("number", type=int, metavar="ID")
@click.option("--dry-run", is_flag=True, help="Say what would come, keep nothing.")
@pass_console
def run(console: Console, number: int, dry_run: bool) -> None:
    """Run link ID now, here, at full speed."""
    with console.work(write=False) as work:
        check_awake(work, links.find_link(work.session, number))
    done = syncing.sync_link(console.program(), number, dry_run=dry_run)
    with console.work(write=False) as work:
        [health] = [one for one in link_health(work.session) if one.id == number]
    console.show([_run_row(health, done)], empty="")
    if done.state is RunState.FAILED:
        sys.exit(1)


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


def estimate_lines(found: Estimate) -> list[str]:
    how = "At least" if found.is_least else "Exactly" if found.is_exact else "About"
    since = f" since {found.oldest[:10]}" if found.oldest else ""
    return [
        f"{how} {found.count} objects{since}; asked in {found.requests} requests, {found.bytes} bytes.",
        *(f"Since {start.since}: about {start.count}." for start in found.starts),
    ]


def _show_health(console: Console) -> None:
    with console.work(write=False) as work:
        rows = [_health_row(one) for one in link_health(work.session)]
    console.show(rows, empty="There are no links yet. Make one with: cirt link add")


def _health_row(one: LinkHealth) -> dict[str, Any]:
    return {
        "id": one.id,
        "peer": one.peer,
        "direction": one.direction.value,
        "remote": one.remote,
        "from": one.collection,
        "every_s": one.every_s,
        "cron": one.cron,
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
        "left_out": run.left_out,
        "problem": LINK_ERRORS[run.error].format(**run.error_values) if run.error else None,
    }
