"""``cirt collection``: TAXII collections and their members."""

from typing import Any

import click

from cirt.cli.console import Console, pass_console
from cirt.kernel.work import Work
from cirt.parties.peers import find_peer
from cirt.release import collections
from cirt.release.collections import AddCollection
from cirt.release.models import Collection, CollectionKind


@click.group()
def collection() -> None:
    """TAXII collections and their members."""


@collection.command()
@click.argument("alias")
@click.option("--title", required=True)
@click.option("--description", default="")
@click.option(
    "--kind",
    required=True,
    type=click.Choice([kind.value for kind in CollectionKind]),
    help="published: members read. inbox: members write. shared: both.",
)
@click.option("--member", "members", multiple=True, metavar="SLUG", help="May be repeated.")
@pass_console
def add(
    console: Console,
    alias: str,
    title: str,
    description: str,
    kind: str,
    members: tuple[str, ...],
) -> None:
    """Make the collection ALIAS and print its UUID. Without a member nobody sees it."""
    with console.work() as work:
        made = collections.add_collection(
            work, AddCollection(alias, title, CollectionKind(kind), description)
        )
        for slug in members:
            collections.add_member(work, made, find_peer(work.session, slug))
    console.say({"alias": alias, "id": made.uuid}, f"{alias} has the id {made.uuid}.")


@collection.group()
def member() -> None:
    """Who may use a collection."""


@member.command("add")
@click.argument("alias")
@click.argument("slug")
@pass_console
def add_member(console: Console, alias: str, slug: str) -> None:
    """Let peer SLUG use ALIAS; what stands there is offered to it within its agreement."""
    with console.work() as work:
        found = collections.find_collection(work.session, alias)
        offered = collections.add_member(work, found, find_peer(work.session, slug))
    facts = {"alias": alias, "peer": slug, "offered": offered}
    console.say(facts, f"{slug} may use {alias}; {offered} objects are offered to it now.")


@member.command("remove")
@click.argument("alias")
@click.argument("slug")
@pass_console
def remove_member(console: Console, alias: str, slug: str) -> None:
    """Hide ALIAS from peer SLUG at once."""
    with console.work() as work:
        found = collections.find_collection(work.session, alias)
        collections.remove_member(work, found, find_peer(work.session, slug))
    console.say({"alias": alias, "peer": slug}, f"{alias} no longer exists for {slug}.")


@collection.command("list")
@pass_console
def list_(console: Console) -> None:
    """Every collection."""
    with console.work(write=False) as work:
        rows = [_row(work, one) for one in collections.collections(work.session)]
    console.show(rows, empty="There are no collections yet. Make one with: cirt collection add")


@collection.command()
@click.argument("alias")
@pass_console
def show(console: Console, alias: str) -> None:
    """One collection, by alias or id."""
    with console.work(write=False) as work:
        facts = _row(work, collections.find_collection(work.session, alias))
    console.say(facts, "\n".join(f"{key}: {value or '—'}" for key, value in facts.items()))


def _row(work: Work, one: Collection) -> dict[str, Any]:
    return {
        "alias": one.alias,
        "id": one.uuid,
        "title": one.title,
        "kind": one.kind.value,
        "members": " ".join(peer.slug for peer in collections.members_of(work.session, one)),
    }
