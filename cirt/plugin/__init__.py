"""Public API for connectors, version 1; imports nothing of ours.

A connector reads something outside and hands over bytes with the cursor that stands after them. It keeps no
state: the program stores the cursor in the same transaction as what the bytes held, so a crash repeats one
hand-over and loses none. It has no network but the :class:`Fetch` it is given.

It is found by the entry-point group ``cirt.connectors``; docs/connectors.md shows a complete one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

API_VERSION = 1
STIX = "application/stix+json;version=2.1"


class ConnectorFault(Exception):
    """Raise it with one plain sentence: what is wrong and what the operator can do."""


@dataclass(frozen=True, slots=True)
class Found:
    """Something read: a STIX 2.1 bundle, a TAXII envelope or a list of objects, exactly as it came."""

    body: bytes
    media_type: str
    origin: str  # file name or URL, for people


class Fetch(Protocol):
    """The network as the program grants it: deadline, size cap, no redirects, no private addresses."""

    def get(self, url: str, *, accept: str) -> bytes:
        """The body at ``url``; raises ConnectorFault in plain words."""
        ...


class Connector(Protocol):
    """What a connector is. ``settings`` are its table in ``cirt.toml``, checked by itself when made."""

    name: str

    def __init__(self, settings: Mapping[str, str]) -> None: ...

    def pull(self, fetch: Fetch, cursor: str | None) -> Iterator[tuple[Found, str]]:
        """What is new since ``cursor`` (None: everything), oldest first, each with the cursor after it."""
        ...

    def read(self, file: Path) -> Found:
        """One file that an operator names."""
        ...


__all__ = ["API_VERSION", "STIX", "Connector", "ConnectorFault", "Fetch", "Found"]
