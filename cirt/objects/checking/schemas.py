"""JSON schemas for each STIX type, made from the tables in ``vocab`` and compiled once."""

from functools import cache
from typing import Any

from jsonschema_rs import Draft202012Validator

from cirt.objects.checking.vocab import AT_LEAST_TYPES, COMMON, ENUMS, HASHES, META, PROPERTIES, SCO

Schema = dict[str, Any]

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
MAX_INTEGER = 2**53 - 1

_TEXT: Schema = {"type": "string"}
_TEXTS: Schema = {"type": "array", "minItems": 1, "items": _TEXT}


def _integer(low: int, high: int = MAX_INTEGER) -> Schema:
    return {"type": "integer", "minimum": low, "maximum": high}


def _number(low: float, high: float) -> Schema:
    return {"type": "number", "minimum": low, "maximum": high}


def _list(item: Schema) -> Schema:
    return {"type": "array", "minItems": 1, "items": item}


def _object(required: str, **properties: Schema) -> Schema:
    return {"type": "object", "required": required.split(), "properties": properties}


def _reference(types: str) -> Schema:
    kinds = f"(?:{types})" if types else "[a-z][a-z0-9-]*"
    return {"type": "string", "pattern": f"^{kinds}--{UUID}$"}


_HASHES: Schema = {
    "type": "object",
    "minProperties": 1,
    "propertyNames": {"pattern": "^[a-zA-Z0-9_-]{3,250}$"},
    "properties": {name: {"type": "string", "pattern": form} for name, form in HASHES.items()},
    "additionalProperties": _TEXT,
}
_REFERENCE_OUT = _object(
    "source_name",
    source_name=_TEXT,
    description=_TEXT,
    url=_TEXT,
    external_id=_TEXT,
    hashes=_HASHES,
)
_GRANULAR = _object(
    "selectors",
    selectors=_list({"type": "string", "pattern": r"^[^\s.]+(?:\.[^\s.]+)*$"}),
    marking_ref=_reference("marking-definition"),
    lang=_TEXT,
) | {"oneOf": [{"required": ["marking_ref"]}, {"required": ["lang"]}]}
_EXTENSIONS: Schema = {
    "type": "object",
    "minProperties": 1,
    "patternProperties": {
        "^extension-definition--": _object(
            "extension_type", extension_type={"enum": ENUMS["extension"]}
        )
    },
    "additionalProperties": {"type": "object"},
}

_KINDS: dict[str, Schema] = {
    "s": _TEXT,
    "t": _TEXT,  # read by ``timestamps``, which knows the calendar
    "i": _integer(-MAX_INTEGER),
    "n": _integer(0),
    "f": {"type": "number"},
    "b": {"type": "boolean"},
    "d": {"type": "object", "minProperties": 1},
    "ls": _TEXTS,
    "ld": _list({"type": "object"}),
    "percent": _integer(0, 100),
    "port": _integer(0, 65535),
    "count": _integer(0, 999_999_999),
    "observed": _integer(1, 999_999_999),
    "latitude": _number(-90, 90),
    "longitude": _number(-180, 180),
    "hex": {"type": "string", "pattern": "^(?:[0-9a-fA-F]{2})*$"},
    "hashes": _HASHES,
    "kcp": _list(_object("kill_chain_name phase_name", kill_chain_name=_TEXT, phase_name=_TEXT)),
    "xrefs": _list(_REFERENCE_OUT),
    "granular": _list(_GRANULAR),
    "extensions": _EXTENSIONS,
    "relationship": {"type": "string", "pattern": "^[a-z0-9-]+$"},
    "registry": _list(
        {
            "type": "object",
            "properties": {"name": _TEXT, "data": _TEXT, "data_type": {"enum": ENUMS["registry"]}},
        }
    ),
}


def _property(kind: str) -> Schema:
    head, colon, rest = kind.partition(":")
    if not colon:
        return _KINDS[kind]
    if head == "ref":
        return _reference(rest)
    if head == "refs":
        return _list(_reference(rest))
    values: Schema = {"enum": list(ENUMS[rest])}
    return values if head == "enum" else _list(values)


def _table(group: str, stix_type: str) -> dict[str, tuple[str, bool]]:
    text = f"{COMMON[group]} {PROPERTIES.get(stix_type, '')}"
    pairs = (item.partition("=")[::2] for item in text.split())
    return {name.rstrip("*"): (kind, name.endswith("*")) for name, kind in pairs}


def group_of(stix_type: str) -> str:
    """Which common properties a type of the standard has; unknown types are ``unknown``."""
    if stix_type in META:
        return stix_type
    if stix_type in SCO:
        return "sco"
    return "sdo" if stix_type in PROPERTIES else "unknown"


class TypeRules:
    """What the tables say about one type, in the forms that checking needs."""

    def __init__(self, group: str, stix_type: str) -> None:
        table = _table(group, stix_type)
        self.group = group
        self.required = frozenset(name for name, (_, needed) in table.items() if needed)
        self.known = frozenset(table) | {"type", "id", "spec_version"}
        self.own = self.known - _table(group, "").keys() - {"type", "id", "spec_version"}
        self.times = tuple(name for name, (kind, _) in table.items() if kind == "t")
        self.needs_own = stix_type in AT_LEAST_TYPES
        self.validator = Draft202012Validator(
            {
                "type": "object",
                "required": sorted(self.required),
                "properties": {name: _property(kind) for name, (kind, _) in table.items()},
            }
        )


@cache
def _rules(group: str, stix_type: str) -> TypeRules:
    return TypeRules(group, stix_type)


def rules_for(stix_type: str, group: str) -> TypeRules:
    """The rules of a type; all unknown types of a group share one set, so peers cannot fill memory."""
    return _rules(group, stix_type if stix_type in PROPERTIES else "")
