r"""Undoes and does defanging: ``hxxps[:]//login[.]example[.]org`` for what must not be clicked.

``plain`` reads a text once, against one table of marks, and remembers where each mark stood, so that
a place in the plain text can be told in the text as it was written.
"""

# ruff: noqa: RUF001  (the look-alike characters are what is read here)
import re
from bisect import bisect_right
from dataclasses import dataclass

_OPEN, _CLOSE = r"\[({<【（［｛〔〈", r"[\])}>】）］｝〕〉]"
_DOT = r"(?i:dot|punto|point|точка|тчк|نقطة|نقطه|点|點)"
_AT = r"(?i:at|arroba|arobase|собака|آت|艾特)"


def _any_case(words: str) -> str:
    """An expression for one of these words. By its first letter it is known which cannot stand there."""
    by_letter: dict[str, list[str]] = {}
    for word in words.split("|"):
        by_letter.setdefault(word[0], []).append(word[1:])
    ways = (f"[{one}{one.upper()}](?i:{'|'.join(rest)})" for one, rest in by_letter.items())
    return f"(?:{'|'.join(ways)})"


# Top-level domains that people spell out and that are no everyday word after "dot" or "point".
_SPOKEN_TOP = (
    _any_case(
        "com|net|org|biz|gov|edu|mil|ru|su|cn|fr|uk|ua|kz|io|xyz|cc|onion|example|site|top|click|online|shop|club|live|icu"
        "|link|website|pro|vip|app|dev|cloud|tk|ml|ga|cf|gq|pw|ir|tr|br|mx|ar|cl|pe|eg|sa|ae|tn|dz|by|uz|kg|hk|tw|jp|kr|рф|info(?=/)"
    )
    + r"(?![^\W\u4e00-\u9fff]|-)"
)
_APART_TOP = r"(?:com|net|org|ru|cn|info|xyz|top|site|online)(?![\w-])"
_SPOKEN_HOST = rf"(?:[\w-]{{1,63}}+ {_DOT} ){{1,4}}{_SPOKEN_TOP}"
_SPOKEN_REST = (
    rf"(?:(?:(?>[A-Za-z0-9-]{{1,63}}+[点點]|[\w-]{{1,63}}+(?: {_DOT} |[.。｡]))){{0,4}}{_SPOKEN_TOP}"
    rf"|[A-Za-z0-9_-]{{1,63}}+ {_AT} {_SPOKEN_HOST})"
)
# Also the marks of direction, but for the overrides, which are evidence.
_UNSEEN = "\u00ad\u061c\u200b-\u200f\u202a-\u202c\u2060\u2066-\u2069\ufeff"

# A mark: its name, what it stands for ("" for nothing, None for what its group caught), the characters
# it can begin with, and how it goes on. The first characters are apart so that the search for the next
# mark is a search for one character.
_MARKS: tuple[tuple[str, str | None, str, str], ...] = (
    # Folders begin with a dot too: in a Windows path a backslash before it is no defanging.
    ("path", None, ":", r'(?<=[A-Za-z]:)(?<![A-Za-z0-9][A-Za-z]:)(?P<path>\\[^\s"<>|]*)'),
    ("dot", ".", _OPEN, rf"(?P<dot> ?(?:[.。．]|{_DOT}) ?{_CLOSE})"),
    ("at", "@", _OPEN, rf"(?P<at> ?(?:[@＠]|{_AT}) ?{_CLOSE})"),
    ("dash", "-", _OPEN, rf"(?<=\w.)(?P<dash>-{_CLOSE})(?=\w)"),
    ("sign", None, _OPEN, rf"(?P<sign>://?|//?|:){_CLOSE}"),
    ("tail", None, r"\[", r"(?P<tail>\.[A-Za-z]{2,18})\]"),
    ("left", ".", r"\[({", r"(?P<left>\.)(?=\w)"),
    ("right", ".", r".", r"(?<=\w.)(?P<right>[\])}])(?=\w)"),
    (
        "escaped",
        ".",
        r"\\",
        r"(?<=[A-Za-z0-9].)(?P<escaped>\.)(?=[A-Za-z0-9])(?![\w -]{1,40}\\[^.])",
    ),
    ("slash", "/", r"\\", r"(?P<slash>/)"),
    ("slashes", "://", ":", r"(?<=[tTxX][pP][sS]:|[tTxX][tTxX][pP]:)(?P<slashes>\\\\| ?// ?)"),
    (
        "http",
        "http",
        "hH",
        r"(?<![A-Za-z].)(?P<http>(?i:xx|xt|tx|zz|\*\*|__|\[tt\]|\[xx\]|\(tt\)|x{3})[pP])(?=[sS]?(?:[\[({<]? ?:|__))",
    ),
    (
        "under",
        "://",
        "_",
        r"(?:(?<=[xX]{2}[pP].)|(?<=[xX]{2}[pP][sS].))(?P<under>_)(?=[A-Za-z0-9])",
    ),
    ("meow", "http", "mM", r"(?<![A-Za-z].)(?P<meow>(?i:eow))(?=s?[\[({<]?:)"),
    ("ftp", "ftp", "fF", r"(?<![A-Za-z].)(?P<ftp>[xX*_][pP])(?=[sS]?[\[({<]?:)"),
    (
        "spoken",
        ".",
        " ",
        rf"(?<=\w.)(?<!\bat.)(?<!\bthe.)(?<!\ba.)(?<!\bof.)(?=[dDpPтТن点點])(?P<spoken>{_DOT} )(?={_SPOKEN_REST})",
    ),
    ("called", "@", " ", rf"(?<=\w.)(?=[aAсСآ艾])(?P<called>{_AT} )(?={_SPOKEN_HOST})"),
    # Words that mean nothing else beside a host.
    (
        "sure",
        "@",
        " ",
        r"(?<=\w.)(?=[aAсС])(?P<sure>(?i:arroba|arobase|собака) )(?=[\w-]{1,63}\.[\w-])",
    ),
    ("hanzi", ".", "点點", rf"(?<=[A-Za-z0-9].)(?P<hanzi>)(?={_SPOKEN_REST})"),
    ("apart", ".", " ", rf"(?<=[A-Za-z0-9].)(?P<apart>\. )(?={_APART_TOP})"),
    ("joined", ".", r"_\-", rf"(?<=[A-Za-z0-9].)(?P<joined>(?i:dot)[_-])(?={_SPOKEN_TOP})"),
    ("stop", ".", "。｡", rf"(?<=[A-Za-z0-9].)(?P<stop>)(?={_SPOKEN_REST})"),
    ("upper", ".", "D", r"(?<=[a-z0-9].)(?P<upper>OT)(?=[a-z]{2,18}(?![\w-]))"),
    ("unseen", "", _UNSEEN, rf"(?P<unseen>[{_UNSEEN}]*)"),
)
_STANDS_FOR = {name: stands_for for name, stands_for, _, _ in _MARKS}
# Marks that begin alike stand together, those of the commonest characters first: all else is one test away.
_GROUPS = sorted(
    dict.fromkeys(first for _, _, first, _ in _MARKS), key=lambda first: first not in " ."
)
_MARK = re.compile(
    f"[{''.join(_GROUPS)}]"
    "(?:"
    + "|".join(
        f"(?<=[{group}])(?:{'|'.join(rest for _, _, first, rest in _MARKS if first == group)})"
        for group in _GROUPS
    )
    + ")"
)
_SPACED = frozenset({"dot", "at"})  # marks that may stand apart: "example [.] org"
# Full-width signs and Eastern digits, one character for one, so that no place moves.
_WIDE = {
    **{0xFF10 + n: 0x30 + n for n in range(10)},
    **{0xFF21 + n: 0x41 + n for n in range(26)},
    **{0xFF41 + n: 0x61 + n for n in range(26)},
    **{0x0660 + n: 0x30 + n for n in range(10)},
    **{0x06F0 + n: 0x30 + n for n in range(10)},
    **dict(zip(map(ord, "．＠：／－\u2010\u2011"), map(ord, ".@:/---"), strict=True)),
}
_ANY_WIDE = re.compile(f"[{''.join(map(chr, _WIDE))}]+")


