"""Certificates with which we speak to a peer's server: read before they are kept, so that they work when needed."""

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from cirt.kernel.errors import Invalid
from cirt.kernel.text import mark


class CertificateWrong(Invalid):
    code = "certificate-wrong"
    message = mark("This file holds no certificate in PEM form, which begins with -----BEGIN.")


class CertificateAlone(Invalid):
    code = "certificate-alone"
    message = mark("Give the client certificate and its key together.")


class ClientKeyWrong(Invalid):
    code = "client-key-wrong"
    message = mark(
        "This file holds no private key in PEM form without a passphrase. Take the passphrase off with:"
        " openssl pkey -in FILE -out FILE"
    )


class ClientKeyOther(Invalid):
    code = "client-key-other"
    message = mark("The private key does not belong to the client certificate.")


class CertificateExpired(Invalid):
    code = "certificate-expired"
    message = mark("The certificate “{subject}” has expired on {day}. Set one that holds.")


@dataclass(frozen=True, slots=True)
class Shown:
    """What people are told of a certificate."""

    subject: str
    until: datetime


def check_authorities(pem: str, now: datetime) -> None:
    """
    Raises:
        CertificateWrong, CertificateExpired: nothing could be verified by any of them.
    """
    found = _read(pem)
    if all(each.not_valid_after_utc < now for each in found):
        raise _expired(found[0])


def check_client(certificate_pem: str, key_pem: str, now: datetime) -> None:
    """That the first certificate holds and that the key is its key.

    Raises:
        CertificateWrong, CertificateExpired, ClientKeyWrong, ClientKeyOther.
    """
    certificate = _read(certificate_pem)[0]
    if certificate.not_valid_after_utc < now:
        raise _expired(certificate)
    try:
        key = load_pem_private_key(key_pem.encode(), password=None)
    except (ValueError, TypeError) as error:  # the latter where it has a passphrase
        raise ClientKeyWrong from error
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if key.public_key().public_bytes(*form) != certificate.public_key().public_bytes(*form):
        raise ClientKeyOther


def shown(pem: str) -> Shown:
    """Of the first certificate."""
    certificate = _read(pem)[0]
    return Shown(_subject(certificate), certificate.not_valid_after_utc)


def _read(pem: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(pem.encode())
    except ValueError as error:
        raise CertificateWrong from error


def _subject(certificate: x509.Certificate) -> str:
    named = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(named[0].value if named else certificate.subject.rfc4514_string())[:120]


def _expired(certificate: x509.Certificate) -> CertificateExpired:
    day = certificate.not_valid_after_utc.date().isoformat()
    return CertificateExpired(subject=_subject(certificate), day=day)
