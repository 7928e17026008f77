"""A peer's server with an authority of its own that asks for our certificate: real TLS on loopback."""

from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

import cirt.boot.main  # noqa: F401 - adds its verbs
from cirt.cli import root
from cirt.cli.console import Console
from cirt.exchange.links.service import find_link
from cirt.exchange.models import Run
from cirt.exchange.pulling.pull import pull_link
from cirt.exchange.trouble import LINK_ERRORS
from cirt.kernel.program import Program
from cirt.kernel.tls import TlsTerms
from cirt.kernel.work import CONSOLE, SYSTEM
from cirt.parties.certificates import (
    CertificateAlone,
    CertificateExpired,
    CertificateWrong,
    ClientKeyOther,
    ClientKeyWrong,
    shown,
)
from cirt.parties.peers import PeerFacts, find_peer, set_peer
from tests.support.authority import Authority, Pair, server_context
from tests.support.plain_peer import plain_peer
from tests.support.store import indicator
from tests.support.sync import a_link, have

SIX = [indicator(n).content() for n in range(1, 7)]


@pytest.fixture
def theirs() -> Authority:
    return Authority("Authority of CERT-B")


def told(program: Program, ca: str | None = None, own: Pair | None = None) -> None:
    facts = PeerFacts(
        ca_pem=ca,
        client_cert_pem=own.certificate if own else None,
        client_key_pem=own.key if own else None,
    )
    with program.work(CONSOLE) as work:
        set_peer(work, program.keys, "cert-b", facts)


def sentence(run: Run) -> str:
    return LINK_ERRORS[run.error or ""].format(**run.error_values)


def test_a_server_that_asks_for_our_certificate_gets_it_and_each_fault_has_its_sentence(
    program: Program, theirs: Authority, tmp_path: Path
) -> None:
    context = server_context(theirs.sign("cert-b"), tmp_path, clients=theirs.pem)
    with plain_peer(SIX, context) as peer:
        link_id = a_link(program, f"{peer.base}/taxii2/")
        unknown = pull_link(program, link_id)
        told(program, ca=theirs.pem)
        without = pull_link(program, link_id)
        told(program, own=Authority("Somebody").sign("us"))
        foreign = pull_link(program, link_id)
        assert peer.requests == []
        told(program, own=theirs.sign("us"))
        good = pull_link(program, link_id)

    assert (unknown.error, unknown.error_values["host"]) == ("authority-unknown", "127.0.0.1")
    assert "--ca-file" in sentence(unknown)
    assert without.error == foreign.error == "our-certificate-refused"
    assert "--client-cert" in sentence(without)
    assert (good.error, good.taken) == (None, 6)
    assert len(have(program)) == 6


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"lasts": -timedelta(days=1)}, "certificate-out-of-date"),
        ({"host": "127.0.0.2"}, "certificate-for-other"),
    ],
)
def test_a_certificate_of_theirs_that_does_not_hold_is_not_accepted(
    program: Program,
    theirs: Authority,
    tmp_path: Path,
    more: dict[str, str | timedelta],
    code: str,
) -> None:
    pair = theirs.sign("cert-b", **more)  # type: ignore[arg-type]  # of the table above
    with plain_peer(SIX, server_context(pair, tmp_path)) as peer:
        link_id = a_link(program, f"{peer.base}/taxii2/")
        told(program, ca=theirs.pem)
        run = pull_link(program, link_id)

    assert run.error == code
    assert "127.0.0.1" in sentence(run)
    assert peer.requests == []


def test_with_an_authority_of_its_own_no_other_is_accepted_for_this_peer(
    program: Program, theirs: Authority, tmp_path: Path
) -> None:
    with plain_peer(SIX, server_context(Authority("B").sign("cert-b"), tmp_path)) as peer:
        link_id = a_link(program, f"{peer.base}/taxii2/")
        told(program, ca=theirs.pem)

        assert pull_link(program, link_id).error == "authority-unknown"


