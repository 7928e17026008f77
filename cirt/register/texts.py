"""Text as it came, made fit for storing: what a database column refuses is shown, never dropped."""

import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import quote_from_bytes

_TITLE_CHARS = 120
_LONGEST_NAME = 255
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_SPACES = re.compile(r"\s+")
_SHOWN = {"\x00": "\u2400"}  # the picture of NUL; a lone surrogate has none
_REPLACEMENT = "\ufffd"
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn"}  # controls, marks of direction, what is no character


def is_storable(text: str) -> bool:
    """PostgreSQL refuses NUL, and no UTF-8 can hold a lone surrogate."""
    return _UNSTORABLE.search(text) is None


def storable(text: str) -> str:
    return _UNSTORABLE.sub(lambda match: _SHOWN.get(match[0], _REPLACEMENT), text)


def as_sent(text: str) -> bytes:
    """The bytes of a text: those that were no UTF-8 (PEP 383) as they came, other lone surrogates included."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def odd_names(names: Iterable[str]) -> list[str]:
    """Names of files that are not kept to the letter, with their bytes in percent-encoding."""
    return [quote_from_bytes(as_sent(name)) for name in names if not _is_plain(name)]


def _is_plain(name: str) -> bool:
    return name.isprintable() and 0 < len(name) <= _LONGEST_NAME


def one_line(text: str, limit: int) -> str:
    """A single line to show in lists: no controls, nothing that turns the direction, at most ``limit``."""
    visible = "".join(
        " " if c in "\t\r\n" else c for c in text if c in "\t\r\n" or not _is_hidden(c)
    )
    line = _SPACES.sub(" ", visible).strip()
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def title_of(text: str) -> str:
    """The first line that says something, shortened; empty if none does."""
    for line in text[:100_000].splitlines():
        title = one_line(line, _TITLE_CHARS)
        if any(c.isalnum() for c in title):
            return title
    return ""


def _is_hidden(character: str) -> bool:
    return unicodedata.category(character) in _HIDDEN
