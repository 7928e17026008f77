"""TLS towards one server: authorities and a certificate of its own, and what went wrong, by kind."""

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum


class Fault(StrEnum):
    UNKNOWN_AUTHORITY = "unknown-authority"
    OUT_OF_DATE = "out-of-date"
    OTHER_NAME = "other-name"
    OURS_REFUSED = "ours-refused"  # our client certificate, or that we show none
    OTHER = "other"


# OpenSSL, x509_vfy.h
_VERIFY = {
    9: Fault.OUT_OF_DATE,  # not yet valid
    10: Fault.OUT_OF_DATE,
    18: Fault.UNKNOWN_AUTHORITY,  # self-signed
    19: Fault.UNKNOWN_AUTHORITY,
    20: Fault.UNKNOWN_AUTHORITY,
    21: Fault.UNKNOWN_AUTHORITY,
    62: Fault.OTHER_NAME,
    64: Fault.OTHER_NAME,  # of an address
}
_OF_OURS = ("CERTIFICATE", "UNKNOWN_CA", "ACCESS_DENIED", "DECRYPT_ERROR")  # in alerts of a server


@dataclass(frozen=True, slots=True)
class TlsTerms:
    """PEM. ``authorities`` replace the public ones; ``certificate`` and ``key`` are what we show."""

    authorities: str | None = None
    certificate: str | None = None
    key: str | None = field(default=None, repr=False)


def context_of(terms: TlsTerms) -> ssl.SSLContext:
    """For one server alone; the PEM has been checked when it was set.

    Raises:
        ssl.SSLError: it cannot be read all the same.
    """
    context = ssl.create_default_context(cadata=terms.authorities)
    if terms.certificate is not None and terms.key is not None:
        with _in_memory(f"{terms.key}\n{terms.certificate}\n".encode()) as path:
            context.load_cert_chain(path)
    return context


def fault_of(error: ssl.SSLError) -> Fault:
    if isinstance(error, ssl.SSLCertVerificationError):
        return _VERIFY.get(error.verify_code, Fault.OTHER)
    reason = error.reason or ""
    if "ALERT" in reason and any(word in reason for word in _OF_OURS):
        return Fault.OURS_REFUSED
    return Fault.OTHER


@contextmanager
def _in_memory(secret: bytes) -> Iterator[str]:
    """A path that OpenSSL can read from, and that never was on a disk."""
    descriptor = os.memfd_create("tls", os.MFD_CLOEXEC)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secret)
        file.flush()
        yield f"/proc/self/fd/{descriptor}"
