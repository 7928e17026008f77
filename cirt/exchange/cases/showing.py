"""The bytes of an arrival as text that can be looked at: laid out, with what nobody sees made visible."""

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from cirt.exchange.models import Quarantined
from cirt.kernel.work import Work
from cirt.sharing.gate import show_arrival

MOST = 20_000  # characters on a page
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s"{}\[\],:]+')
_INDENT = "  "
_UNSEEN = ("Cc", "Cf", "Co", "Cs", "Zl", "Zp")


@dataclass(frozen=True, slots=True)
class Bytes:
    """``is_laid_out``: spaces and line breaks are ours; else it stands as it came."""

    text: str
    size: int
    is_laid_out: bool
    is_cut: bool


def shown_bytes(work: Work, arrival_id: int) -> Bytes | None:
    """None where nothing is kept, or it is not for the actor, or nobody can say yet for whom it is."""
    row = work.session.get(Quarantined, arrival_id)
    if row is None or row.body is None:
        return None
    shown = show_arrival(work, row.body, row.stix_id)
    if shown is None:
        return None
    text, is_laid_out = laid_out(shown.body)
    return Bytes(text[:MOST], len(shown.body), is_laid_out, len(text) > MOST)


def laid_out(raw: bytes) -> tuple[str, bool]:
    """JSON with one value a line, each written as it came; anything else as it is."""
    text = raw.decode("utf-8", "replace")
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return visible(text), False
    return visible("".join(_lines(text))), True


def _lines(text: str) -> Iterator[str]:
    depth = 0
    for piece in _TOKEN.findall(text):
        if piece in ("}", "]"):
            depth -= 1
            yield "\n" + _INDENT * depth + piece
        elif piece in ("{", "["):
            depth += 1
            yield piece + "\n" + _INDENT * depth
        elif piece == ",":
            yield ",\n" + _INDENT * depth
        elif piece == ":":
            yield ": "
        else:
            yield piece


def visible(text: str) -> str:
    """What changes how a text is shown and is not seen itself, as JSON writes it."""
    return "".join(
        c if c in "\n\t" or unicodedata.category(c) not in _UNSEEN else _escape(c) for c in text
    )


def _escape(character: str) -> str:
    return f"\\u{ord(character):04x}"