def test_files_that_would_not_work_are_refused_when_they_are_set(
    program: Program, theirs: Authority
) -> None:
    a_link(program, "https://127.0.0.1:9/taxii2/")
    own, other = theirs.sign("us"), theirs.sign("others")
    past = theirs.sign("us", lasts=-timedelta(days=20))  # also by the clock of the tests
    for facts, wrong in (
        (PeerFacts(ca_pem="no"), CertificateWrong),
        (
            PeerFacts(ca_pem="-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"),
            CertificateWrong,
        ),
        (PeerFacts(client_cert_pem=own.certificate), CertificateAlone),
        (PeerFacts(client_key_pem=own.key), CertificateAlone),
        (PeerFacts(client_cert_pem=own.certificate, client_key_pem="no"), ClientKeyWrong),
        (PeerFacts(client_cert_pem=own.certificate, client_key_pem=other.key), ClientKeyOther),
        (PeerFacts(client_cert_pem=past.certificate, client_key_pem=past.key), CertificateExpired),
    ):
        with program.work(CONSOLE) as work, pytest.raises(wrong):
            set_peer(work, program.keys, "cert-b", facts)


def test_the_key_is_sealed_in_the_database_and_never_shown(
    program: Program, theirs: Authority
) -> None:
    a_link(program, "https://127.0.0.1:9/taxii2/")
    own = theirs.sign("us")
    told(program, own=own)
    inner = own.key.splitlines()[1]

    with program.work(SYSTEM, write=False) as work:
        peer = find_peer(work.session, "cert-b")
        sealed = peer.sealed_client_key or b""
        assert inner.encode() not in sealed
        assert shown(peer.client_cert_pem or "").subject == "us"
    assert inner not in repr(TlsTerms(None, own.certificate, own.key))
    assert inner not in repr(PeerFacts(client_key_pem=own.key))


def say(program: Program, *words: str) -> str:
    console = Console(None, as_json=False, _program=program)
    done = CliRunner().invoke(root.commands["peer"], words, obj=console)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture
def files(theirs: Authority, tmp_path: Path) -> list[str]:
    """As options of the console."""
    own = theirs.sign("us")
    pem = {"ca-file": theirs.pem, "client-cert": own.certificate, "client-key": own.key}
    for name, text in pem.items():
        (tmp_path / name).write_text(text)
    return [word for name in pem for word in (f"--{name}", str(tmp_path / name))]


def test_the_console_sets_shows_and_takes_away_certificates(
    program: Program, files: list[str]
) -> None:
    link_id = a_link(program, "https://127.0.0.1:9/taxii2/")
    with program.work(CONSOLE) as work:
        find_link(work.session, link_id).retry_at = work.now + timedelta(hours=1)

    say(program, "set", "cert-b", *files)

    with program.work(CONSOLE, write=False) as work:
        assert find_link(work.session, link_id).retry_at is None
    shown_there = say(program, "show", "cert-b")
    assert "client_certificate: us, until" in shown_there
    assert "authority: Authority of CERT-B, until" in shown_there
    say(program, "set", "cert-b", "--no-ca", "--no-client-cert")
    with program.work(CONSOLE, write=False) as work:
        peer = find_peer(work.session, "cert-b")
        assert (peer.ca_pem, peer.client_cert_pem, peer.sealed_client_key) == (None, None, None)


def test_a_peer_is_recorded_with_its_certificates_at_once(
    program: Program, files: list[str]
) -> None:
    say(program, "add", "cert-b", "--name", "CERT-B", "--country", "XB", *files)

    with program.work(CONSOLE, write=False) as work:
        peer = find_peer(work.session, "cert-b")
        assert shown(peer.ca_pem or "").subject == "Authority of CERT-B"
        assert shown(peer.client_cert_pem or "").subject == "us"
        assert peer.sealed_client_key is not None
        assert peer.exchange_key is None
