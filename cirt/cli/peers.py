"""``cirt peer``: the CIRTs with which we exchange."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from cirt.cli.console import Console, pass_console, password_option, read_password
from cirt.exchange.carrying.own_keys import check_not_ours
from cirt.exchange.links.service import try_again
from cirt.parties import peers
from cirt.parties.certificates import shown
from cirt.parties.models import Peer, SightingsBack
from cirt.parties.peers import PeerFacts
from cirt.release.settling import offer_missing
from cirt.sharing.queries import agreements

PEM = click.Path(exists=True, dir_okay=False, path_type=Path)
_MOST_BYTES = 1024 * 1024


def _pem(path: Path | None, *, gone: bool) -> str | None:
    """An empty text takes away what was set."""
    if path is None:
        return "" if gone else None
    with path.open("rb") as file:
        return file.read(_MOST_BYTES).decode("latin-1")  # what is no PEM is refused by its reader


def _facts(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        password_option("Read the password with which we reach the peer from standard input."),
        click.option("--no-client-cert", is_flag=True, help="Show it no certificate any more."),
        click.option(
            "--client-key", type=PEM, help="Its key, without a passphrase; kept encrypted."
        ),
        click.option("--client-cert", type=PEM, help="The certificate that we show to its server."),
        click.option("--no-ca", is_flag=True, help="Go by the public authorities again."),
        click.option(
            "--ca-file", type=PEM, help="The authority of its server, in PEM, and no other."
        ),
        click.option("--username", help="The name with which we sign in there."),
        click.option("--discovery-url", help="Where its TAXII server is, like https://…/taxii2/"),
        click.option("--identity", metavar="STIX-ID", help="Its STIX identity."),
    ):
        command = option(command)
    return command


def _certificates(
    ca_file: Path | None,
    no_ca: bool,
    client_cert: Path | None,
    client_key: Path | None,
    no_client_cert: bool,
) -> dict[str, str | None]:
    return {
        "ca_pem": _pem(ca_file, gone=no_ca),
        "client_cert_pem": _pem(client_cert, gone=no_client_cert),
        "client_key_pem": _pem(client_key, gone=False),
    }


@click.group()
def peer() -> None:
    """The CIRTs with which we exchange."""


@peer.command()
@click.argument("slug")
@click.option("--name", required=True, help="Its name.")
@click.option("--country", required=True, help="Two letters, ISO 3166.")
@_facts
@pass_console
def add(
    console: Console,
    /,
    slug: str,
    name: str,
    country: str,
    identity: str | None,
    discovery_url: str | None,
    username: str | None,
    password_stdin: bool,
    **tls: Any,
) -> None:
    """Record a peer under SLUG; without an agreement nothing is exchanged."""
    password = read_password(password_stdin)
    facts = PeerFacts(
        name,
        country,
        identity=identity,
        discovery_url=discovery_url,
        username=username,
        password=password,
        **_certificates(**tls),
    )
    with console.work() as work:
        peers.add_peer(work, console.program().keys, slug, facts)
    console.say({"slug": slug}, f"{name} is recorded as {slug}.")


@peer.command("set")
@click.argument("slug")
@click.option("--name")
@click.option("--country")
@_facts
@click.option(
    "--exchange-key",
    metavar="KEY",
    help="What the peer's own cirt exchange key prints; compare its fingerprint by telephone.",
)
@pass_console
def set_(
    console: Console,
    /,
    slug: str,
    name: str | None,
    country: str | None,
    identity: str | None,
    discovery_url: str | None,
    username: str | None,
    password_stdin: bool,
    exchange_key: str | None,
    **tls: Any,
) -> None:
    """Change what is recorded of SLUG; what is not given stays.

    Whoever records an exchange key vouches for it: files that it signs are taken as the peer's.
    """
    password = read_password(password_stdin)
    facts = PeerFacts(
        name,
        country,
        identity=identity,
        discovery_url=discovery_url,
        username=username,
        password=password,
        exchange_key=exchange_key,
        **_certificates(**tls),
    )
    with console.work() as work:
        made = peers.set_peer(work, console.program().keys, slug, facts)
        if exchange_key:
            check_not_ours(work, console.program().keys, made)
        try_again(work, slug)
        fingerprint = peers.exchange_fingerprint(made)
    said = f"{slug} is changed."
    if exchange_key:
        said += (
            f"\nFingerprint: {fingerprint}\nCall the peer on a number that you know from elsewhere and compare"
            " it, before you import or export anything."
        )
    console.say({"slug": slug, "exchange_fingerprint": fingerprint}, said)


@peer.command("list")
@pass_console
def list_(console: Console) -> None:
    """Every peer."""
    with console.work(write=False) as work:
        rows = [_row(one) for one in peers.peers(work.session)]
    console.show(rows, empty="There are no peers yet. Record one with: cirt peer add")


@peer.command()
@click.argument("slug")
@pass_console
def show(console: Console, slug: str) -> None:
    """One peer with its agreements."""
    with console.work(write=False) as work:
        one = peers.find_peer(work.session, slug)
        facts = _row(one) | {
            "username": one.username,
            "authority": _certificate(one.ca_pem),
            "client_certificate": _certificate(one.client_cert_pem),
            "exchange_fingerprint": peers.exchange_fingerprint(one),
            "agreements": " ".join(
                f"{agreement.reference} ({agreement.state.value})"
                for agreement, _ in agreements(work.session, slug)
            ),
        }
    console.say(facts, "\n".join(f"{key}: {value or '—'}" for key, value in facts.items()))


@peer.command()
@click.argument("slug")
@pass_console
def suspend(console: Console, slug: str) -> None:
    """As if there were no agreement with SLUG; its links rest."""
    with console.work() as work:
        peers.suspend_peer(work, slug)
        offer_missing(work, peers.find_peer(work.session, slug).id)
    console.say({"slug": slug, "state": "suspended"}, f"{slug} is suspended: nothing is exchanged.")


@peer.command()
@click.argument("slug")
@pass_console
def resume(console: Console, slug: str) -> None:
    """Go on with SLUG as its agreement says."""
    with console.work() as work:
        peers.resume_peer(work, slug)
        offer_missing(work, peers.find_peer(work.session, slug).id)
    console.say({"slug": slug, "state": "active"}, f"{slug} is active again.")


@peer.command()
@click.argument("slug")
@click.argument("back", type=click.Choice([each.value for each in SightingsBack]))
@pass_console
def sightings(console: Console, slug: str, back: str) -> None:
    """What goes back to SLUG when we see something that it sent.

    never: nothing. ask: what somebody reports on the page of the object; the default. anonymous: that, and by itself
    what is confirmed on an incident. Count and days go, never who saw it where; that takes a release.
    """
    with console.work() as work:
        peers.set_sightings(work, slug, SightingsBack(back))
    console.say({"slug": slug, "sightings": back}, f"Sightings that go back to {slug}: {back}.")


@peer.command()
@click.argument("slug")
@click.option("--username", help="Default: the slug.")
@password_option("Read the password from standard input instead of making one.")
@pass_console
def credentials(console: Console, slug: str, username: str | None, password_stdin: bool) -> None:
    """Make or replace the account with which SLUG reaches our TAXII server.

    Without --password-stdin a password is made and printed once.
    """
    given = read_password(password_stdin)
    with console.work() as work:
        name, made = peers.set_credentials(work, slug, username, given)
    shown = f"\nPassword, shown once: {made}" if made else ""
    facts = {"slug": slug, "username": name, "password": made}
    console.say(facts, f"{slug} signs in to /taxii2/ as {name}.{shown}")


def _certificate(pem: str | None) -> str | None:
    if pem is None:
        return None
    found = shown(pem)
    return f"{found.subject}, until {found.until.date()}"


def _row(one: Peer) -> dict[str, Any]:
    return {
        "slug": one.slug,
        "name": one.name,
        "country": one.country,
        "state": one.state.value,
        "identity": one.identity_id,
        "discovery_url": one.discovery_url,
        "sightings": one.sightings.value,
    }
