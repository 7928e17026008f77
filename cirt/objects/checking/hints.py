"""Warnings: what is odd in an object that is taken all the same."""

from collections.abc import Mapping
from typing import Any

from cirt.objects.checking.refusal import short
from cirt.objects.checking.sco_ids import sco_id
from cirt.objects.checking.vocab import (
    FREE_RELATIONSHIPS,
    HASHES,
    INCIDENT_CORE,
    INCIDENT_LISTS,
    INCIDENT_VALUES,
    OPEN_BY_TYPE,
    PROPERTIES,
    RELATIONSHIPS,
    SCO,
)
from cirt.objects.observables.kinds import Kind, canonical
from cirt.objects.patterns.parser import Pattern

Object = dict[str, Any]

_VALUE_KINDS = {"domain-name": Kind.DOMAIN, "url": Kind.URL, "email-addr": Kind.EMAIL}
_VERSION_5 = 14  # where the version digit stands in a UUID's text


def hints(obj: Object, group: str, extra: set[str], pattern: Pattern | None) -> list[str]:
    """Short sentences for the analyst, in no language but English."""
    stix_type = obj["type"]
    found: list[str] = []
    if extra:
        found.append(f"custom properties: {short(', '.join(sorted(extra)))}")
    if stix_type not in PROPERTIES:
        found.append(f"type {short(stix_type)} is not of the standard")
    for name, values in OPEN_BY_TYPE.get(stix_type, ()):
        if name in obj:
            found += _off_vocabulary(name, values, obj[name])
    odd = _BY_TYPE.get(stix_type, _odd_observable if group == "sco" else None)
    if odd is not None:
        found += odd(obj)
    if pattern is not None:
        found += pattern.warnings
        if pattern.crosses_types:
            found.append("pattern: AND over different object types, which no single object fulfils")
    return found


def _off_vocabulary(name: str, values: frozenset[str], value: str | list[str]) -> list[str]:
    given = [value] if isinstance(value, str) else value
    return [
        f"{name}: “{short(item)}” is not in the vocabulary" for item in given if item not in values
    ]


def _odd_relationship(obj: Object) -> list[str]:
    kind = obj["relationship_type"]
    source = obj["source_ref"].partition("--")[0]
    target = obj["target_ref"].partition("--")[0]
    if kind in FREE_RELATIONSHIPS or (source, kind, target) in RELATIONSHIPS:
        return []
    if source not in PROPERTIES or target not in PROPERTIES:
        return []
    return [f"“{source} {short(kind)} {target}” is not a relationship of the standard"]


def _odd_incident(obj: Object) -> list[str]:
    core = obj.get("extensions", {}).get(INCIDENT_CORE)
    if core is None:
        return []
    found = [
        f"{name}: “{short(core[name])}” is not in the vocabulary"
        for name, values in INCIDENT_VALUES.items()
        if name in core and str(core[name]) not in values
    ]
    return found + [
        f"{name} should be a list"
        for name in sorted(INCIDENT_LISTS)
        if name in core and not isinstance(core[name], list)
    ]


def _odd_registry_key(obj: Object) -> list[str]:
    hive = obj.get("key", "").partition("\\")[0]
    if hive and not hive.upper().startswith("HKEY_"):
        return [f"key: the hive “{short(hive)}” is not written in full", *_odd_observable(obj)]
    return _odd_observable(obj)


def _odd_observable(obj: Object) -> list[str]:
    found = []
    uuid_part = obj["id"].partition("--")[2]
    if uuid_part[_VERSION_5] == "5" and obj["type"] in SCO and obj["id"] != sco_id(obj):
        found.append("id is not the one that the standard computes from the content")
    hashes: Mapping[str, str] = obj.get("hashes", {}) if obj["type"] in SCO else {}
    if obj["type"] in _VALUE_KINDS and canonical(_VALUE_KINDS[obj["type"]], obj["value"]) is None:
        found.append(f"value: “{short(obj['value'])}” is not a valid {obj['type']}")
    names = [name for name in hashes if name not in HASHES]
    if names:
        found.append(f"hashes: {short(', '.join(names))} not in the vocabulary")
    return found


_BY_TYPE = {
    "incident": _odd_incident,
    "relationship": _odd_relationship,
    "windows-registry-key": _odd_registry_key,
}
