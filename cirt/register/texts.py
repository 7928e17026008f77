"""Text as it came, made fit for storing: what a database column refuses is shown, never dropped."""

import re
import unicodedata

_TITLE_CHARS = 120
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
    """The bytes of a text, lone surrogates included."""
    return text.encode("utf-8", "surrogatepass")


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
