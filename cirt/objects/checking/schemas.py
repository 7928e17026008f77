"""JSON schemas for each STIX type, made from the tables in ``vocab`` and compiled once."""

from functools import cache
from typing import Any

from jsonschema_rs import Draft202012Validator

from cirt.objects.checking.parts import EXTENSIONS, PARTS
from cirt.objects.checking.vocab import (
    AT_LEAST_TYPES,
    COMMON,
    ENUMS,
    FORBIDDEN,
    HASHES,
    META,
    PROPERTIES,
    RESERVED,
    RESERVED_BY_TYPE,
    SCO,
    SDO,
    SRO,
)

Schema = dict[str, Any]

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
MAX_INTEGER = 2**53 - 1

_ANY_TYPE = "[a-z](?:-?[a-z0-9])+-?"
# RFC 5646, section 2.1: well-formed, with the irregular tags of old.
_LANGUAGE = (
    "(?:[A-Za-z]{2,3}(?:-[A-Za-z]{3}){0,3}|[A-Za-z]{4,8})(?:-[A-Za-z]{4})?"
    "(?:-(?:[A-Za-z]{2}|[0-9]{3}))?(?:-(?:[A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*"
    "(?:-[0-9A-WY-Za-wy-z](?:-[A-Za-z0-9]{2,8})+)*(?:-[xX](?:-[A-Za-z0-9]{1,8})+)?"
    "|[xX](?:-[A-Za-z0-9]{1,8})+|i-[a-z]{3,8}|en-GB-oed|sgn-BE-(?:FR|NL)|sgn-CH-DE"
)
_HASH_SPELLINGS = (
    "[Mm][Dd][-_]?5|[Ss][Hh][Aa](?:[-_]?(?:1|256|512)|[-_]?3[-_]?(?:256|512))"
    "|[Ss][Ss][Dd][Ee][Ee][Pp]|[Tt][Ll][Ss][Hh]"
)

# What a text must be, in words, by the pattern that it fails; for refusals.
WORDS: dict[str, str] = {}


def _matching(pattern: str, words: str) -> Schema:
    anchored = f"^(?:{pattern})$"
    WORDS[anchored] = words
    return {"type": "string", "pattern": anchored}


_TEXT: Schema = {"type": "string"}


def _integer(low: int, high: int = MAX_INTEGER) -> Schema:
    return {"type": "integer", "minimum": low, "maximum": high}


def _number(low: float, high: float) -> Schema:
    return {"type": "number", "minimum": low, "maximum": high}


def _list(item: Schema) -> Schema:
    return {"type": "array", "minItems": 1, "items": item}


def _object(required: str, **properties: Schema) -> Schema:
    return {"type": "object", "required": required.split(), "properties": properties}


def _one_of(names: str) -> list[Schema]:
    return [{"required": [name]} for name in names.split()]


def _dictionary(**values: Any) -> Schema:
    keys = _matching("[a-zA-Z0-9_-]{1,250}", "a key of 1 to 250 letters, digits, hyphens or _")
    return {
        "type": "object",
        "minProperties": 1,
        "propertyNames": keys,
        "additionalProperties": values,
    }


def _reference(types: str, without: frozenset[str] = frozenset()) -> Schema:
    """Types are joined by ``|``, none for any; ``without`` says which types may not stand there."""
    words = f"an id of the type {types.replace('|', ' or ')}" if types else "an id"
    if without:
        words = "the id of an observable"
    barred = f"(?!(?:{'|'.join(sorted(without))})--)" if without else ""
    return _matching(f"{barred}(?:{types or _ANY_TYPE})--{UUID}", words)


def _seen() -> Schema:
    """Observables and what relates them, among them at least one that may be an observable."""
    barred = SDO | META | {"bundle"}
    an_observable = {"pattern": f"^(?!(?:{'|'.join(sorted(SRO))})--)"}
    return _list(_reference("", barred)) | {"contains": an_observable}


