"""Cuts a STIX pattern into tokens."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from cirt.kernel.text import mark


@dataclass(frozen=True, slots=True)
class PatternError:
    """Why a text is no pattern: what stands at ``position`` (from 0) and what would be right."""

    position: int
    found: str
    expected: str

    message = mark(
        "The pattern breaks off at character {position}: {found} where {expected} is due."
    )

    @property
    def values(self) -> dict[str, object]:
        return {"position": self.position, "found": self.found, "expected": self.expected}

    def __str__(self) -> str:
        return self.message.format(**self.values)


class Broken(Exception):
    """Stops reading; never leaves the pattern modules."""

    def __init__(self, position: int, found: str, expected: str) -> None:
        super().__init__()
        self.error = PatternError(position, found[:60] or "the end", expected)


class Token(NamedTuple):
    kind: str  # the text itself for keywords and signs
    text: str
    position: int


KEYWORDS = frozenset(
    {"AND", "OR", "NOT", "FOLLOWEDBY", "LIKE", "MATCHES", "ISSUPERSET", "ISSUBSET", "EXISTS"}
    | {"LAST", "IN", "START", "STOP", "SECONDS", "true", "false", "WITHIN", "REPEATS", "TIMES"}
)
_SAME_SIGN = {"==": "=", "<>": "!="}
_TOKEN = re.compile(
    r"""
      (?P<skip>[\s\x0b\x0c\x85\xa0]+ | /\*.*?\*/ | //[^\r\n]*)
    | (?P<string>'[^'\\]*(?:\\['\\][^'\\]*)*')
    | (?P<time>t'[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?Z')
    | (?P<hex>h'(?:[0-9a-fA-F]{2})*')
    | (?P<binary>b'(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)')
    | (?P<float>[+-]?[0-9]*\.[0-9]+)
    | (?P<int>[+-]?(?:0|[1-9][0-9]*))
    | (?P<hyphenated>[A-Za-z_][A-Za-z0-9_]*-[A-Za-z0-9_-]*)
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<sign>==|=|!=|<>|<=|>=|<|>|[\[\]():.,*])
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(['\\])")


def quote(text: str) -> str:
    """A string literal of a pattern."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def unquote(text: str) -> str:
    inner = text[1:-1]
    return _ESCAPE.sub(r"\1", inner) if "\\" in inner else inner


def tokens(pattern: str) -> Iterator[Token]:
    position = 0
    end = len(pattern)
    match_at = _TOKEN.match
    while position < end:
        match = match_at(pattern, position)
        if match is None:
            raise Broken(position, pattern[position : position + 20], "a word, sign or literal")
        kind, text = match.lastgroup, match.group()
        if kind != "skip":
            if kind == "sign":
                kind = text = _SAME_SIGN.get(text, text)
            elif text in KEYWORDS:
                kind = text
            yield Token(kind or "", text, position)
        position = match.end()
    while True:
        yield Token("end", "", end)
