"""Words that must not be told: what they are, found however they are written, and taken out. Pure."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address, ip_network
from urllib.parse import unquote

from cirt.kernel.text import mark
from cirt.objects.observables.defang import refang
from cirt.objects.observables.kinds import Kind, Observable

LEAST = 3  # characters of a word; shorter ones stand in every text
GONE = "[…]"


class WordKind(StrEnum):
    VICTIM = "victim"
    ADDRESS = "address"
    INTERNAL = "internal"
    REPORTER = "reporter"
    TICKET = "ticket"
    REFERENCE = "reference"
    MOMENT = "moment"
    TYPED = "typed"


WORD_KINDS = {
    WordKind.VICTIM: mark("Names of those concerned"),
    WordKind.ADDRESS: mark("Addresses of constituents"),
    WordKind.INTERNAL: mark("Internal hosts and addresses"),
    WordKind.REPORTER: mark("Who reported it"),
    WordKind.TICKET: mark("Numbers of tickets"),
    WordKind.REFERENCE: mark("Ids of objects that may not be known"),
    WordKind.MOMENT: mark("Times of day"),
    WordKind.TYPED: mark("What you typed"),
}


@dataclass(frozen=True, slots=True)
class Word:
    kind: WordKind
    text: str


_TICKET = re.compile(
    r"\b(?:INC|REP|REL|MOU|ADV)-\d{4}-\d{4,}\b|\b(?:ticket|case|rt|otrs|jira)[-# :]{0,3}\d{3,}\b|#\d{4,}\b",
    re.IGNORECASE,
)
_OBJECT_ID = re.compile(
    r"\b[a-z][a-z0-9-]{1,60}--[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE
)
_MOMENT = re.compile(
    r"(?<=\d)[T ]\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:\s?Z|\s?[+-]\d{2}:?\d{2})?|\b\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\b"
)
_SHAPES = (
    (WordKind.REFERENCE, _OBJECT_ID),
    (WordKind.TICKET, _TICKET),
    (WordKind.MOMENT, _MOMENT),
)
_UNSEEN = re.compile("[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_SPACE = re.compile(r"\s+")
_INTERNAL_NETS = tuple(
    ip_network(net)
    for net in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16"),
        *("127.0.0.0/8", "fc00::/7", "fe80::/10", "::1/128"),
    )
)
_INTERNAL_NAME = re.compile(
    r"(?:.+\.)?(?:local|lan|internal|intranet|corp|intern|private|localdomain|home\.arpa)\Z"
)


def normal(text: str) -> str:
    """As it is compared: one form of each letter, without marks that nobody sees, not defanged."""
    return _folded(refang(_UNSEEN.sub("", text)))


def _folded(text: str) -> str:
    return _SPACE.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


def worth(words: Iterable[Word]) -> list[Word]:
    """Each once, the longest first; those too short to be told from any text are left out."""
    found: dict[str, Word] = {}
    for word in words:
        key = normal(word.text)
        if len(key) >= LEAST:
            found.setdefault(key, word)
    return [found[key] for key in sorted(found, key=lambda key: (-len(key), key))]


def told(words: Sequence[Word], texts: Iterable[str]) -> list[Word]:
    """Those of the words that any of these texts still tells, in whatever spelling."""
    ways = [way for text in texts for way in _readings(text)]
    return [word for word in words if any(normal(word.text) in way for way in ways)]


def shapes_told(texts: Iterable[str]) -> list[WordKind]:
    """What is told by its shape: numbers of tickets, ids of objects, times of day."""
    every = list(texts)
    return [kind for kind, shape in _SHAPES if any(shape.search(text) for text in every)]


def _readings(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((_folded(text), normal(text), normal(unquote(text)))))


def take_out(words: Sequence[Word], text: str) -> tuple[str, list[Word]]:
    """The text without them, and without what is told by its shape; and which were in it.

    Empty where something of them would be left: then nothing of the text goes.
    """
    found = told(words, [text])
    clear = _UNSEEN.sub("", text)
    for kind, shape in _SHAPES:
        for match in shape.finditer(clear):
            found.append(Word(kind, match[0].strip()))
        clear = shape.sub("" if kind is WordKind.MOMENT else GONE, clear)
    for word in words:
        clear = _written(word.text).sub(GONE, clear)
    clear = re.sub(rf"(?:{re.escape(GONE)}\s*)+", f"{GONE} ", clear).strip()
    is_clean = not told(words, [clear]) and not shapes_told([clear])
    return (clear if is_clean and clear != GONE else ""), list(dict.fromkeys(found))


def _written(word: str) -> re.Pattern[str]:
    """The word as people write it: defanged, in other letters' case, with other spaces."""
    return re.compile(
        "".join(_spelt(char) for char in _SPACE.sub(" ", word.strip())), re.IGNORECASE
    )


def _spelt(char: str) -> str:
    if char == " ":
        return r"\s+"
    if char == ".":
        return r"\s?(?:[\[({<]\s?(?:\.|dot)\s?[\])}>]|\\?\.)\s?"
    if char == "@":
        return r"\s?(?:[\[({<]\s?(?:@|at)\s?[\])}>]|@)\s?"
    return re.escape(char)


def is_internal(observable: Observable) -> bool:
    """Whether it is an address or a host that is known inside one network only."""
    value = observable.value
    if observable.kind in (Kind.IPV4, Kind.IPV6):
        address = ip_address(value.partition("/")[0])
        return any(address.version == net.version and address in net for net in _INTERNAL_NETS)
    host = value
    if observable.kind is Kind.URL:
        host = value.partition("://")[2].partition("/")[0].rpartition("@")[2].partition(":")[0]
        if re.fullmatch(r"[\d.]+", host):
            return is_internal(Observable(Kind.IPV4, host))
        return "." not in host or bool(_INTERNAL_NAME.match(host))
    return observable.kind is Kind.DOMAIN and bool(_INTERNAL_NAME.match(host))
