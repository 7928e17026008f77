"""From pasted lines to entries of a list. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from cirt.objects.listing import Entry
from cirt.objects.observables.kinds import Kind, Observable, canonical, refang

MAX_VALUES = 20_000
_KINDS = (
    Kind.IPV4,
    Kind.IPV6,
    Kind.MD5,
    Kind.SHA1,
    Kind.SHA256,
    Kind.SHA512,
    Kind.CVE,
    Kind.ASN,
    Kind.MAC,
    Kind.URL,
    Kind.EMAIL,
    Kind.DOMAIN,
    Kind.PHONE,
    Kind.CRYPTO,
)
_BETWEEN = re.compile(r"[\s,;]+")
_DOTTED = re.compile(r"\d+(?:\.\d+){3}(?:/\d+)?")
_LONGEST = 4096


@dataclass(frozen=True, slots=True)
class Reading:
    """Each value once, in the order written, and what is none."""

    entries: list[Entry]
    unread: list[str]


def read_values(text: str, *, below: bool) -> Reading:
    """Values with spaces, commas or breaks between them, made safe or not. ``below``: domains with their subdomains.

    A domain written like ``*.example.org`` counts with what lies below it in any case.
    """
    entries: dict[int, Entry] = {}
    unread: list[str] = []
    for word in _words(text):
        found = _entry(word, below)
        if found is None:
            unread.append(word)
            continue
        known = entries.get(found.observable.key)
        if known is None or found.below:
            entries[found.observable.key] = found
    return Reading(list(entries.values()), unread)


def _words(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if not line.lstrip().startswith("#"):  # as in many such files
            yield from filter(None, _BETWEEN.split(line.strip()))


def _entry(word: str, below: bool) -> Entry | None:
    if len(word) > _LONGEST:
        return None
    clear = refang(word)
    is_starred = clear.startswith("*.")
    found = _observable(clear.removeprefix("*."))
    if found is None or (is_starred and found.kind is not Kind.DOMAIN):
        return None
    if _is_meant_otherwise(clear, found):
        return None
    return Entry(found, found.kind is Kind.DOMAIN and (below or is_starred))


def _is_meant_otherwise(clear: str, found: Observable) -> bool:
    """What could be read, and would not keep what its author means: all addresses there are, every mailbox of a
    domain, an address that is written with zeros too many."""
    if found.kind in (Kind.IPV4, Kind.IPV6):
        return found.value.endswith("/0")
    if found.kind is Kind.EMAIL:
        return found.value.startswith("*")
    return found.kind is Kind.PHONE and _DOTTED.fullmatch(clear) is not None


def _observable(text: str) -> Observable | None:
    tries = (canonical(kind, text) for kind in _KINDS)
    return next((found for found in tries if found is not None), None)
