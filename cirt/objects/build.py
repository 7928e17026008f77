"""Builds our own STIX objects, and new versions of them, as frozen compact JSON."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from cirt.kernel.errors import Invalid
from cirt.kernel.ids import new_stix_id
from cirt.kernel.text import mark
from cirt.kernel.tlp import Tlp
from cirt.objects.checking.refusal import Refusal
from cirt.objects.checking.schemas import group_of, rules_for
from cirt.objects.checking.vocab import AT_LEAST_ONE, SCO, TOGETHER
from cirt.objects.codec import StixObject, read
from cirt.objects.markings import TLP2_REFS
from cirt.objects.patterns.parser import Pattern, parse
from cirt.objects.timestamps import as_us, format_us, stamp

_FIXED = frozenset(
    {"type", "spec_version", "id", "created", "created_by_ref", "modified", "revoked"}
)
_MILLISECOND_US = 1000


class ObjectWrong(Invalid):
    code = "object-wrong"
    message = mark("The object cannot be written: {reason}")


class PatternCrossesTypes(Invalid):
    code = "pattern-crosses-types"
    message = mark(
        "The pattern {pattern} joins tests of different object types by AND inside one bracket, which "
        "nothing can fulfil. Write two brackets with AND between them."
    )


class NotVersioned(Invalid):
    code = "not-versioned"
    message = mark("{type} objects have no versions. Make a new object.")


class AlreadyRevoked(Invalid):
    code = "already-revoked"
    message = mark("{stix_id} is revoked, which is final. Make a new object.")


class FixedProperty(Invalid):
    code = "fixed-property"
    message = mark("A new version cannot change {names}. Make a new object.")


def new_indicator(
    *,
    pattern: str,
    creator: str,
    at: datetime,
    valid_from: datetime,
    tlp: Tlp,
    valid_until: datetime | None = None,
    name: str | None = None,
    description: str | None = None,
    indicator_types: Sequence[str] = (),
    confidence: int | None = None,
    labels: Sequence[str] = (),
    external_references: Sequence[Mapping[str, str]] = (),
    marking_refs: Sequence[str] = (),
    stix_id: str | None = None,
) -> StixObject:
    """An indicator with a STIX pattern; ``creator`` is the id of our identity.

    Raises:
        ObjectWrong: the checks that peers' objects pass refuse it, with their reason.
        PatternCrossesTypes: no single object could ever match.
    """
    parsed = parse(pattern)
    if isinstance(parsed, Pattern) and parsed.crosses_types:
        raise PatternCrossesTypes(pattern=pattern)
    properties = {
        "name": name,
        "description": description,
        "indicator_types": list(indicator_types),
        "pattern": pattern,
        "pattern_type": "stix",
        "pattern_version": "2.1",
        "valid_from": stamp(valid_from),
        "valid_until": stamp(valid_until) if valid_until else None,
        "confidence": confidence,
        "labels": list(labels),
        "external_references": [dict(reference) for reference in external_references],
    }
    return _new("indicator", properties, creator, at, _markings(tlp, marking_refs), stix_id)


def new_sighting(
    *,
    of: str,
    creator: str,
    at: datetime,
    count: int = 1,
    first_seen: datetime | None = None,
    last_seen: datetime | None = None,
    where: Sequence[str] = (),
    description: str | None = None,
    tlp: Tlp | None = None,
    marking_refs: Sequence[str] = (),
    stix_id: str | None = None,
) -> StixObject:
    """That something was seen; ``count`` 0 says that it was looked for and not seen.

    Pass the sighted object's own references in ``marking_refs`` to answer under its marking.
    """
    properties = {
        "sighting_of_ref": of,
        "where_sighted_refs": list(where),
        "first_seen": stamp(first_seen) if first_seen else None,
        "last_seen": stamp(last_seen) if last_seen else None,
        "count": count,
        "description": description,
    }
    return _new("sighting", properties, creator, at, _markings(tlp, marking_refs), stix_id)


def new_note(
    *,
    about: Sequence[str],
    content: str,
    creator: str,
    at: datetime,
    abstract: str | None = None,
    marking_refs: Sequence[str] = (),
) -> StixObject:
    """What we have to say of objects, in our own words; it is of its own, and they stay as they are."""
    properties = {"abstract": abstract, "content": content, "object_refs": list(about)}
    return _new("note", properties, creator, at, _markings(None, marking_refs), None)


def new_opinion(
    *,
    about: Sequence[str],
    opinion: str,
    explanation: str,
    creator: str,
    at: datetime,
    marking_refs: Sequence[str] = (),
) -> StixObject:
    """How far we agree with what objects say; ``opinion`` is one of the five words of the standard."""
    properties = {"explanation": explanation, "opinion": opinion, "object_refs": list(about)}
    return _new("opinion", properties, creator, at, _markings(None, marking_refs), None)


def new_identity(
    *,
    name: str,
    at: datetime,
    identity_class: str = "organization",
    creator: str | None = None,
    sectors: Sequence[str] = (),
    description: str | None = None,
    contact_information: str | None = None,
    tlp: Tlp | None = None,
    stix_id: str | None = None,
) -> StixObject:
    """An organisation; without ``creator`` it is its own, as our identity is."""
    stix_id = stix_id or new_stix_id("identity")
    properties = {
        "name": name,
        "description": description,
        "identity_class": identity_class,
        "sectors": list(sectors),
        "contact_information": contact_information,
    }
    return _new("identity", properties, creator or stix_id, at, _markings(tlp, ()), stix_id)


def new_relationship(
    *,
    source: str,
    kind: str,
    target: str,
    creator: str,
    at: datetime,
    description: str | None = None,
    tlp: Tlp | None = None,
    marking_refs: Sequence[str] = (),
    stix_id: str | None = None,
) -> StixObject:
    """``kind`` is the relationship type, such as ``indicates``."""
    properties = {
        "relationship_type": kind,
        "description": description,
        "source_ref": source,
        "target_ref": target,
    }
    return _new("relationship", properties, creator, at, _markings(tlp, marking_refs), stix_id)


def new_version(raw: bytes, changes: Mapping[str, Any], modified: datetime) -> StixObject:
    """The object with ``changes`` applied; a change to None takes the property away.

    ``modified`` is moved on to one millisecond after the version before, if it is not later already.

    Raises:
        NotVersioned, AlreadyRevoked, FixedProperty, ObjectWrong
    """
    fixed = sorted(_FIXED & changes.keys())
    if fixed:
        raise FixedProperty(names=", ".join(fixed))
    content, last = _open(raw)
    return _freeze({**content, **changes, "modified": _later(last, modified)})


def revoked_version(raw: bytes, modified: datetime) -> StixObject:
    """The last version: as before, and revoked.

    Raises:
        NotVersioned, AlreadyRevoked
    """
    content, last = _open(raw)
    return _freeze({**content, "revoked": True, "modified": _later(last, modified)})


def bare_revocation(raw: bytes, modified: datetime) -> StixObject:
    """A revocation that carries what the standard demands, the creator and the markings, nothing else.

    Granular markings become markings of the whole object, for what they selected is gone.

    Raises:
        NotVersioned, AlreadyRevoked
    """
    content, last = _open(raw)
    needed = _needed(content)
    bare = {name: value for name, value in content.items() if name in needed}
    return _freeze(
        {
            **bare,
            "extensions": _type_makers(content),
            "object_marking_refs": _all_markings(content),
            "revoked": True,
            "modified": _later(last, modified),
        }
    )


def _new(
    stix_type: str,
    properties: Mapping[str, Any],
    creator: str,
    at: datetime,
    markings: list[str],
    stix_id: str | None,
) -> StixObject:
    moment = stamp(at)
    head = {
        "type": stix_type,
        "spec_version": "2.1",
        "id": stix_id or new_stix_id(stix_type),
        "created_by_ref": creator,
        "created": moment,
        "modified": moment,
    }
    obj = _freeze({**head, **properties, "object_marking_refs": markings})
    _read_as_peers_do(obj)
    return obj


def _read_as_peers_do(obj: StixObject) -> None:
    """A second opinion, from the library that most peers read with."""
    import stix2  # noqa: PLC0415 - 15 MiB, which no process needs that only receives and serves

    content = obj.content()
    if "pattern" in content:  # ours is read already, and a long one would exhaust their parser
        content["pattern"] = "[mutex:name = 'x']"
    try:
        stix2.parse(content, version="2.1")
    except (stix2.exceptions.STIXError, ValueError) as error:
        raise ObjectWrong(reason=str(error)) from error


def _markings(tlp: Tlp | None, marking_refs: Sequence[str]) -> list[str]:
    return list(dict.fromkeys([*([TLP2_REFS[tlp]] if tlp else []), *marking_refs]))


def _freeze(content: Mapping[str, Any]) -> StixObject:
    """Leave out what is absent, write the bytes, and hold them to the checks that peers' bytes pass."""
    present = {name: value for name, value in content.items() if value not in (None, [], {})}
    result = read(orjson.dumps(present))
    if isinstance(result, Refusal):
        raise ObjectWrong(reason=str(result))
    return result


