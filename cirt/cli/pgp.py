"""``cirt pgp``: the keys with which mails are opened, checked and sealed."""

from pathlib import Path

import click

from cirt.cli.console import Console, pass_console
from cirt.kernel.errors import Unavailable
from cirt.kernel.gpg import Gpg, find_gpg
from cirt.kernel.text import mark


class GpgMissing(Unavailable):
    code = "gpg-missing"
    message = mark("GnuPG is not installed here. On Debian: apt-get install gnupg")


@click.group()
def pgp() -> None:
    """The keys with which mails are opened, checked and sealed."""


@pgp.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@pass_console
def add(console: Console, file: Path) -> None:
    """Take the keys in FILE: our own secret one without a passphrase, or public ones of those we write to.

    Whoever adds a key vouches for it: compare its fingerprint with its owner first.
    """
    found = _gpg(console).add_key(file.read_bytes())
    with console.work() as work:
        for fingerprint in found:
            work.audit("pgp.add", fingerprint)
    console.say({"fingerprints": found}, "\n".join(found))


@pgp.command("list")
@pass_console
def list_(console: Console) -> None:
    """Every key with its names."""
    rows = [
        {
            "fingerprint": key.fingerprint,
            "names": ", ".join(key.names),
            "ours": "yes" if key.is_own else "no",
            "in_force": "yes" if key.is_usable else "no",
        }
        for key in _gpg(console).all_keys()
    ]
    console.show(rows, empty="There is no key yet. Add one with: cirt pgp add FILE")


@pgp.command()
@click.argument("fingerprint")
@pass_console
def remove(console: Console, fingerprint: str) -> None:
    """Forget the key FINGERPRINT."""
    wanted = fingerprint.replace(" ", "").upper()
    _gpg(console).remove_key(wanted)
    with console.work() as work:
        work.audit("pgp.remove", wanted)
    console.say({"fingerprint": wanted}, f"{wanted} is forgotten.")


def _gpg(console: Console) -> Gpg:
    found = find_gpg(console.settings())
    if found is None:
        raise GpgMissing
    return found
