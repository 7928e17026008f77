"""``cirt agreement``: what each peer may receive and send. Made here they are in force at once."""

from datetime import date, datetime
from typing import Any

import click

from cirt.cli.console import Console, ListType, MomentType, TlpType, pass_console
from cirt.kernel.tlp import Tlp
from cirt.parties.models import Peer
from cirt.release.settling import offer_missing, settle_due
from cirt.sharing import queries
from cirt.sharing.agreements import service
from cirt.sharing.agreements.commands import UNCHANGED, AddAgreement, ChangeAgreement
from cirt.sharing.models import Agreement, Direction, Level

_LEVEL = click.option(
    "--level", type=click.Choice([level.value for level in Level]), help="Default: mou."
)
_DIRECTION = click.option(
    "--direction",
    type=click.Choice([direction.value for direction in Direction]),
    help="What flows, seen from us. Default: both.",
)
_FROM = click.option("--from", "valid_from", type=MomentType(), help="Default: now.")
_UNTIL = click.option("--until", "valid_until", type=MomentType(), help="A day is included.")
_TYPES = click.option("--types", type=ListType(), help="STIX types, with commas. Default: all.")
_SECTORS = click.option("--sectors", type=ListType(), help="Sectors, with commas. Default: all.")
_CEILING_IN = click.option(
    "--ceiling-in",
    type=TlpType(),
    help="The strictest marking that they send. Default: amber+strict.",
)
_DEFAULT = click.option("--default-tlp", type=TlpType(), help="How unmarked data is read.")


@click.group()
def agreement() -> None:
    """What each peer may receive and send, from when to when."""


@agreement.command()
@click.option("--peer", required=True, metavar="SLUG")
@click.option(
    "--ceiling", required=True, type=TlpType(), help="The strictest marking that we give."
)
@_LEVEL
@_DEFAULT
@_DIRECTION
@_FROM
@_UNTIL
@_TYPES
@_SECTORS
@_CEILING_IN
@click.option("--transit", is_flag=True, help="The peer may pass things on, within their marking.")
@click.option("--personal-data", is_flag=True, help="Personal data may be exchanged.")
@click.option("--attribution/--no-attribution", default=True, help="It may be named as a source.")
@pass_console
def add(console: Console, /, **given: Any) -> None:
    """Record an agreement with a peer, in force at once.

    One agreement per peer is in force at a time; an overlap is refused. RED is never part of one.
    """
    given["level"] = Level(given["level"] or Level.MOU)
    given["direction"] = Direction(given["direction"] or Direction.BOTH)
    given["ceiling_in"] = given["ceiling_in"] or Tlp.AMBER_STRICT
    given["types"], given["sectors"] = given["types"] or (), given["sectors"] or ()
    with console.work() as work:
        settle_due(work)
        made = service.add_agreement(work, AddAgreement(**given))
        offered = offer_missing(work, made.peer_id)
    _say(console, made, f"{made.reference} is recorded; {offered} objects are offered by it now.")


@agreement.command()
@click.argument("reference", metavar="REF")
@click.option("--ceiling", type=TlpType())
@_LEVEL
@_DEFAULT
@_DIRECTION
@_FROM
@_UNTIL
@_TYPES
@_SECTORS
@_CEILING_IN
@click.option("--transit/--no-transit", default=None)
@click.option("--personal-data/--no-personal-data", default=None)
@click.option("--attribution/--no-attribution", default=None)
@pass_console
def change(console: Console, /, reference: str, **given: Any) -> None:
    """Change what is given and keep the rest; the terms before stay in its history."""
    for name, kind in (("level", Level), ("direction", Direction)):
        if given[name] is not None:
            given[name] = kind(given[name])
    said = {name: UNCHANGED if value is None else value for name, value in given.items()}
    with console.work() as work:
        settle_due(work)
        changed = service.change_agreement(work, ChangeAgreement(reference, **said))
        offered = offer_missing(work, changed.peer_id)
    _say(console, changed, f"{reference} is changed; {offered} more objects are offered by it now.")


@agreement.command("list")
@click.option("--peer", metavar="SLUG")
@pass_console
def list_(console: Console, peer: str | None) -> None:
    """Every agreement, by peer."""
    with console.work(write=False) as work:
        rows = [_row(one, other) for one, other in queries.agreements(work.session, peer)]
    console.show(rows, empty="There are no agreements yet. Record one with: cirt agreement add")


@agreement.command()
@click.argument("reference", metavar="REF")
@pass_console
def suspend(console: Console, reference: str) -> None:
    """Close the peer's feeds until it is resumed."""
    with console.work() as work:
        done = service.suspend_agreement(work, reference)
        offer_missing(work, done.peer_id)
    _say(console, done, f"{reference} is suspended: the peer reads nothing.")


@agreement.command()
@click.argument("reference", metavar="REF")
@pass_console
def resume(console: Console, reference: str) -> None:
    """Open the peer's feeds again."""
    with console.work() as work:
        settle_due(work)
        done = service.resume_agreement(work, reference)
        offer_missing(work, done.peer_id)
    _say(console, done, f"{reference} is in force again.")


@agreement.command()
@click.argument("reference", metavar="REF")
@pass_console
def end(console: Console, reference: str) -> None:
    """End it for good; another one may follow."""
    with console.work() as work:
        done = service.end_agreement(work, reference)
        offer_missing(work, done.peer_id)
    _say(console, done, f"{reference} has ended: the peer reads nothing.")


def _say(console: Console, one: Agreement, sentence: str) -> None:
    console.say({"reference": one.reference, "state": one.state.value}, sentence)


def _row(one: Agreement, peer: Peer) -> dict[str, Any]:
    return {
        "reference": one.reference,
        "peer": peer.slug,
        "state": one.state.value,
        "level": one.level.value,
        "ceiling": one.ceiling.value,
        "ceiling_in": one.ceiling_in.value,
        "default_tlp": one.default_tlp.value if one.default_tlp else None,
        "direction": one.direction.value,
        "from": _date(one.valid_from),
        "until": _date(one.valid_until),
        "types": " ".join(one.types) or "all",
        "sectors": " ".join(one.sectors) or "all",
    }


def _date(at: date | datetime | None) -> str | None:
    return at.isoformat(timespec="minutes") if isinstance(at, datetime) else None