def _open(raw: bytes) -> tuple[dict[str, Any], int]:
    """Content and version time of an object that may get another version."""
    obj = read(raw)
    if isinstance(obj, Refusal):
        raise ObjectWrong(reason=str(obj))
    content = obj.content()
    if obj.type in SCO or obj.type == "marking-definition" or "modified" not in content:
        raise NotVersioned(type=obj.type)
    if obj.revoked:
        raise AlreadyRevoked(stix_id=obj.stix_id)
    return content, obj.version_us


def _later(last_us: int, modified: datetime) -> str:
    return format_us(max(as_us(modified), last_us + _MILLISECOND_US))


def _needed(content: Mapping[str, Any]) -> set[str]:
    """Names of the properties without which the object would not be one of its type."""
    stix_type = content["type"]
    group = group_of(stix_type)
    needed = {"type", "spec_version", "id", "created", "created_by_ref"}
    needed |= rules_for(stix_type, "sdo" if group == "unknown" else group).required
    chosen = next((name for name in AT_LEAST_ONE.get(stix_type, ()) if name in content), None)
    if chosen:
        needed.add(chosen)
        needed |= {second for first, second in TOGETHER.get(stix_type, ()) if first == chosen}
    if content.get("is_family"):
        needed.add("name")
    return needed


def _type_makers(content: Mapping[str, Any]) -> dict[str, Any]:
    """The extensions that make an unknown type a type, without what else they carry."""
    return {
        key: {"extension_type": extension["extension_type"]}
        for key, extension in content.get("extensions", {}).items()
        if extension.get("extension_type") in ("new-sdo", "new-sro")
    }


def _all_markings(content: Mapping[str, Any]) -> list[str]:
    granular = [
        marking["marking_ref"]
        for marking in content.get("granular_markings", ())
        if "marking_ref" in marking
    ]
    return list(dict.fromkeys([*content.get("object_marking_refs", ()), *granular]))
