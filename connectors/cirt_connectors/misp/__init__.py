"""Reads events of a MISP instance by REST, or of a MISP feed, and hands them over as STIX 2.1."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cirt.plugin import STIX, ConnectorFault, Fetch, Found, OneFault
from cirt.plugin.settings import Setting, Sort, read_settings
from cirt.plugin.spool import Spool, spelled
from cirt.plugin.stix import Object, envelope

from .cursor import Position
from .event import convert_event
from .places import FeedFolder, FeedUrl, Listed, Place, Rest, parsed

_AT_ONCE = 20  # events in one hand-over
_ATTRIBUTES = 10_000  # of which there are no more than these, where the listing says how many


class MispConnector:
    """The cursor tells which events were handed over in which state."""

    name = "misp"
    schema = (
        Setting("url", "The address of a MISP instance, to read by REST.", Sort.URL),
        Setting("key_file", "The file with the key for it on its first line.", Sort.SECRET),
        Setting("feed", "Instead: the address of a MISP feed, without manifest.json.", Sort.URL),
        Setting("folder", "Instead: a folder of a MISP feed on this host.", Sort.FOLDER),
        Setting("since", "Leave alone what changed before this day.", Sort.DAY),
        Setting("published", "By REST, only events that are published.", Sort.YES_NO, "yes"),
    )

    def __init__(self, settings: Mapping[str, str]) -> None:
        self._settings = read_settings(self.name, self.schema, settings)
        given = [name for name in ("url", "feed", "folder") if self._settings[name]]
        if len(given) > 1:
            raise ConnectorFault(f"misp: set only one of {' and '.join(given)}.")
        if self._settings["url"] and not self._settings["key_file"]:
            raise ConnectorFault("misp needs key_file: the file with the key on its first line.")

    def pull(self, fetch: Fetch, cursor: str | None) -> Iterator[tuple[Found, str]]:
        place = self._place()
        position = Position.read(cursor, self._since(), moves=isinstance(place, Rest))
        again = [Listed(position.at, uuid) for uuid in position.again]
        left = position.left(place.listed(fetch, position.at))
        for some in (*_batches(again), *_batches(left)):
            found, failed = _read(place, fetch, [one.uuid for one in some])
            position.pass_over(some, failed)
            yield found, position.cursor

    def read(self, file: Path) -> Found:
        body = Spool(file.parent, (".json",)).read(file)
        whole = parsed(body, spelled(file.name))
        events = whole.get("response", [whole]) if isinstance(whole, dict) else whole
        if not isinstance(events, list):
            raise ConnectorFault(f"{spelled(file.name)} holds no events of MISP.")
        return _converted(events, spelled(file.name))

    def _place(self) -> Place:
        given = self._settings
        if given["url"]:
            return Rest(given["url"], given["key_file"], given["published"] == "yes")
        if given["feed"]:
            return FeedUrl(given["feed"])
        if given["folder"]:
            return FeedFolder(Path(given["folder"]))
        raise ConnectorFault("Say where MISP is: set url, feed or folder under [connectors.misp].")

    def _since(self) -> int:
        day = self._settings["since"]
        return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) if day else 0


def _batches(listed: list[Listed]) -> Iterator[list[Listed]]:
    some: list[Listed] = []
    for one in listed:
        if some and (len(some) == _AT_ONCE or sum(x.size for x in some) + one.size > _ATTRIBUTES):
            yield some
            some = []
        some.append(one)
    if some:
        yield some


def _read(place: Place, fetch: Fetch, uuids: list[str]) -> tuple[Found, set[str]]:
    """What these events become, and the uuids of those that could not be had."""
    events, faults, failed = list[Any](), list[str](), set[str]()
    try:
        events = list(place.events(fetch, uuids))
    except OneFault:
        for uuid in uuids:
            try:
                events += place.events(fetch, [uuid])
            except OneFault as fault:
                failed.add(uuid)
                faults.append(str(fault))
    return _converted(events, place.origin, faults), failed


def _converted(events: Iterable[Any], origin: str, faults: Iterable[str] = ()) -> Found:
    """One that is no event stops none beside it."""
    objects: dict[tuple[str, str], Object] = {}
    left_out, said = Counter[str](), list(faults)
    for raw in events:
        try:
            done = convert_event(raw)
        except ConnectorFault as fault:
            said.append(f"{origin}: {fault}")
            continue
        left_out += done.left_out
        for one in done.objects:
            objects.setdefault((one["id"], one.get("modified", "")), one)
    return Found(envelope([*objects.values()]), STIX, origin, left_out, _together(said))


def _together(faults: list[str]) -> str:
    others = f" (And {len(faults) - 1} more.)" if len(faults) > 1 else ""
    return f"{faults[0]}{others}" if faults else ""
