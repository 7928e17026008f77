"""For connectors that make STIX 2.1 of something else: observables by kind, patterns, ids that are the same every time."""

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any

Object = dict[str, Any]

_OBSERVABLES = uuid.UUID("00abedb4-aa42-466c-9c01-fed23315a9b7")  # STIX 2.1, section 2.9
_LONGEST = 4000  # characters of one value
_HEX = re.compile(r"[0-9a-fA-F]+\Z")
_DOMAIN = re.compile(r"(?=.{1,253}\.?\Z)(?:\*\.)?(?:[\w-]{1,63}\.)+[\w-]{2,63}\.?\Z")
_EMAIL = re.compile(r"[^\s@<>\"]{1,64}@[^\s@<>\"]{1,253}\Z")
_URL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]{1,20}://[^\s\x00-\x1f\x7f]+\Z")
_MAC = re.compile(r"[0-9a-fA-F]{2}(?:[:-][0-9a-fA-F]{2}){5}\Z")
_ASN = re.compile(r"(?:AS)?([0-9]{1,10})\Z", re.IGNORECASE | re.ASCII)
_CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,}\Z", re.IGNORECASE | re.ASCII)
_HASHES = {
    "md5": ("MD5", 32),
    "sha1": ("SHA-1", 40),
    "sha256": ("SHA-256", 64),
    "sha512": ("SHA-512", 128),
}
_FUZZY = {"ssdeep": "SSDEEP", "tlsh": "TLSH"}
_NAMED = {"filename": "file", "mutex": "mutex", "regkey": "windows-registry-key"}
_PROPERTY = {"windows-registry-key": "key", "autonomous-system": "number"}

KINDS = (
    "ip", "domain", "url", "email", *_HASHES, *_FUZZY, "filename", "mac", "mutex", "regkey", "asn",
)  # fmt: skip

# TLP 2.0 and PAP, as everybody names them.
TLP_REFS = {
    "clear": "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
    "green": "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    "amber": "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    "amber+strict": "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
    "red": "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
}
PAP_REFS = {
    "clear": "marking-definition--ad15a0cd-55b6-4588-a14c-a66105329b92",
    "green": "marking-definition--c43594d1-4b11-4c59-93ab-1c9b14d53ce9",
    "amber": "marking-definition--60f8932b-e51e-4458-b265-a2e8be9a80ab",
    "red": "marking-definition--740d36e5-7714-4c30-961a-3ae632ceee0e",
}


@dataclass(frozen=True, slots=True)
class Seen:
    """One observable: the STIX object that it is, without id, and what a pattern compares."""

    stix_type: str
    path: str
    value: str | int
    content: Mapping[str, Any]

    @property
    def pattern(self) -> str:
        said = str(self.value) if isinstance(self.value, int) else quoted(self.value)
        return f"[{self.stix_type}:{self.path} = {said}]"

    @property
    def object(self) -> Object:
        """With the id that the standard gives it."""
        made = f"{self.stix_type}--{uuid.uuid5(_OBSERVABLES, _canonical(self.content))}"
        return {"type": self.stix_type, "spec_version": "2.1", "id": made, **self.content}


def observable(kind: str, value: str) -> Seen | None:
    """Of one of ``KINDS``; None where the value is no such thing."""
    value = value.strip()
    if not value or len(value) > _LONGEST or not _is_text(value):
        return None
    if kind in _HASHES or kind in _FUZZY:
        return _hash(kind, value)
    if kind in _NAMED:
        return _simple(_NAMED[kind], value)
    return {
        "ip": _ip,
        "domain": _domain,
        "url": _url,
        "email": _email,
        "mac": _mac,
        "asn": _asn,
    }[kind](value)


def guess(value: str) -> str:
    """The kind that a value of a mixed list is, or nothing."""
    value = refanged(value)
    order = ("ip", "url", "email", *_HASHES, "mac", "domain")
    return next((kind for kind in order if observable(kind, value)), "")


def refanged(value: str) -> str:
    """``hxxp://bad[.]example`` as it is meant."""
    plain = value.strip().replace("[.]", ".").replace("(.)", ".").replace("[:]", ":")
    return re.sub(r"^hxxp", "http", plain.replace("[@]", "@"), flags=re.IGNORECASE)


def quoted(text: str) -> str:
    """As a string in a STIX pattern."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def instant(at: datetime) -> str:
    """As STIX writes it, in milliseconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def fixed_id(stix_type: str, namespace: uuid.UUID, *parts: str) -> str:
    """The same for the same parts, every time and everywhere."""
    return f"{stix_type}--{uuid.uuid5(namespace, _canonical(list(parts)))}"


def envelope(objects: list[Object]) -> bytes:
    return json.dumps({"objects": objects}).encode()


def cve(value: str) -> str | None:
    """Its one spelling."""
    return value.strip().upper() if _CVE.match(value.strip()) else None


def _is_text(value: str) -> bool:
    """Without NUL and lone surrogates, which nothing behind us can hold."""
    return "\x00" not in value and not any("\ud800" <= each <= "\udfff" for each in value)


def _canonical(value: Any) -> str:
    """As UTF-8 can hold it: a lone surrogate as its number."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace").decode()


def _simple(stix_type: str, value: str) -> Seen:
    path = "name" if stix_type in ("file", "mutex") else _PROPERTY.get(stix_type, "value")
    return Seen(stix_type, path, value, {path: value})


def _hash(kind: str, value: str) -> Seen | None:
    if kind in _FUZZY:
        name = _FUZZY[kind]
    else:
        name, length = _HASHES[kind]
        if len(value) != length or not _HEX.match(value):
            return None
        value = value.lower()
    path = f"hashes.'{name}'" if "-" in name else f"hashes.{name}"
    return Seen("file", path, value, {"hashes": {name: value}})


def _ip(value: str) -> Seen | None:
    try:
        network = ip_network(value.partition("%")[0], strict=False)
    except ValueError:
        return None
    return _simple(f"ipv{network.version}-addr", str(network) if "/" in value else str(network[0]))


def _domain(value: str) -> Seen | None:
    plain = value.rstrip(".").lower()
    if not _DOMAIN.match(plain) or plain.rpartition(".")[2].isdigit():
        return None
    return _simple("domain-name", plain.removeprefix("*."))


def _url(value: str) -> Seen | None:
    return _simple("url", value) if _URL.match(value) else None


def _email(value: str) -> Seen | None:
    return _simple("email-addr", value) if _EMAIL.match(value) else None


def _mac(value: str) -> Seen | None:
    return _simple("mac-addr", value.replace("-", ":").lower()) if _MAC.match(value) else None


def _asn(value: str) -> Seen | None:
    found = _ASN.match(value)
    if found is None:
        return None
    number = int(found[1])
    return Seen("autonomous-system", "number", number, {"number": number})
