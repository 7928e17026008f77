"""An authority of our own, certificates by it, and TLS in front of a small server."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


@dataclass(frozen=True, slots=True)
class Pair:
    certificate: str  # PEM
    key: str


class Authority:
    def __init__(self, name: str = "An authority") -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        made = (
            _builder(self._name, self._name, self._key, timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.pem = made.public_bytes(Encoding.PEM).decode()

    def sign(
        self, name: str, *, host: str = "127.0.0.1", lasts: timedelta = timedelta(days=1)
    ) -> Pair:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        address = x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))])
        made = (
            _builder(subject, self._name, key, lasts)
            .add_extension(address, critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return _pair(made, key)

    def itself(self, host: str) -> Pair:
        """A server's certificate that its own key has signed."""
        address = x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))])
        made = (
            _builder(self._name, self._name, self._key, timedelta(days=1))
            .add_extension(address, critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return _pair(made, self._key)


def _pair(made: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> Pair:
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return Pair(made.public_bytes(Encoding.PEM).decode(), secret.decode())


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, lasts: timedelta
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=30))
        .not_valid_after(now + lasts)
    )


def server_context(pair: Pair, folder: Path, *, clients: str | None = None) -> ssl.SSLContext:
    """Of a server that shows ``pair``; where ``clients`` is an authority, it asks for a certificate by it."""
    shown = folder / "server.pem"
    shown.write_text(pair.key + pair.certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(shown)
    if clients is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=clients)
    return context
