"""Where events of MISP are read: its REST interface, or the folder of a feed, by address or on this host."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from cirt.plugin import ConnectorFault, Fetch, OneFault
from cirt.plugin.settings import read_secret
from cirt.plugin.spool import Spool

from .attributes import seconds

_PAGE = 2000  # events in one page of a listing
_MOST_PAGES = 500
_MOST_WALKS = 5  # over a listing that shifts
_JSON = "application/json"
_MOST_VALUES = 3_000_000  # of one answer; read, each takes far more room than its bytes


@dataclass(frozen=True, slots=True, order=True)
class Listed:
    """An event as a listing names it: ``changed`` in seconds since 1970, ``size`` in attributes where it says so."""

    changed: int
    uuid: str
    size: int = 0


class Place(Protocol):
    @property
    def origin(self) -> str: ...

    def listed(self, fetch: Fetch, since: int) -> set[Listed]:
        """Every event that changed at ``since`` or later."""

    def events(self, fetch: Fetch, uuids: list[str]) -> Iterator[Any]:
        """Those of them that are there; raises OneFault where one cannot be had."""


@dataclass(frozen=True, slots=True)
class Rest:
    """``POST /events/restSearch``. What is published is ordered by when it was, as later edits show only then."""

    url: str
    key_file: str
    only_published: bool

    @property
    def origin(self) -> str:
        return self.url

    def listed(self, fetch: Fetch, since: int) -> set[Listed]:
        """Pages shift when events are deleted meanwhile; so more than one is walked until nothing new shows."""
        before: set[Listed] = set()
        for _ in range(_MOST_WALKS):
            found, pages = self._walk(fetch, since)
            if pages == 1 or found <= before:
                return found | before
            before |= found
        raise self._endless()

    def events(self, fetch: Fetch, uuids: list[str]) -> Iterator[Any]:
        yield from self._ask(fetch, {"uuid": uuids, "deleted": [0, 1]})

    def _walk(self, fetch: Fetch, since: int) -> tuple[set[Listed], int]:
        name = "publish_timestamp" if self.only_published else "timestamp"
        found: set[Listed] = set()
        for page in range(1, _MOST_PAGES + 1):
            wanted = {"metadata": True, name: str(since), "limit": _PAGE, "page": page}
            events = self._ask(fetch, wanted)
            new = {one for one in map(self._listed, events) if one} - found
            found |= new
            if len(events) < _PAGE or not new:
                return found, page
        raise self._endless()

    def _endless(self) -> ConnectorFault:
        return ConnectorFault(f"{self.url} lists events without end. Set since to a later day.")

    def _listed(self, raw: Any) -> Listed | None:
        event = raw.get("Event", raw) if isinstance(raw, dict) else {}
        name = "publish_timestamp" if self.only_published else "timestamp"
        changed = seconds(event.get(name)) or seconds(event.get("timestamp"))
        return _listed(event.get("uuid"), changed, seconds(event.get("attribute_count")))

    def _ask(self, fetch: Fetch, wanted: dict[str, Any]) -> list[Any]:
        published = {"published": True} if self.only_published else {}
        asked = {"returnFormat": "json", **published, **wanted}
        url = f"{self.url.rstrip('/')}/events/restSearch"
        headers = {
            "Authorization": read_secret(self.key_file),
            "Accept": _JSON,
            "Content-Type": _JSON,
        }
        body = fetch.send(url, headers=headers, body=json.dumps(asked).encode())
        answer = parsed(body, url)
        events = answer.get("response", answer) if isinstance(answer, dict) else answer
        if not isinstance(events, list):
            raise ConnectorFault(f"{url} answered no list of events. Is it the address of a MISP?")
        return events


@dataclass(frozen=True, slots=True)
class FeedUrl:
    url: str

    @property
    def origin(self) -> str:
        return self.url

    def listed(self, fetch: Fetch, since: int) -> set[Listed]:
        return _in_manifest(self._get(fetch, "manifest.json"), since)

    def events(self, fetch: Fetch, uuids: list[str]) -> Iterator[Any]:
        for each in uuids:
            yield self._get(fetch, f"{each}.json")

    def _get(self, fetch: Fetch, name: str) -> Any:
        url = f"{self.url.rstrip('/')}/{name}"
        return parsed(fetch.get(url, accept=_JSON), url)


@dataclass(frozen=True, slots=True)
class FeedFolder:
    folder: Path

    @property
    def origin(self) -> str:
        return str(self.folder)

    def listed(self, fetch: Fetch, since: int) -> set[Listed]:
        return _in_manifest(self._read("manifest.json"), since)

    def events(self, fetch: Fetch, uuids: list[str]) -> Iterator[Any]:
        for each in uuids:
            yield self._read(f"{each}.json")

    def _read(self, name: str) -> Any:
        try:
            body = Spool(self.folder, (".json",)).read(self.folder / name)
        except ConnectorFault as fault:
            raise OneFault(str(fault)) from fault
        return parsed(body, name)


def parsed(body: bytes, origin: str) -> Any:
    """
    Raises:
        OneFault: it is no JSON, or beyond all sense.
    """
    if sum(map(body.count, (b",", b"[", b"{"))) > _MOST_VALUES:
        raise OneFault(f"{origin} holds more than {_MOST_VALUES} values. Leave this event out.")
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise OneFault(f"{origin} is no JSON that can be read.") from None


def _in_manifest(manifest: Any, since: int) -> set[Listed]:
    if not isinstance(manifest, dict):
        raise ConnectorFault(
            "manifest.json is no list of events. Is this the folder of a MISP feed?"
        )
    found = {
        _listed(uuid, seconds(entry.get("timestamp")))
        for uuid, entry in manifest.items()
        if isinstance(entry, dict)
    }
    return {one for one in found if one and one.changed >= since}


def _listed(uuid: Any, changed: int, size: int = 0) -> Listed | None:
    """None for what cannot be asked for; a uuid is also the name of a file."""
    try:
        return Listed(changed, str(UUID(str(uuid))), size)
    except ValueError:
        return None
