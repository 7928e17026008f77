"""STIX patterns: read them (``parse``), write one for an observable (``pattern_for``)."""

import re
from collections.abc import Callable

from cirt.kernel.errors import Invalid
from cirt.kernel.text import mark
from cirt.objects.observables.kinds import Kind, Observable
from cirt.objects.patterns.lexer import quote


class NoPattern(Invalid):
    code = "no-pattern"
    message = mark("STIX has no pattern for a {kind}. Share {value} as an object of its own.")


def pattern_for(observable: Observable) -> str:
    """The pattern that looks for exactly this observable.

    Raises:
        NoPattern: STIX 2.1 has no property for this kind, such as a CVE number or a telephone number.
    """
    kind, value = observable.kind, observable.value
    if kind in _SPECIAL:
        return f"[{_SPECIAL[kind](value)}]"
    if kind not in _PATHS:
        raise NoPattern(kind=kind.value, value=value)
    return f"[{_PATHS[kind]} = {quote(value)}]"


_PATHS: dict[Kind, str] = {
    Kind.DOMAIN: "domain-name:value",
    Kind.URL: "url:value",
    Kind.EMAIL: "email-addr:value",
    Kind.MAC: "mac-addr:value",
    Kind.MUTEX: "mutex:name",
    Kind.REGISTRY_KEY: "windows-registry-key:key",
    Kind.FILE_NAME: "file:name",
    Kind.MD5: "file:hashes.MD5",
    Kind.SHA1: "file:hashes.'SHA-1'",
    Kind.SHA256: "file:hashes.'SHA-256'",
    Kind.SHA512: "file:hashes.'SHA-512'",
    Kind.SSDEEP: "file:hashes.SSDEEP",
    Kind.TLSH: "file:hashes.TLSH",
    Kind.SERIAL: "x509-certificate:serial_number",
    Kind.USER_AGENT: ("network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'"),
}


def _address(kind: Kind) -> Callable[[str], str]:
    def test(value: str) -> str:
        return f"{kind.value}:value {'ISSUBSET' if '/' in value else '='} {quote(value)}"

    return test


def _number(value: str) -> str:
    return f"autonomous-system:number = {value.removeprefix('AS')}"


def _path(value: str) -> str:
    """A directory, or a file in its directory, which is how STIX cuts a path."""
    match = re.fullmatch(r"(.*[/\\])([^/\\]+)", value, re.DOTALL)
    if match is None:
        return f"directory:path = {quote(value)}"
    folder, name = match.groups()
    if re.search(r"[/\\]", folder[:-1]):
        folder = folder[:-1]
    return f"file:name = {quote(name)} AND file:parent_directory_ref.path = {quote(folder)}"


_SPECIAL: dict[Kind, Callable[[str], str]] = {
    Kind.IPV4: _address(Kind.IPV4),
    Kind.IPV6: _address(Kind.IPV6),
    Kind.ASN: _number,
    Kind.FILE_PATH: _path,
}
