"""What any text shows of markings, however broken: enough to say that it is not for us."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cirt.kernel.tlp import Tlp
from cirt.objects.markings import tlp_of_definition

_MOST_READ = 1_000_000  # bytes; what is read as JSON takes up to fifty times its size in memory
_NAME = "marking-definition--"


def _however_written(char: str) -> str:
    """JSON lets every character be written as its number too."""
    return rf"(?:{char}|\\u00(?:{ord(char):02x}|{ord(char.upper()):02x}))"


_MARKING = re.compile(
    "".join(map(_however_written, _NAME)).encode() + rb"(?:[0-9a-f-]|\\u00[2-6][0-9a-f]){36}",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Glimpse:
    """The markings that anything in the text refers to, and what the definitions in it state."""

    refs: set[str] = field(default_factory=set)
    stated: dict[str, Tlp | None] = field(default_factory=dict)

    def note(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        """Of one JSON object: of a name that stands in it twice, both count."""
        for key, value in pairs:
            if key == "marking_ref":
                self._refer([value])
            elif key == "object_marking_refs":
                self._refer(value if isinstance(value, list) else [value])
        found = dict(pairs)
        if found.get("type") == "marking-definition":
            self._state(found)
        return found

    def _refer(self, values: list[Any]) -> None:
        self.refs |= {value.strip().lower() for value in values if isinstance(value, str)}

    def _state(self, definition: Mapping[str, Any]) -> None:
        stix_id = definition.get("id")
        if isinstance(stix_id, str):
            self.stated[stix_id.lower()] = tlp_of_definition(definition)


def glimpse(raw: bytes) -> Glimpse:
    """Never raises; what is no JSON at all, or very large, refers to every marking that it names."""
    found = Glimpse()
    if len(raw) > _MOST_READ:
        found.refs |= _named_in(raw)
        return found
    text = raw.decode("utf-8", "replace").removeprefix("\ufeff")
    try:
        json.loads(text, object_pairs_hook=found.note, parse_int=str, strict=False)
    except (ValueError, RecursionError):
        found.refs |= _named_in(raw)
    return found


def _named_in(raw: bytes) -> set[str]:
    return {json.loads(b'"%s"' % one.group()).lower() for one in _MARKING.finditer(raw)}
