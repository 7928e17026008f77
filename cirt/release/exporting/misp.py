"""One MISP event in MISP's core format: an attribute for each observable, with its own marking.

Relationships, sightings, identities and the like have no place in it. ``distribution`` is the narrowest that MISP has, for
whoever takes the file in decides how far it goes there.
"""

import uuid
from collections.abc import Mapping
from typing import Any

import orjson

from cirt.kernel.tlp import Tlp
from cirt.objects.observables.kinds import Kind, Observable
from cirt.objects.timestamps import parse_us
from cirt.release.exporting.rows import Going, Label

_NAMESPACE = uuid.UUID("0d1f6f3e-6d0c-4c8a-9a52-6d1f5c1f4b7e")  # of attributes made of one object
_NETWORK, _PAYLOAD, _OTHER = "Network activity", "Payload delivery", "Other"
_OWN_ORGANISATION, _INHERIT = "0", "5"
_UNDEFINED_THREAT, _COMPLETED = "4", "2"

# MISP's type and category, and whether it is meant to be looked for.
_TYPES: Mapping[Kind, tuple[str, str]] = {
    Kind.IPV4: ("ip-dst", _NETWORK),
    Kind.IPV6: ("ip-dst", _NETWORK),
    Kind.DOMAIN: ("domain", _NETWORK),
    Kind.URL: ("url", _NETWORK),
    Kind.EMAIL: ("email-src", _PAYLOAD),
    Kind.MD5: ("md5", _PAYLOAD),
    Kind.SHA1: ("sha1", _PAYLOAD),
    Kind.SHA256: ("sha256", _PAYLOAD),
    Kind.SHA512: ("sha512", _PAYLOAD),
    Kind.SSDEEP: ("ssdeep", _PAYLOAD),
    Kind.TLSH: ("tlsh", _PAYLOAD),
    Kind.FILE_NAME: ("filename", _PAYLOAD),
    Kind.FILE_PATH: ("filename", _PAYLOAD),
    Kind.MAC: ("mac-address", _NETWORK),
    Kind.MUTEX: ("mutex", "Artifacts dropped"),
    Kind.REGISTRY_KEY: ("regkey", "Persistence mechanism"),
    Kind.ASN: ("AS", _NETWORK),
    Kind.CVE: ("vulnerability", "External analysis"),
    Kind.USER_AGENT: ("user-agent", _NETWORK),
    Kind.PHONE: ("phone-number", _OTHER),
    Kind.JA3: ("ja3-fingerprint-md5", _NETWORK),
}
_AS_TEXT = ("text", _OTHER)
_AS_PATTERN = ("stix2-pattern", "Payload installation")


class MispWriter:
    media_type = "application/json"
    ending = "misp.json"
    between = b",\n"
    brings_definitions = False

    def row(self, going: Going) -> bytes:
        return b",\n".join(orjson.dumps(each) for each in attributes_of(going))

    def head(self, label: Label) -> bytes:
        event = event_of(
            str(uuid.uuid4()),
            f"{label.team}, {label.tlp.label}",
            f"{label.at:%Y-%m-%d}",
            int(label.at.timestamp()),
            label.tlp,
            label.team,
            label.identity_id,
        )
        return b'{"Event":' + orjson.dumps(event)[:-1] + b',"Attribute":[\n'

    def tail(self, label: Label) -> bytes:
        return b"\n]}}\n"


def event_of(
    own: str, info: str, day: str, changed: int, tlp: Tlp, team: str, identity_id: str
) -> dict[str, Any]:
    """Without its attributes; ``changed`` in seconds since 1970."""
    return {
        "uuid": own,
        "info": info,
        "date": day,
        "timestamp": str(changed),
        "threat_level_id": _UNDEFINED_THREAT,
        "analysis": _COMPLETED,
        "distribution": _OWN_ORGANISATION,
        "published": False,
        "Orgc": {"name": team, "uuid": identity_id.partition("--")[2]},
        "Tag": [_tag(tlp)],
    }


def attributes_of(going: Going) -> list[dict[str, Any]]:
    """Empty for what has no place in MISP; of what is revoked, marked as deleted."""
    content = going.content
    if going.observables:
        named = [(*_type_of(one), one.value) for one in going.observables]
    elif content.get("pattern_type") == "stix":
        named = [(*_AS_PATTERN, str(content["pattern"]))]
    else:
        return []
    is_revoked = content.get("revoked") is True
    is_live = content["type"] == "indicator" and not is_revoked
    own = going.released.stix_id.partition("--")[2]
    return [
        {
            "uuid": own
            if len(named) == 1
            else str(uuid.uuid5(_NAMESPACE, f"{own} {kind} {value}")),
            "type": kind,
            "category": category,
            "value": value,
            "to_ids": is_live and kind not in ("text", "vulnerability"),
            "comment": str(content.get("name") or ""),
            "distribution": _INHERIT,
            "timestamp": str(_seconds(going)),
            "deleted": is_revoked,
            "disable_correlation": False,
            "Tag": [_tag(going.tlp), *([{"name": going.pap.label}] if going.pap else [])],
        }
        for kind, category, value in named
    ]


def _type_of(one: Observable) -> tuple[str, str]:
    return _TYPES.get(one.kind, _AS_TEXT)


def _tag(level: Tlp) -> dict[str, Any]:
    return {"name": f"tlp:{level.value}"}


def _seconds(going: Going) -> int:
    return (parse_us(going.released.version_text) or 0) // 1_000_000
