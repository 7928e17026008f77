"""From bytes to facts: reads one STIX object, or says why it is not taken."""

from collections.abc import Iterable
from hashlib import sha256
from typing import Any, NamedTuple, TypeAlias

import orjson

from cirt.objects.checking.check import Checked, check
from cirt.objects.checking.refusal import Refusal, Refused, short
from cirt.objects.checking.strict_json import load_object
from cirt.objects.checking.vocab import SCO
from cirt.objects.envelope import NotEnvelope, NotJson, TooDeep, split
from cirt.objects.glimpse import glimpse
from cirt.objects.observables.findings import (
    ends_of,
    observables_in_pattern,
    observables_of,
    short_name,
    unknown_in_pattern,
)
from cirt.objects.observables.kinds import Observable
from cirt.objects.patterns.lexer import PatternError
from cirt.objects.patterns.parser import parse

__all__ = [
    "NotEnvelope",
    "NotJson",
    "Read",
    "Refusal",
    "StixObject",
    "TooDeep",
    "observables_in",
    "read",
    "read_all",
    "split",
]

NO_VERSION = (
    "1970-01-01T00:00:00.000Z"  # TAXII 2.1 has no key for what is not versioned (rulings 21)
)


class StixObject(NamedTuple):
    """One object as received, with what lists, matching and the gate need to know of it.

    Times named ``_us`` are microseconds since 1970. ``version_text`` is the version key as written:
    ``modified``, else ``created``, else the first moment of 1970.
    """

    raw: bytes
    sha256: bytes
    stix_id: str
    type: str
    spec_version: str
    version_text: str
    version_us: int
    created_us: int | None
    created_by_ref: str | None
    revoked: bool
    name: str | None
    marking_refs: tuple[str, ...]
    granular_refs: tuple[str, ...]
    ends: tuple[str, ...]
    valid_from_us: int | None
    valid_until_us: int | None
    pattern_type: str | None
    pattern: str | None
    observables: tuple[Observable, ...]
    warnings: tuple[str, ...]

    def content(self) -> dict[str, Any]:
        """The object parsed anew; for the few places that need more than the facts."""
        content: dict[str, Any] = orjson.loads(self.raw)
        return content


Read: TypeAlias = StixObject | Refusal


def read(raw: bytes) -> Read:
    """Check one object's exact text and draw its facts; never raises for what a peer can write."""
    obj: dict[str, Any] = {}
    try:
        obj = load_object(raw)
        return _facts(raw, obj, check(obj))
    except Refused as refused:
        return Refusal(
            code=refused.code,
            values=refused.values,
            raw=raw,
            seen=glimpse(raw),
            stix_id=_text(obj.get("id"), 300),
            version_text=_text(obj.get("modified", obj.get("created")), 40),
        )


def read_all(pieces: Iterable[bytes | Read]) -> list[Read]:
    """Each of them read; what was read already stays as it is."""
    return [read(piece) if isinstance(piece, bytes) else piece for piece in pieces]


def observables_in(content: dict[str, Any]) -> tuple[Observable, ...]:
    """What a stored object, parsed, looks for or is: it was checked when it came, and is not again."""
    if content.get("pattern_type") == "stix":
        pattern = parse(content["pattern"])
        found = () if isinstance(pattern, PatternError) else observables_in_pattern(pattern)
        return tuple(dict.fromkeys(found))
    if content["type"] in SCO or content["type"] == "vulnerability":
        return tuple(dict.fromkeys(observables_of(content)))
    return ()


def _text(value: object, limit: int) -> str | None:
    return value if isinstance(value, str) and len(value) <= limit else None


def _facts(raw: bytes, obj: dict[str, Any], checked: Checked) -> StixObject:
    times = checked.times
    version = "modified" if "modified" in times else "created"
    is_indicator = obj["type"] == "indicator"
    return StixObject(
        raw=raw,
        sha256=sha256(raw).digest(),
        stix_id=obj["id"],
        type=obj["type"],
        spec_version=obj.get("spec_version", "2.1"),
        version_text=obj.get(version, NO_VERSION),
        version_us=times.get(version, 0),
        created_us=times.get("created"),
        created_by_ref=obj.get("created_by_ref"),
        revoked=obj.get("revoked") is True,
        name=short_name(obj),
        marking_refs=tuple(obj.get("object_marking_refs", ())),
        granular_refs=tuple(
            granular["marking_ref"]
            for granular in obj.get("granular_markings", ())
            if "marking_ref" in granular
        ),
        ends=ends_of(obj),
        valid_from_us=times.get("valid_from") if is_indicator else None,
        valid_until_us=times.get("valid_until") if is_indicator else None,
        pattern_type=obj["pattern_type"] if is_indicator else None,
        pattern=obj["pattern"] if is_indicator else None,
        observables=_observables(obj, checked),
        warnings=tuple(checked.warnings),
    )


def _observables(obj: dict[str, Any], checked: Checked) -> tuple[Observable, ...]:
    if checked.pattern is not None:
        unknown = unknown_in_pattern(checked.pattern, SCO)
        if unknown:
            checked.warnings.append(f"pattern: unknown object types {short(', '.join(unknown))}")
        return tuple(dict.fromkeys(observables_in_pattern(checked.pattern)))
    if obj["type"] in SCO or obj["type"] == "vulnerability":
        return tuple(dict.fromkeys(observables_of(obj)))
    return ()
