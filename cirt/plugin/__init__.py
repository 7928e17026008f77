"""Public API for connectors, version 3; imports nothing of ours.

A connector reads something outside and hands over bytes with the cursor that stands after them. It keeps no
state: the program stores the cursor in the same transaction as what the bytes held, so a crash repeats one
hand-over and loses none. It has no network but the :class:`Fetch` it is given.

It is found by the entry-point group ``cirt.connectors``; docs/connectors.md shows a complete one.
"""

import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

API_VERSION = 3  # rises when something is added; what a connector for an earlier one uses stays

# What a connector may hand over, by media type.
STIX = "application/stix+json;version=2.1"
MAIL = "message/rfc822"  # one mail, as it came over the wire: becomes a report, or answers one
MAIL_HEADERS = "text/rfc822-headers"  # of a mail too large to hand over


class ConnectorFault(Exception):
    """Raise it with one plain sentence: what is wrong and what the operator can do."""


@dataclass(frozen=True, slots=True)
class Found:
    """Something read, exactly as it came: of STIX a bundle, a TAXII envelope or a list of objects."""

    body: bytes
    media_type: str
    origin: str  # file name or URL, for people


class Fetch(Protocol):
    """The network as the program grants it: deadline, size cap, no redirects, no private addresses."""

    def get(self, url: str, *, accept: str) -> bytes:
        """The body at ``url``; raises ConnectorFault in plain words."""
        ...

    def connect(self, host: str, port: int, *, tls: bool) -> socket.socket:
        """For protocols other than HTTP: a socket, its certificate checked where ``tls``; since version 2.

        It is shut when the run ends or its time is over. Raises ConnectorFault in plain words.
        """
        ...

    def secure(self, granted: socket.socket) -> socket.socket:
        """TLS over a socket of :meth:`connect`, for protocols that begin without (STARTTLS); since version 3.

        The certificate must be that of the host that was asked for. Use the new socket, not the old one. Raises
        ConnectorFault in plain words.
        """
        ...


class Connector(Protocol):
    """What a connector is. ``settings`` are its table in ``cirt.toml``, checked by itself when made.

    One that hands over mails says so with a class attribute ``brings = MAIL`` and needs no peer; since version 2.
    """

    name: str

    def __init__(self, settings: Mapping[str, str]) -> None: ...

    def pull(self, fetch: Fetch, cursor: str | None) -> Iterator[tuple[Found, str]]:
        """What is new since ``cursor`` (None: everything), oldest first, each with the cursor after it."""
        ...

    def read(self, file: Path) -> Found:
        """One file that an operator names."""
        ...


__all__ = [
    "API_VERSION",
    "MAIL",
    "MAIL_HEADERS",
    "STIX",
    "Connector",
    "ConnectorFault",
    "Fetch",
    "Found",
]
