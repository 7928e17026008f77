"""What of a list was handed over: first seen, last changed, and whether it has vanished. It travels in the cursor."""

import base64
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from .mapping import Row

_MAX_BYTES = 256 * 1024 * 1024  # unpacked


@dataclass(slots=True)
class Entry:
    """Times in seconds since 1970. ``turn`` counts how often it came back after it was revoked."""

    first: int
    changed: int
    sign: str
    is_gone: bool = False
    turn: int = 0


@dataclass(slots=True)
class Held:
    """By ``kind value``."""

    entries: dict[str, Entry] = field(default_factory=dict)

    @classmethod
    def read(cls, packed: str) -> "Held":
        if not packed:
            return cls()
        unpacker = zlib.decompressobj()
        body = unpacker.decompress(base64.b85decode(packed), _MAX_BYTES)
        kept: dict[str, list[Any]] = json.loads(body)
        return cls({key: Entry(*values) for key, values in kept.items()})

    def packed(self) -> str:
        kept = {
            key: [one.first, one.changed, one.sign, one.is_gone, one.turn]
            for key, one in self.entries.items()
        }
        return base64.b85encode(zlib.compress(json.dumps(kept).encode(), 3)).decode()

    @property
    def count(self) -> int:
        """Of those that are in the list."""
        return sum(not one.is_gone for one in self.entries.values())

    def come(self, rows: Mapping[str, Row], now: datetime, *, revokes: bool) -> Iterator[str]:
        """Keys of what is new, has changed or has come back; each is noted when the next is asked for."""
        seconds = int(now.astimezone(UTC).timestamp())
        for key, row in rows.items():
            entry = self.entries.get(key)
            if entry is None:
                first = int(row.at.timestamp()) if row.at else seconds
                self.entries[key] = Entry(min(first, seconds), seconds, row.sign)
            elif entry.is_gone and revokes:
                self.entries[key] = Entry(seconds, seconds, row.sign, turn=entry.turn + 1)
            elif entry.is_gone or entry.sign != row.sign:
                later = max(seconds, entry.changed + 1)
                self.entries[key] = Entry(entry.first, later, row.sign, turn=entry.turn)
            else:
                continue
            yield key

    def go(self, rows: Mapping[str, Row], now: datetime) -> Iterator[str]:
        """Keys of what is in the list no more."""
        seconds = int(now.astimezone(UTC).timestamp())
        for key, entry in self.entries.items():
            if key not in rows and not entry.is_gone:
                entry.is_gone, entry.changed = True, max(seconds, entry.changed + 1)
                yield key
