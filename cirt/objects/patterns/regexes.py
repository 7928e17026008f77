"""Looks at regular expressions of peers without ever compiling or running one.

Compiling is no safe check either: ``re`` takes most of a second for a thousand characters of ranges without
case. This reads each character once. Patterns speak PCRE (STIX 2.1, section 9.6.1); refused is what PCRE
refuses and no other dialect takes. What PCRE alone knows passes.
"""

import re
from dataclasses import dataclass, field

MAX_LENGTH = 1_000  # beyond it readers are warned

_PIECE = re.compile(
    r"""
      (?P<quoted>\\Q.*?(?:\\E|\Z))
    | (?P<reference>\\[1-9](?![0-9]))
    | (?P<item>\\.)
    | (?P<cut>\\\Z)
    | (?P<set>\[(?>\^?\]?)(?>(?:\\.|\[:\^?[a-z]+:\]|[^\]\\])*)\])
    | (?P<open_set>\[)
    | (?P<comment>\(\?\#[^)]*\)?)
    | (?P<aside>\(\*[A-Za-z_0-9:=-]*\)|\(\?[imsnxJUXaLu^]*(?:-[imsnxJUX]+)?\))
    | (?P<named>\((?:\?P?<[A-Za-z_]|\?'))
    | (?P<open>\((?:\?(?:<[=!]|[:=!>|&R0-9+-]|P[=>])?)?)
    | (?P<close>\))
    | (?P<or>\|)
    | (?P<repeat>(?:[*+?]|\{[0-9]{1,9}(?:,[0-9]{0,9})?\})[?+]?)
    | (?P<plain>[^\\\[()|*+?{]+|.)
    """,
    re.VERBOSE | re.DOTALL,
)
# With the flag x, spaces and comments mean nothing: such expressions are not judged.
_SPACED_OUT = re.compile(r"\(\?[a-wyzA-Z^]*x")
_IN_SET = re.compile(r"\\.|\[:\^?[a-z]+:\]|.", re.DOTALL)


@dataclass(slots=True)
class Look:
    """``fault``: why no dialect takes it; ``doubts``: why to be careful with it. None and empty are well."""

    fault: str | None = None
    doubts: list[str] = field(default_factory=list)


def look_at(regex: str) -> Look:
    """Judge one regular expression in a time that grows with its length and with nothing else."""
    look = Look()
    if len(regex) > MAX_LENGTH:
        look.doubts.append(f"longer than {MAX_LENGTH} characters")
    if _SPACED_OUT.search(regex):
        look.doubts.append("not judged, for it has the flag x")
        return look
    reading = _Reading()
    for match in _PIECE.finditer(regex):
        look.fault = reading.take(match.lastgroup or "", match.group())
        if look.fault:
            return look
    look.fault = reading.end()
    if reading.is_nested:
        look.doubts.append("it repeats a repetition, which some programs match for ever")
    return look


class _Reading:
    """Where a reading stands: open groups, and whether something stands there to be repeated."""

    def __init__(self) -> None:
        self.endless = [False]  # per open group: does it hold a repetition without end
        self.closed_endless = False  # the same of the group that was closed just now
        self.groups = 0
        self.highest_reference = 0
        self.can_repeat = False
        self.is_nested = False

    def take(self, kind: str, text: str) -> str | None:
        """The fault that this piece makes, if any."""
        if kind == "repeat":
            return self._repeat(text)
        was_closed = kind == "close"
        if was_closed:
            if len(self.endless) == 1:
                return "unbalanced parenthesis"
            self.closed_endless = self.endless.pop()
            self.endless[-1] |= self.closed_endless
        else:
            self.closed_endless = False
        self.can_repeat = kind not in ("open", "named", "or", "aside", "comment")
        if kind in ("open", "named"):
            self.endless.append(False)
            self.groups += kind == "named" or text == "("
        elif kind == "reference":
            self.highest_reference = max(self.highest_reference, int(text[1:]))
        elif kind == "set":
            return _fault_in_set(text)
        elif kind == "comment" and not text.endswith(")"):
            return "missing ), unterminated comment"
        return _FAULTS.get(kind)

    def end(self) -> str | None:
        if len(self.endless) > 1:
            return "missing ), unterminated subpattern"
        if self.highest_reference > self.groups:
            return f"there is no group {self.highest_reference} to refer to"
        return None

    def _repeat(self, text: str) -> str | None:
        if not self.can_repeat:
            return "nothing to repeat"
        low, comma, high = text.rstrip("?+").strip("{}").partition(",")
        if comma and high and int(low) > int(high):
            return f"the repetition {text} runs backwards"
        if text[0] in "*+" or (comma and not high):
            self.is_nested |= self.closed_endless
            self.endless[-1] = True
        self.closed_endless = False
        return None


_FAULTS = {
    "cut": "bad escape (end of pattern)",
    "open_set": "unterminated character set",
}


def _fault_in_set(text: str) -> str | None:
    """A range that runs backwards; ends that are escaped are not compared."""
    items = _IN_SET.findall(text.removeprefix("[").removeprefix("^")[:-1])
    at = 0
    while at + 2 < len(items):
        first, hyphen, last = items[at : at + 3]
        if hyphen != "-":
            at += 1
            continue
        if len(first) == len(last) == 1 and first > last:
            return f"the range {first}-{last} runs backwards"
        at += 3
    return None
