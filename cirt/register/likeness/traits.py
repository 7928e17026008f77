"""The traits that a report is compared by, computed once when it comes. Pure.

Of its text: words in order, folded, every number and address part without letters as ``#``; each run of four is
hashed, and of all hashes the twelve smallest are kept. Two texts that share most of their runs share most of
their smallest hashes too (Broder's bottom-k sketch), so that twelve rows with an index find what is alike in any
language and of any length, at the cost of one pass over the text. Scripts without spaces count by character.

Of who wrote it: organisation and contact, folded.
"""

import heapq
import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b

from cirt.register.likeness.models import TraitKind

KEPT = 12
_RUN = 4
_MOST_CHARACTERS = 200_000  # a mail with all it quotes is shorter
_WORD = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]|[^\W\d_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]+|\d+"
)
_SENTENCE = re.compile(r"(?<=[.!?؟。！？])\s+|(?<=[。！？])|\n+")  # noqa: RUF001  (full-width marks)


@dataclass(frozen=True, slots=True)
class Trait:
    """``of`` is how many traits of this kind the report has."""

    key: int
    kind: TraitKind
    of: int


def traits_of(text: str, organisation: str, contact: str) -> list[Trait]:
    """Each different trait once."""
    kept = heapq.nsmallest(KEPT, {_key(TraitKind.TEXT, run) for run in _runs(words_of(text))})
    found = [Trait(key, TraitKind.TEXT, len(kept)) for key in kept]
    for kind, value in ((TraitKind.ORGANISATION, organisation), (TraitKind.CONTACT, contact)):
        if value.strip():
            found.append(Trait(key_of(kind, value), kind, 1))
    return found


def key_of(kind: TraitKind, value: str) -> int:
    """Of who wrote it: organisation or contact, however spaced and written large."""
    return _key(kind, " ".join(value.casefold().split()))


def words_of(text: str) -> list[str]:
    return [
        "#" if word.isdigit() else word
        for word in _WORD.findall(text[:_MOST_CHARACTERS].casefold())
    ]


def sentences_alike(one: str, other: str) -> tuple[int, int]:
    """How many sentences stand in both texts, and of how many of the longer one; for the reader."""
    first, second = _sentences(one), _sentences(other)
    return len(first & second), max(1, len(first), len(second))


def _sentences(text: str) -> set[str]:
    pieces = (words_of(piece) for piece in _SENTENCE.split(text[:_MOST_CHARACTERS]))
    return {" ".join(words) for words in pieces if words}


def _runs(words: list[str]) -> Iterator[str]:
    """A text shorter than a run is one run."""
    if not words:
        return
    for at in range(max(1, len(words) - _RUN + 1)):
        yield " ".join(words[at : at + _RUN])


def _key(kind: TraitKind, value: str) -> int:
    digest = blake2b(f"{kind}:{value}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