def _hash(name: str, form: str) -> Schema:
    """Kinds of the same length share a pattern, so the words give its length."""
    digits = form.partition("{")[2].partition("}")[0]
    is_hex = name not in ("SSDEEP", "TLSH")
    words = f"{digits} hexadecimal digits" if is_hex else f"as {name} writes its hashes"
    return _matching(form.strip("^$"), words)


_HASHES: Schema = {
    "type": "object",
    "minProperties": 1,
    "propertyNames": {
        "pattern": "^[a-zA-Z0-9_-]{3,250}$",
        "if": {"pattern": f"^(?:{_HASH_SPELLINGS})$"},
        "then": {"enum": list(HASHES)},
    },
    "properties": {name: _hash(name, form) for name, form in HASHES.items()},
    "additionalProperties": _TEXT,
}


def _numbered(source: str, pattern: str, words: str) -> Schema:
    """External references to one well-known source carry its numbers."""
    return {
        "if": {"properties": {"source_name": {"const": source}}},
        "then": {"properties": {"external_id": _matching(pattern, words)}},
    }


_REFERENCE_OUT = _object(
    "source_name",
    source_name=_TEXT,
    description=_TEXT,
    url=_TEXT,
    external_id=_TEXT,
    hashes=_HASHES,
) | {
    "anyOf": _one_of("description url external_id"),
    "allOf": [
        _numbered("cve", "CVE-[0-9]{4}-[0-9]{4,}", "a CVE number such as CVE-2024-1234"),
        _numbered("capec", "CAPEC-[0-9]+", "a CAPEC number such as CAPEC-163"),
    ],
}
_LANG = _matching(_LANGUAGE, "a language tag such as en or pt-BR")
_GRANULAR = _object(
    "selectors",
    selectors=_list(
        _matching(r"[^\s.]+(?:\.[^\s.]+)*", "a path such as external_references.[0].url")
    ),
    marking_ref=_reference("marking-definition"),
    lang=_LANG,
) | {"oneOf": _one_of("marking_ref lang")}
_CONTENTS: Schema = {
    "type": "object",
    "minProperties": 1,
    "propertyNames": _LANG,
    "additionalProperties": {"type": "object", "minProperties": 1},
}
_MIME = _object(
    "",
    body=_TEXT,
    body_raw_ref=_reference("artifact|file"),
    content_type=_TEXT,
    content_disposition=_TEXT,
) | {"anyOf": _one_of("body body_raw_ref")}
_TIME = (
    r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
    r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]{1,18})?Z"
)

_KINDS: dict[str, Schema] = {
    "s": _TEXT,
    "t": _TEXT,  # read by ``timestamps``, which knows the calendar
    "time": _matching(_TIME, "a UTC time such as 2025-03-01T10:00:00Z"),
    "i": _integer(-MAX_INTEGER),
    "n": _integer(0),
    "f": {"type": "number"},
    "b": {"type": "boolean"},
    "o": {"type": "object", "minProperties": 1},
    "d": _dictionary(),
    "do": _dictionary(type="object", minProperties=1),
    "ds": _dictionary(type="string"),
    "dn": _dictionary(type="integer"),
    "dm": _dictionary(type=["string", "integer"]),
    "dx": _dictionary(type=["string", "array"], minItems=1, items=_TEXT),
    "ls": _list(_TEXT),
    "lang": _LANG,
    "langs": _list(_LANG),
    "percent": _integer(0, 100),
    "port": _integer(0, 65535),
    "count": _integer(0, 999_999_999),
    "observed": _integer(1, 999_999_999),
    "latitude": _number(-90, 90),
    "longitude": _number(-180, 180),
    "hex": _matching("(?:[0-9a-fA-F]{2})*", "an even count of hexadecimal digits"),
    "mac": _matching("[0-9a-f]{2}(?::[0-9a-f]{2}){5}", "six octets in lower case with colons"),
    "cpe": _matching(r"cpe:2\.3:[aho*-](?::(?:[^:\\]|\\.)+){10}", "a CPE 2.3 name"),
    "hashes": _HASHES,
    "kcp": _list(_object("kill_chain_name phase_name", kill_chain_name=_TEXT, phase_name=_TEXT)),
    "xrefs": _list(_REFERENCE_OUT),
    "granular": _list(_GRANULAR),
    "contents": _CONTENTS,
    "names": _list(_matching("[a-z][a-z0-9_]{2,249}", "a property name of a-z, 0-9 and _")),
    "mime": _list(_MIME),
    "scos": _list(_reference("", SDO | SRO | META | {"bundle"})),
    "seen": _seen(),
    "relationship": _matching("[a-z0-9-]+", "made of a-z, 0-9 and hyphens"),
}


