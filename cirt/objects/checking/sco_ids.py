"""The deterministic ids of observables (STIX 2.1, section 2.9)."""

import uuid
from collections.abc import Mapping
from typing import Any

import orjson

_NAMESPACE = uuid.UUID("00abedb4-aa42-466c-9c01-fed23315a9b7")
_HASH_ORDER = ("MD5", "SHA-1", "SHA-256", "SHA-512")

_CONTRIBUTING: dict[str, tuple[str, ...]] = {
    stix_type: tuple(names.split())
    for stix_type, names in {
        "artifact": "hashes payload_bin",
        "autonomous-system": "number",
        "directory": "path",
        "domain-name": "value",
        "email-addr": "value",
        "email-message": "from_ref subject body",
        "file": "hashes name extensions parent_directory_ref",
        "ipv4-addr": "value",
        "ipv6-addr": "value",
        "mac-addr": "value",
        "mutex": "name",
        "network-traffic": "start end src_ref dst_ref src_port dst_port protocols extensions",
        "software": "name cpe swid vendor version",
        "url": "value",
        "user-account": "account_type user_id account_login",
        "windows-registry-key": "key values",
        "x509-certificate": "hashes serial_number",
    }.items()
}


def sco_id(obj: Mapping[str, Any]) -> str | None:
    """The id that the standard recommends for an observable, or None where it has none to give.

    Floats inside extensions are written as RFC 8785 asks only below 1e16; larger ones never occur there.
    """
    stix_type = obj["type"]
    present = {
        name: _one_hash(obj[name]) if name == "hashes" else obj[name]
        for name in _CONTRIBUTING.get(stix_type, ())
        if name in obj
    }
    if not present:
        return None
    name = orjson.dumps(present, option=orjson.OPT_SORT_KEYS).decode()
    return f"{stix_type}--{uuid.uuid5(_NAMESPACE, name)}"


def _one_hash(hashes: Mapping[str, str]) -> dict[str, str]:
    name = next((name for name in _HASH_ORDER if name in hashes), None) or min(hashes)
    return {name: hashes[name]}
