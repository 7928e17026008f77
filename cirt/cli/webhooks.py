"""``cirt webhook``: systems that report by themselves."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from cirt.cli.console import Console, TlpType, pass_console
from cirt.kernel.tlp import Tlp
from cirt.register.webhook import queries, service
from cirt.register.webhook.errors import NotAnEvent
from cirt.register.webhook.events import read_event
from cirt.register.webhook.mapping import event_of, read_mapping

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group()
def webhook() -> None:
    """Systems that report by themselves."""


@webhook.command()
@click.argument("name")
@click.option("--map", "file", type=_FILE, help="A JSON file: field to path. Default: usual names.")
@click.option("--tlp", type=TlpType(), default="amber", help="Of its reports. Default: amber.")
@pass_console
def add(console: Console, name: str, file: Path | None, tlp: Tlp) -> None:
    """Let the system NAME report; prints its token once."""
    mapping = read_mapping(_json(file)) if file else {}
    with console.work() as work:
        token = service.add_webhook(work, name, mapping, tlp)
    _say_token(console, name, token)


@webhook.command("map")
@click.argument("name")
@click.argument("file", type=_FILE)
@pass_console
def map_(console: Console, name: str, file: Path) -> None:
    """Replace the mapping of NAME by the one in FILE."""
    mapping = read_mapping(_json(file))
    with console.work() as work:
        service.map_webhook(work, name, mapping)
    console.say({"name": name}, f"{name} is read by the new mapping.")


@webhook.command()
@click.argument("name")
@click.argument("file", type=_FILE)
@click.option("--map", "mapping", type=_FILE, help="Try this mapping instead of the kept one.")
@pass_console
def preview(console: Console, name: str, file: Path, mapping: Path | None) -> None:
    """Show what the event in FILE would become at NAME; nothing is kept."""
    with console.work(write=False) as work:
        paths = queries.paths_of(queries.get_webhook(work, name))
    if mapping:
        paths = read_mapping(_json(mapping))
    event = event_of(read_event(file.read_bytes()), paths)
    rows = [{"field": field, "value": _shown(value)} for field, value in asdict(event).items()]
    console.show(rows, empty="")


@webhook.command("list")
@pass_console
def list_(console: Console) -> None:
    """Every webhook, how often it reported and when last."""
    with console.work(write=False) as work:
        rows = [
            {
                "name": one.name,
                "tlp": one.tlp.value,
                "state": "paused" if one.paused_at else "in use",
                "count": one.taken_count,
                "last": one.last_at,
                "fields": " ".join(sorted(queries.paths_of(one))),
            }
            for one in queries.webhooks(work)
        ]
    console.show(rows, empty="There is no webhook yet. Make one with: cirt webhook add NAME")


@webhook.command()
@click.argument("name")
@pass_console
def pause(console: Console, name: str) -> None:
    """Refuse what NAME sends until it may go on; its sender is told to try again later."""
    with console.work() as work:
        service.pause_webhook(work, name)
    console.say({"name": name}, f"{name} is paused. Let it go on with: cirt webhook resume {name}")


@webhook.command()
@click.argument("name")
@pass_console
def resume(console: Console, name: str) -> None:
    """Take again what NAME sends."""
    with console.work() as work:
        service.resume_webhook(work, name)
    console.say({"name": name}, f"{name} reports again.")


@webhook.command("token")
@click.argument("name")
@pass_console
def token_(console: Console, name: str) -> None:
    """Give NAME another token and print it once; the one that it has holds no longer, at once."""
    with console.work() as work:
        token = service.renew_token(work, name)
    _say_token(console, name, token)


@webhook.command()
@click.argument("name")
@pass_console
def remove(console: Console, name: str) -> None:
    """Take the token of NAME away; its reports stay."""
    with console.work() as work:
        service.remove_webhook(work, name)
    console.say({"name": name}, f"{name} can report no longer.")


def _say_token(console: Console, name: str, token: str) -> None:
    base = console.settings().base_url.rstrip("/")
    facts = {"name": name, "token": token, "url": f"{base}/intake/webhook/{name}"}
    sentence = f"POST {facts['url']}\nAuthorization: Bearer {token}\nThe token is shown once."
    console.say(facts, sentence)


def _json(file: Path) -> Any:
    try:
        return json.loads(file.read_bytes())
    except ValueError as error:
        raise NotAnEvent(reason=str(error)) from error


def _shown(value: object) -> str:
    return "\n".join(map(str, value)) if isinstance(value, tuple) else str(value)