@dataclass(frozen=True, slots=True)
class _Edit:
    start: int  # in the plain text
    end: int
    written_start: int
    written_end: int


@dataclass(frozen=True, slots=True)
class Plain:
    """A text without its defanging marks, and the way back to what was written."""

    text: str
    edits: tuple[_Edit, ...]
    starts: tuple[int, ...]  # of the edits, for the search

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Where the characters from ``start`` to ``end`` (more than none) stand as written."""
        return self._place(start)[0], self._place(end - 1)[1]

    def is_marked(self, start: int, end: int) -> bool:
        """Whether somebody defanged what stands between ``start`` and ``end``."""
        return bisect_right(self.starts, end - 1) > bisect_right(self.starts, start - 1)

    def _place(self, at: int) -> tuple[int, int]:
        number = bisect_right(self.starts, at)
        if not number:
            return at, at + 1
        edit = self.edits[number - 1]
        if at < edit.end:
            return edit.written_start, edit.written_end
        moved = at - edit.end + edit.written_end
        return moved, moved + 1


def plain(text: str) -> Plain:
    """``text`` without its defanging marks."""
    source = _ANY_WIDE.sub(lambda wide: wide[0].translate(_WIDE), text)
    pieces: list[str] = []
    edits: list[_Edit] = []
    read = length = 0
    for mark in _MARK.finditer(source):
        if mark.lastgroup == "path":
            continue
        stands_for, start, end = _reading(source, mark, read)
        pieces += source[read:start], stands_for
        length += start - read
        edits.append(_Edit(length, length + len(stands_for), start, end))
        length += len(stands_for)
        read = end
    pieces.append(source[read:])
    return Plain("".join(pieces), tuple(edits), tuple(edit.start for edit in edits))


def _reading(source: str, mark: re.Match[str], read: int) -> tuple[str, int, int]:
    """What a mark stands for and the place it takes, with a space on either side if it stands apart."""
    name = mark.lastgroup or ""
    stands_for = _STANDS_FOR[name]
    start, end = mark.span()
    if name in _SPACED:
        start -= start > read and source[start - 1] == " "
        end += end < len(source) and source[end] == " "
    return mark[name] if stands_for is None else stands_for, start, end


def refang(text: str) -> str:
    """``text`` with every common way of defanging undone."""
    return plain(text).text


def fang_url(text: str) -> str:
    """A canonical URL so that no program takes it for a link."""
    scheme, _, rest = text.partition("://")
    authority, slash, path = rest.partition("/")
    user, at, host = authority.rpartition("@")
    return f"{_masked(scheme)}[:]//{user}{at}{host.replace('.', '[.]')}{slash}{path}"


def _masked(scheme: str) -> str:
    return {"http": "hxxp", "https": "hxxps", "ftp": "fxp", "ftps": "fxps"}.get(scheme, scheme)
