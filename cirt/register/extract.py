"""Finds observables in free text: what a person wrote, defanged or not, in any language.

The text is refanged once, then each form of the table below is looked for in turn. What an earlier
form took, a later one does not see: the host of a URL is not offered beside the URL.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from cirt.objects.observables import values
from cirt.objects.observables.defang import Plain, plain
from cirt.objects.observables.kinds import Kind, Observable, canonical
from cirt.register import doubts, shapes

_RESERVED_TOPS = frozenset({"example", "test", "invalid", "local", "internal", "lan", "i2p"})
_HASHES = {32: Kind.MD5, 40: Kind.SHA1, 64: Kind.SHA256, 70: Kind.TLSH, 128: Kind.SHA512}
_PAIRS = {")": "(", "]": "[", "}": "{"}
_ENDS = ".,;:!?'*({["


@dataclass(frozen=True, slots=True)
class Found:
    """An observable and its first place: ``text[start:end] == written``."""

    observable: Observable
    start: int
    end: int
    written: str


@dataclass(frozen=True, slots=True)
class _Reading:
    observable: Observable
    start: int  # in the plain text
    end: int


_Reader = Callable[[Plain, re.Match[str]], _Reading | None]


def find(text: str, limit: int = 2000) -> list[Found]:
    """Each distinct observable of ``text`` once, at its first place, in text order, ``limit`` at most.

    An address without a scheme but with a path (``evil.example/gate.php``) is read as ``http``.
    """
    clear = plain(text)
    first: dict[Observable, _Reading] = {}
    for reading in _readings(clear):
        known = first.get(reading.observable)
        if known is None or reading.start < known.start:
            first[reading.observable] = reading
    in_order = sorted(first.values(), key=lambda reading: reading.start)
    return [_found(text, clear, reading) for reading in in_order[:limit]]


def _found(text: str, clear: Plain, reading: _Reading) -> Found:
    start, end = clear.origin(reading.start, reading.end)
    return Found(reading.observable, start, end, text[start:end])


def _readings(clear: Plain) -> Iterator[_Reading]:
    taken = bytearray(len(clear.text))
    for pattern, read in _FORMS:
        for match in pattern.finditer(clear.text):
            start, end = match.span()
            if taken.find(1, start, end) >= 0:
                continue
            reading = read(clear, match)
            if reading:
                end = max(end, reading.end)
                taken[start:end] = b"\x01" * (end - start)
                yield reading


def _as(kind: Kind, trim: str = "") -> _Reader:
    """Reads what the pattern caught as ``kind``, without the characters of ``trim`` after it."""

    def read(clear: Plain, match: re.Match[str]) -> _Reading | None:
        group = match.lastgroup or "value"
        written = _balanced(match[group]).rstrip(trim) if trim else match[group]
        return _reading(kind, written, match.start(group))

    return read


def _reading(kind: Kind, written: str, start: int) -> _Reading | None:
    observable = canonical(kind, written)
    return _Reading(observable, start, start + len(written)) if observable else None


def _balanced(text: str) -> str:
    """``text`` up to the first closing bracket that nothing in it opened."""
    depth = dict.fromkeys(_PAIRS.values(), 0)
    for at, character in enumerate(text):
        if character in depth:
            depth[character] += 1
        elif character in _PAIRS:
            depth[_PAIRS[character]] -= 1
            if depth[_PAIRS[character]] < 0:
                return text[:at]
    return text


def _cut(tail: str) -> str:
    """A URL as far as it goes: not the bracket it stands in, nor the full stop of its sentence."""
    return _balanced(tail).rstrip(_ENDS)


def _url(clear: Plain, match: re.Match[str]) -> _Reading | None:
    scheme, sep, rest = match[0].partition("://")
    if rest.startswith("["):
        host, bracket, tail = rest.partition("]")
        written = scheme + sep + host + bracket + _cut(tail)
    else:
        written = scheme + sep + _cut(rest)
    return None if rest.startswith("localhost") else _reading(Kind.URL, written, match.start())


def _email(clear: Plain, match: re.Match[str]) -> _Reading | None:
    local = match["local"].lstrip(".'")
    host = _host(match["host"])
    if not local or not host:
        return None
    return _reading(Kind.EMAIL, f"{local}@{host}", match.end("local") - len(local))


def _host(dotted: str) -> str | None:
    """``dotted`` as far as it is a name under a top-level domain that exists, or None."""
    written = dotted.rstrip("-_")
    head, _, top = written.rpartition(".")
    cut = top if top.lower().startswith("xn--") else top.partition("-")[0]
    name = f"{head}.{cut}"
    if _exists(name):
        return name
    inner = head.rpartition(".")[2]
    is_next_sentence = top[:1].isupper() or top.isascii() != inner.isascii()
    return head if "." in head and is_next_sentence and _exists(head) else None


@lru_cache(maxsize=4096)
def _exists(name: str) -> bool:
    value = values.domain(name)
    return value is not None and (
        values.is_registrable(value) or value.rpartition(".")[2] in _RESERVED_TOPS
    )


def _dotted(clear: Plain, match: re.Match[str]) -> _Reading | None:
    start, end = match.span()
    is_marked = clear.is_marked(start, end)
    file = _seen(clear, start, start + len(match[0].rstrip("-_")))
    if not is_marked and doubts.is_file(file):
        return _reading(Kind.FILE_NAME, file.written, start)
    lead = len(match[0]) - len(match[0].lstrip("-_" if match[0].endswith("_") else "-"))
    host = _host(match[0][lead:])
    if not host:
        return None
    start += lead
    end = start + len(host)
    if not is_marked and doubts.is_no_host(_seen(clear, start, end)):
        return None
    return _with_path(clear, start, end) or _reading(Kind.DOMAIN, host, start)


def _seen(clear: Plain, start: int, end: int) -> doubts.Dotted:
    text = clear.text
    return doubts.Dotted(text[start:end], text[max(0, start - 1) : start], text[end : end + 3])


def _with_path(clear: Plain, start: int, end: int) -> _Reading | None:
    """The URL that begins with the host from ``start`` to ``end``, if a path follows."""
    after = shapes.TAIL.match(clear.text, end)
    tail = _cut(after[0]) if after else ""
    path = tail.partition("/")[2]
    if not path or _exists(path):  # "one.example/two.example" are two names
        return None
    observable = canonical(Kind.URL, f"http://{clear.text[start:end]}{tail}")
    return _Reading(observable, start, end + len(tail)) if observable else None


def _ipv4(clear: Plain, match: re.Match[str]) -> _Reading | None:
    start, end = match.span("value")
    before = clear.text[max(0, start - 80) : start]
    if not clear.is_marked(start, end) and doubts.is_no_address(before, match["value"]):
        return None
    url = None if "/" in match["value"] else _with_path(clear, start, end)
    return url or _reading(Kind.IPV4, match["value"], start)


def _ipv6(clear: Plain, match: re.Match[str]) -> _Reading | None:
    start, written = match.start("value"), match["value"]
    if written.endswith(":") and not written.endswith("::"):
        written = written[:-1]  # "2001:db8::1:" at the head of a list
    if not clear.is_marked(start, start + len(written)) and doubts.is_no_ipv6(written):
        return None
    return _reading(Kind.IPV6, written, start)


def _hash(clear: Plain, match: re.Match[str]) -> _Reading | None:
    kind = _HASHES.get(len(match["value"]))
    before = clear.text[max(0, match.start() - 24) : match.start()]
    if not kind or doubts.is_no_hash(before, match["value"]):
        return None
    return _reading(kind, match["value"], match.start())


def _quoted(clear: Plain, match: re.Match[str]) -> _Reading | None:
    """A file's name or path in quotes, spaces and all."""
    written = match["value"].strip()
    start = match.start() + match["value"].index(written)
    if re.match(r"[A-Za-z]:\\", written):
        return _reading(Kind.FILE_PATH, written, start)
    name = doubts.Dotted(written, "", "")
    is_spaced = " " in written and "." in written and "/" not in written
    return _reading(Kind.FILE_NAME, written, start) if is_spaced and doubts.is_file(name) else None


_FORMS: tuple[tuple[re.Pattern[str], _Reader], ...] = (
    (shapes.USER_AGENT, _as(Kind.USER_AGENT, trim=" .,;")),
    (shapes.URL, _url),
    (shapes.QUOTED, _quoted),
    (shapes.REGISTRY_KEY, _as(Kind.REGISTRY_KEY, trim=".,;:!?'`")),
    (shapes.MUTEX, _as(Kind.MUTEX, trim=".")),
    (shapes.WINDOWS_PATH, _as(Kind.FILE_PATH, trim=".,;:!?'`\\")),
    (shapes.UNIX_PATH, _as(Kind.FILE_PATH, trim=".,;:!?'`")),
    (shapes.EMAIL, _email),
    (shapes.SSDEEP, _as(Kind.SSDEEP)),
    (shapes.TLSH, _as(Kind.TLSH)),
    (shapes.HEX, _hash),
    (shapes.MAC, _as(Kind.MAC)),
    (shapes.IPV6, _ipv6),
    (shapes.IPV4, _ipv4),
    (shapes.CVE, _as(Kind.CVE)),
    (shapes.ASN, _as(Kind.ASN)),
    (shapes.DOTTED, _dotted),
)
