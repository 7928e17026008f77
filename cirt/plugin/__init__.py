"""Public API for connectors, version 4; imports nothing of ours.

A connector reads something outside and hands over bytes with the cursor that stands after them. It keeps no
state: the program stores the cursor in the same transaction as what the bytes held, so a crash repeats one
hand-over and loses none. It has no network but the :class:`Fetch` it is given.

It is found by the entry-point group ``cirt.connectors``; docs/connectors.md shows a complete one.
"""

import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

API_VERSION = 4  # rises when something is added; what a connector for an earlier one uses stays

# What a connector may hand over, by media type.
STIX = "application/stix+json;version=2.1"
MAIL = "message/rfc822"  # one mail, as it came over the wire: becomes a report, or answers one
MAIL_HEADERS = "text/rfc822-headers"  # of a mail too large to hand over
REPORTS = "application/vnd.cirt.reports+json"  # what a system tells of; since version 4

# ``REPORTS`` is a JSON list of objects with these texts; only ``key`` and ``title`` must be there.
#   key           what happened: told of again under the same key, it is a further time of the same report
#   title, text   of the report; observables are found in both
#   organisation  whom it concerns
#   tlp           clear, green, amber or amber+strict, where it is stricter than the connector's settings say
#   events        the lines that it is made of, kept as a file beside the report


class ConnectorFault(Exception):
    """Raise it with one plain sentence: what is wrong and what the operator can do."""


class OneFault(ConnectorFault):
    """Only what was asked for cannot be had: it is not there, or too large. The rest can be read; since version 4."""


@dataclass(frozen=True, slots=True)
class Found:
    """Something read: of STIX a bundle, a TAXII envelope or a list of objects.

    Since version 4 ``left_out`` counts what of it has no place here, by a few words each, and ``fault`` is a
    sentence on what of it could not be read. Both are shown to the operator; a fault stops nothing behind it.
    """

    body: bytes
    media_type: str
    origin: str  # file name or URL, for people
    left_out: Mapping[str, int] = field(default_factory=dict)
    fault: str = ""


NOTHING = b"[]"  # the body where nothing could be read and the cursor is to move all the same


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """A row of a sample, and in words what it becomes."""

    cells: tuple[str, ...]
    becomes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a sample would become, for whoever types a setting at the desk; since version 4.

    A connector with a setting of the sort SAVED has a method ``preview(sample: bytes) -> Preview`` for it.
    """

    columns: tuple[str, ...]
    rows: tuple[PreviewRow, ...]
    left_out: Mapping[str, int]


class Fetch(Protocol):
    """The network as the program grants it: deadline, size cap, no redirects, no private addresses."""

    def get(self, url: str, *, accept: str) -> bytes:
        """The body at ``url``; raises ConnectorFault in plain words, OneFault where others may be had."""
        ...

    def send(self, url: str, *, headers: Mapping[str, str], body: bytes | None = None) -> bytes:
        """As :meth:`get`, with headers of your own (a key); with ``body`` a POST of it; since version 4."""
        ...

    def now(self) -> datetime:
        """The present instant, aware, UTC: the program's clock, not the host's; since version 4."""
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
    ``schema``, a tuple of :class:`cirt.plugin.settings.Setting`, tells which settings there are; since version 4.
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
    "NOTHING",
    "REPORTS",
    "STIX",
    "Connector",
    "ConnectorFault",
    "Fetch",
    "Found",
    "OneFault",
    "Preview",
    "PreviewRow",
]
