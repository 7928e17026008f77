"""Real mail servers on loopback, keys, and mails as people and programs write them."""

import imaplib
import itertools
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from cirt.kernel.gpg import Gpg

_NUMBERS = itertools.count(1)
needs_gpg = pytest.mark.skipif(shutil.which("gpg") is None, reason="gpg is not installed")


def a_mail(
    text: str = "We got this mail. http://evil.example/login",
    *,
    sender: str = "Rana Haddad <rana@utility.example>",
    subject: str = "Phishing",
    message_id: str = "<one@utility.example>",
    **headers: str,
) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, "cert@cirt.example", subject
    mail["Date"], mail["Message-ID"] = "Wed, 18 Nov 2026 11:58:00 +0000", message_id
    mail.set_content(text)
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    return mail.as_bytes()


@dataclass(slots=True)
class Imap:
    """A mailbox on a running server (pymap)."""

    port: int
    user: str = "reports"
    password: str = "a secret of the mailbox"
    mailbox: str = "INBOX"
    starts_tls: bool = False  # then it takes no password before

    def another(self) -> "Imap":
        """An empty mailbox on the same server."""
        made = replace(self, mailbox=f"box-{next(_NUMBERS)}")
        with self.signed_in() as client:
            client.create(made.mailbox)
        return made

    def put(self, *mails: bytes) -> None:
        with self.signed_in() as client:
            for mail in mails:
                status, said = client.append(self.mailbox, "", "", mail)
                assert status == "OK", said

    def begin_anew(self) -> None:
        """The mailbox gets another UIDVALIDITY, as after a server was restored."""
        with self.signed_in() as client:
            client.delete(self.mailbox)
            client.create(self.mailbox)

    def flags(self) -> list[Any]:
        with self.signed_in() as client:
            client.select(self.mailbox, readonly=True)
            return list(client.fetch("1:*", "(FLAGS)")[1])

    @contextmanager
    def signed_in(self) -> Iterator[imaplib.IMAP4]:
        client = imaplib.IMAP4("127.0.0.1", self.port)
        try:
            if self.starts_tls:
                client.starttls(_trusting_anybody())
            client.login(self.user, self.password)
            yield client
        finally:
            client.logout()


@contextmanager
def imap_server(certificate: Path | None = None) -> Iterator[Imap]:
    """With a certificate it offers STARTTLS, and takes a password only after it."""
    box = Imap(_free_port(), starts_tls=certificate is not None)
    tls = ["--cert", str(certificate), "--key", str(certificate)] if certificate else ["--no-tls"]
    command = [
        sys.executable,
        "-c",
        "from pymap.main import main; main()",
        "--host",
        "127.0.0.1",
        "--port",
        str(box.port),
    ]
    command += [*tls, "dict", "--demo-user", box.user, "--demo-password", box.password]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(box.port)
        yield box
    finally:
        process.kill()
        process.wait()


@dataclass(slots=True)
class Smtp:
    """A mail server that keeps what it takes, and refuses whom it is told to."""

    port: int = 0
    taken: list[bytes] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)  # address: the whole answer
    password: str = ""

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        self.taken.append(envelope.content)
        self.recipients += envelope.rcpt_tos
        return "250 taken"

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        good = isinstance(data, LoginPassword) and data.password.decode() == self.password
        return AuthResult(success=good, handled=False)


@contextmanager
def smtp_server(*, password: str = "", certificate: Path | None = None) -> Iterator[Smtp]:
    """With a password it is asked for, with a certificate only after STARTTLS."""
    kept = Smtp(_free_port(), password=password)
    more: dict[str, Any] = {}
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        more |= {"tls_context": context, "require_starttls": True}
    if password:
        more |= {"authenticator": kept.authenticate, "auth_required": True}
    controller = Controller(kept, hostname="127.0.0.1", port=kept.port, **more)
    controller.start()
    try:
        yield kept
    finally:
        controller.stop()


def _trusting_anybody() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def a_certificate(folder: Path) -> Path:
    """Of 127.0.0.1, signed by itself, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    address = x509.IPAddress(ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file = folder / "certificate.pem"
    file.write_bytes(secret + made.public_bytes(Encoding.PEM))
    return file


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Somebody with GnuPG and a key of their own."""

    gpg: Gpg
    fingerprint: str

    @property
    def public_key(self) -> bytes:
        return self.run("--armor", "--export", self.fingerprint)

    @property
    def secret_key(self) -> bytes:
        return self.run("--armor", "--export-secret-keys", self.fingerprint)

    def sign(self, data: bytes, how: str = "--detach-sign") -> bytes:
        return self.run("--armor", "--local-user", self.fingerprint, how, data=data)

    def encrypt(self, data: bytes, to: "KeyRing", *, signed: bool = True) -> bytes:
        self.gpg.add_key(to.public_key)
        words = ["--sign", "--local-user", self.fingerprint] if signed else []
        words += ["--trust-model", "always", "--recipient", to.fingerprint, "--encrypt"]
        return self.run("--armor", *words, data=data)

    def run(self, *words: str, data: bytes = b"") -> bytes:
        return _gpg(self.gpg.home, *words, data=data)


@contextmanager
def key_ring(name: str, address: str) -> Iterator[KeyRing]:
    """In a short place: the agent's socket has a path of a hundred letters at most."""
    binary = shutil.which("gpg") or "gpg"
    home = Path(tempfile.mkdtemp(prefix="gpg-"))
    try:
        _gpg(home, "--quick-gen-key", f"{name} <{address}>", "ed25519", "cert,sign", "0")
        gpg = Gpg(binary, home)
        fingerprint = gpg.all_keys()[0].fingerprint
        _gpg(home, "--quick-add-key", fingerprint, "cv25519", "encr", "0")
        yield KeyRing(gpg, fingerprint)
    finally:
        subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False)
        shutil.rmtree(home, ignore_errors=True)


def _gpg(home: Path, *words: str, data: bytes = b"") -> bytes:
    command = ["gpg", "--homedir", str(home), "--batch", "--pinentry-mode", "loopback"]
    done = subprocess.run(
        [*command, "--passphrase", "", *words], input=data, capture_output=True, check=True
    )
    return done.stdout


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _wait_for(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"nothing listens on port {port}")