def _property(kind: str) -> Schema:
    head, colon, rest = kind.partition(":")
    if head == "extensions":
        return _extensions(rest)
    if not colon:
        return _KINDS[kind]
    if head in ("ref", "refs"):
        one = _reference(rest)
    elif head in ("part", "parts"):
        one = _part(PARTS[rest])
    else:
        one = {"enum": list(ENUMS[rest])}
    return _list(one) if head in ("refs", "parts", "enums") else one


def _pairs(text: str) -> dict[str, tuple[str, bool]]:
    pairs = (item.partition("=")[::2] for item in text.split())
    return {name.rstrip("*"): (kind, name.endswith("*")) for name, kind in pairs}


def _schema_of(table: dict[str, tuple[str, bool]]) -> Schema:
    return {
        "type": "object",
        "required": sorted(name for name, (_, needed) in table.items() if needed),
        "properties": {name: _property(kind) for name, (kind, _) in table.items()},
    }


def _part(text: str) -> Schema:
    return _schema_of(_pairs(text)) | {"minProperties": 1}


def _extensions(stix_type: str) -> Schema:
    """Section 7.3: by the id of their definition, or predefined for a type; others are kept."""
    predefined = EXTENSIONS.get(stix_type, {})
    key = f"extension-definition--{UUID}|(?!extension-definition--)[a-zA-Z0-9_-]{{1,250}}"
    return {
        "type": "object",
        "minProperties": 1,
        "propertyNames": _matching(key, "the id of an extension-definition or a predefined name"),
        "properties": {name: _part(text) for name, text in predefined.items()},
        "patternProperties": {
            "^extension-definition--": _object(
                "extension_type", extension_type={"enum": ENUMS["extension"]}
            )
        },
        "additionalProperties": {"type": "object", "minProperties": 1},
    }


def _table(group: str, stix_type: str) -> dict[str, tuple[str, bool]]:
    table = _pairs(f"{COMMON[group]} {PROPERTIES.get(stix_type, '')}")
    if "extensions" in table:
        table["extensions"] = (f"extensions:{stix_type}", False)
    return table


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
        times = (name for name, (kind, _) in table.items() if kind == "t")
        self.times = tuple(dict.fromkeys([*times, "created", "modified"]))
        if stix_type in EXTENSIONS:
            self.own |= {"extensions"}
        self.needs_own = stix_type in AT_LEAST_TYPES
        self.forbidden = FORBIDDEN.get(group, frozenset()) if stix_type else frozenset()
        self.reserved = RESERVED | RESERVED_BY_TYPE.get(stix_type, frozenset())
        self.is_standard = bool(stix_type)
        self.validator = Draft202012Validator(_schema_of(table))


@cache
def _rules(group: str, stix_type: str) -> TypeRules:
    return TypeRules(group, stix_type)


def rules_for(stix_type: str, group: str) -> TypeRules:
    """The rules of a type; all unknown types of a group share one set, so peers cannot fill memory."""
    return _rules(group, stix_type if stix_type in PROPERTIES else "")
