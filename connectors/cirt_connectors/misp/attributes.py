"""One attribute of MISP as STIX: an indicator where it is meant for detection, else what was observed."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cirt.plugin.stix import Object, Seen, cve, fixed_id, instant, observable

from .marks import Marks

# Which observable a type of MISP states; of those in two parts (``a|b``) that of each part, or none.
_ONE: Mapping[str, str] = {
    **dict.fromkeys(("ip-src", "ip-dst"), "ip"),
    **dict.fromkeys(("domain", "hostname"), "domain"),
    **dict.fromkeys(("url", "uri"), "url"),
    **dict.fromkeys(
        ("email", "email-src", "email-dst", "email-reply-to", "target-email", "whois-registrant-email"),
        "email",
    ),
    **{kind: kind for kind in ("md5", "sha1", "sha256", "sha512", "ssdeep", "tlsh", "filename")},
    "mac-address": "mac",
    "mutex": "mutex",
    "regkey": "regkey",
    "AS": "asn",
    "email-attachment": "filename",
}  # fmt: skip
_TWO: Mapping[str, tuple[str, str]] = {
    **{f"filename|{kind}": ("filename", kind) for kind in ("md5", "sha1", "sha256", "sha512", "ssdeep", "tlsh")},
    "malware-sample": ("filename", "md5"),
    "domain|ip": ("domain", "ip"),
    "ip-src|port": ("ip", ""),
    "ip-dst|port": ("ip", ""),
    "hostname|port": ("domain", ""),
    "regkey|value": ("regkey", ""),
}  # fmt: skip
_PATTERNS = {"yara": "yara", "sigma": "sigma", "snort": "snort", "stix2-pattern": "stix"}
_SAME_FILE = ("filename", "malware-sample")
_NAME = 200
_DIGITS = 12
_LATEST = 4_102_444_800  # 2100: what lies behind it is no time


@dataclass(frozen=True, slots=True)
class Owner:
    """What an attribute has from its event: who made it, when it changed, how it is marked."""

    uuid: str
    creator: str | None
    born: int  # seconds since 1970, as is the next
    changed: int
    marks: Marks


def seconds(value: Any) -> int:
    """0 for what is no time."""
    text = str(value)
    number = int(text) if text.isascii() and text.isdigit() and len(text) < _DIGITS else 0
    return number if number < _LATEST else 0


def at(value: int) -> str:
    return instant(datetime.fromtimestamp(value, UTC))


def uuid_of(raw: Any, owner: str, *parts: str) -> str:
    """Its own, else one that is the same every time."""
    try:
        return str(uuid.UUID(str(raw)))
    except ValueError:
        return fixed_id("x", uuid.UUID(owner), *parts).removeprefix("x--")


def convert(raw: Mapping[str, Any], marks: Marks, owner: Owner) -> list[Object]:
    """What an attribute becomes, the object that stands for it first; nothing where its type has no place here.

    Its version is that of the attribute where it bears its own marking, else that of the event: a marking that
    changes there must be a new version here.
    """
    kind, value = str(raw.get("type", "")), str(raw.get("value", ""))
    own = uuid_of(raw.get("uuid"), owner.uuid, kind, value)
    holds = marks.within(owner.marks)
    changed = seconds(raw.get("timestamp")) or owner.changed
    is_own = bool(marks.tlp) and (bool(marks.pap) or not owner.marks.pap)
    version = changed if is_own else max(changed, owner.changed)
    common: Object = {
        "spec_version": "2.1",
        "created": at(min(owner.born, version)),
        "modified": at(version),
        **({"created_by_ref": owner.creator} if owner.creator else {}),
        **({"labels": list(marks.labels)} if marks.labels else {}),
        **({"object_marking_refs": holds.refs} if holds.refs else {}),
        **({"revoked": True} if _is_set(raw.get("deleted")) else {}),
    }
    if kind == "vulnerability":
        return _vulnerability(own, value, common)
    seen = _seen(kind, value)
    pattern, language = _pattern(kind, value, seen)
    if pattern and (_is_set(raw.get("to_ids")) or language != "stix"):
        return [_indicator(raw, own, pattern, language, common, at(changed))]
    if not seen:
        return []
    return _observed(raw, own, seen, holds, common, at(changed))


def _seen(kind: str, value: str) -> list[Seen]:
    """The observables of it; empty unless each of its parts is what the type says."""
    if kind in _ONE:
        one = observable(_ONE[kind], value)
        return [one] if one else []
    if kind not in _TWO:
        return []
    parts = value.split("|", 1)
    if len(parts) == 1:
        return []
    found = [observable(each, part) for each, part in zip(_TWO[kind], parts, strict=True) if each]
    return [] if None in found else [one for one in found if one]


def _pattern(kind: str, value: str, seen: list[Seen]) -> tuple[str, str]:
    """With its language. Name and hash are of one file; name and address are two observables."""
    if kind in _PATTERNS:
        return value, _PATTERNS[kind]
    if len(seen) > 1 and kind.startswith(_SAME_FILE):
        return f"[{' AND '.join(one.pattern[1:-1] for one in seen)}]", "stix"
    return " OR ".join(one.pattern for one in seen), "stix"


def _indicator(
    raw: Mapping[str, Any], own: str, pattern: str, language: str, common: Object, first: str
) -> Object:
    comment = str(raw.get("comment") or "").strip()
    return {
        "type": "indicator",
        "id": f"indicator--{own}",
        **common,
        "name": f"{raw.get('type')}: {raw.get('value')}"[:_NAME],
        **({"description": comment} if comment else {}),
        "pattern": pattern,
        "pattern_type": language,
        "valid_from": first,
    }


def _observed(
    raw: Mapping[str, Any], own: str, seen: list[Seen], holds: Marks, common: Object, first: str
) -> list[Object]:
    """The observables bear the marking too, so their ids belong to this attribute and marking alone."""
    refs = holds.refs
    marked = {"object_marking_refs": refs} if refs else {}
    merged = {one.stix_type: dict(one.object) for one in seen}
    for one in seen:
        merged[one.stix_type] |= one.content
    parts = [
        {**made, **marked, "id": fixed_id(kind, uuid.UUID(own), str(one_value(made)), *refs)}
        for kind, made in merged.items()
    ]
    observed = {
        "type": "observed-data",
        "id": f"observed-data--{own}",
        **common,
        "first_observed": first,
        "last_observed": first,
        "number_observed": 1,
        "object_refs": [part["id"] for part in parts],
    }
    return [observed, *parts]


def one_value(made: Mapping[str, Any]) -> dict[str, Any]:
    """What an observable says, without what it is called."""
    return {name: made[name] for name in sorted(made) if name not in ("id", "spec_version")}


def _vulnerability(own: str, value: str, common: Object) -> list[Object]:
    name = cve(value)
    if name is None:
        return []
    reference = {"source_name": "cve", "external_id": name}
    named = {"name": name, "external_references": [reference]}
    return [{"type": "vulnerability", "id": f"vulnerability--{own}", **common, **named}]


def _is_set(value: Any) -> bool:
    return value in (True, 1, "1", "true")
