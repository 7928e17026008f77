"""For a connector's own tests: recorded bytes in, what it hands over out."""

import json
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cirt.plugin import STIX, Connector, ConnectorFault, Found, OneFault


@dataclass(slots=True)
class RecordedFetch:
    """Answers from a table of recorded bodies; remembers what was asked.

    ``lines`` connects to a server of the test's own for ``host:port``. A POST is answered by ``answer``, which gets
    the address and the body; ``headers`` are those of the last request. Its clock stands still until you set ``at``.
    """

    bodies: Mapping[str, bytes] = field(default_factory=dict)
    lines: Mapping[str, Callable[[], socket.socket]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    answer: Callable[[str, bytes], bytes] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    at: datetime = datetime(2026, 11, 18, 12, tzinfo=UTC)

    def get(self, url: str, *, accept: str) -> bytes:
        self.asked.append(url)
        try:
            return self.bodies[url]
        except KeyError:
            raise OneFault(f"{url} is not recorded.") from None

    def send(self, url: str, *, headers: Mapping[str, str], body: bytes | None = None) -> bytes:
        self.headers = headers
        if body is None or self.answer is None:
            return self.get(url, accept="")
        self.asked.append(url)
        return self.answer(url, body)

    def now(self) -> datetime:
        return self.at

    def connect(self, host: str, port: int, *, tls: bool) -> socket.socket:
        place = f"{host}:{port}"
        self.asked.append(place)
        if place not in self.lines:
            raise ConnectorFault(f"{place} has no line.")
        return self.lines[place]()

    def secure(self, granted: socket.socket) -> socket.socket:
        raise ConnectorFault("A recorded line has no TLS.")


def pull_all(
    connector: Connector, fetch: RecordedFetch | None = None, cursor: str | None = None
) -> tuple[list[Found], str | None]:
    """Everything one run hands over, and the cursor after it.

    Raises:
        AssertionError: the connector does not resume: a second run from its last cursor found the same again.
    """
    fetch = fetch or RecordedFetch()
    found = []
    for one, after in connector.pull(fetch, cursor):
        found.append(one)
        cursor = after
    again = [one for one, _ in connector.pull(fetch, cursor)]
    if again:
        raise AssertionError(f"{connector.name} handed over {again[0].origin} twice")
    return found, cursor


def objects_in(found: list[Found]) -> list[dict[str, Any]]:
    """Every STIX object that was handed over, parsed, in order."""
    bodies = [json.loads(one.body) for one in found if one.media_type == STIX]
    return [
        each for body in bodies for each in (body["objects"] if isinstance(body, dict) else body)
    ]
