"""Reads events in JSON lines, as IntelMQ and n6 write them, from a watched folder, also from files that grow."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cirt.plugin import NOTHING, REPORTS, STIX, ConnectorFault, Fetch, Found
from cirt.plugin.settings import Setting, Sort, read_settings
from cirt.plugin.spool import Spool, spelled
from cirt.plugin.stix import envelope

from .making import body_of, objects_of
from .shapes import Event, NotEvent, read_event

_AT_ONCE = 8 * 1024 * 1024  # bytes of one hand-over
_HEAD = 4096  # bytes by which a file that grew is known again
_MOST_FILES = 500
_LONGEST = 1024 * 1024  # bytes of a line
_ENDINGS = (".json", ".jsonl", ".ndjson", ".txt", ".log")


@dataclass(slots=True)
class Position:
    """The last file by its mark, and how far each of the latest was read: bytes, and a digest of how it begins."""

    mark: str = ""
    files: dict[str, tuple[int, str]] = field(default_factory=dict)

    @classmethod
    def read(cls, cursor: str | None) -> "Position":
        if cursor is None:
            return cls()
        kept = json.loads(cursor)
        return cls(kept["mark"], {name: (at, head) for name, (at, head) in kept["files"].items()})

    @property
    def cursor(self) -> str:
        files = dict(list(self.files.items())[-_MOST_FILES:])
        return json.dumps({"mark": self.mark, "files": files})

    def start(self, name: str, file: Path) -> int:
        """0 for a file that was not read, or that is another one by now."""
        at, head = self.files.get(name, (0, ""))
        return at if at and _head(file, at) == head else 0

    def reach(self, name: str, file: Path, at: int) -> None:
        self.files.pop(name, None)
        self.files[name] = (at, _head(file, at))


class IntelmqConnector:
    """Reports need no peer; what is handed over as STIX objects does."""

    name = "intelmq"
    brings = REPORTS
    schema = (
        Setting("folder", "The folder to watch for files of events.", Sort.FOLDER),
        Setting("becomes", "Reports, STIX objects of the peer, or both.", Sort.CHOICE, "reports", ("reports", "objects", "both")),
    )  # fmt: skip

    def __init__(self, settings: Mapping[str, str]) -> None:
        given = read_settings(self.name, self.schema, settings)
        self._folder, self._becomes = given["folder"], given["becomes"]

    def pull(self, fetch: Fetch, cursor: str | None) -> Iterator[tuple[Found, str]]:
        if not self._folder:
            raise ConnectorFault("Say which folder: set folder under [connectors.intelmq].")
        position = Position.read(cursor)
        for one in Spool(Path(self._folder), _ENDINGS).after(position.mark or None):
            try:
                yield from self._read_on(one.path, one.name, position)
                position.mark = one.mark
                yield Found(NOTHING, REPORTS, one.name), position.cursor
            except OSError as error:
                position.mark = one.mark
                fault = (
                    f"{one.name} cannot be read ({error.strerror}). Make it readable and touch it."
                )
                yield Found(NOTHING, REPORTS, one.name, fault=fault), position.cursor

    def read(self, file: Path) -> Found:
        body = Spool(file.parent, ()).read(file)
        events, left_out = _events(body)
        if self._becomes == "objects":
            objects = [each for event in events for each in objects_of(event)]
            return Found(envelope(objects), STIX, spelled(file.name), left_out)
        return Found(body_of(events), REPORTS, spelled(file.name), left_out)

    def _read_on(self, file: Path, name: str, position: Position) -> Iterator[tuple[Found, str]]:
        """What came since, in parts; a last line that is not finished is left for the next time."""
        at = position.start(name, file)
        while body := _part(file, at):
            before = position.cursor
            at += len(body)
            position.reach(name, file, at)
            events, left_out = _events(body)
            if self._becomes != "reports":
                objects = [each for event in events for each in objects_of(event)]
                cursor = before if self._becomes == "both" else position.cursor
                counted = {} if self._becomes == "both" else left_out
                yield Found(envelope(objects), STIX, name, counted), cursor
            if self._becomes != "objects":
                yield Found(body_of(events), REPORTS, name, left_out), position.cursor


def _part(file: Path, at: int) -> bytes:
    """Whole lines from there on; of a line beyond all sense its beginning, to be counted."""
    with file.open("rb") as opened:
        opened.seek(at)
        body = opened.read(_AT_ONCE)
    end = body.rfind(b"\n") + 1
    if end:
        return body[:end]
    return body if len(body) > _LONGEST or _is_whole(body) else b""


def _is_whole(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _events(body: bytes) -> tuple[list[Event], Counter[str]]:
    events, left_out = list[Event](), Counter[str]()
    for line in body.split(b"\n"):
        if not line.strip():
            continue
        if len(line) > _LONGEST:
            left_out["line longer than 1 MiB"] += 1
            continue
        try:
            events.append(read_event(line.decode("utf-8", "replace").strip("\0 \t\r")))
        except NotEvent as why:
            left_out[str(why)] += 1
    return events, left_out


def _head(file: Path, at: int) -> str:
    with file.open("rb") as opened:
        return hashlib.sha256(opened.read(min(at, _HEAD))).hexdigest()[:16]
