"""Rows of a CSV, TSV or plain file, whatever is wrong with some of them."""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address

from cirt.plugin import OneFault

_SEPARATORS = {"comma": ",", "tab": "\t", "semicolon": ";", "bar": "|"}
_COMMENTS = ("#", "//")
_AFTER = ("#", ";")  # in a plain list, what follows one of these is a remark
_BOMS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_SAMPLE = 20  # lines that are looked at to tell the separator
_LONGEST = 100_000  # characters of one cell
_MOST_LINES = 1_000_000
_ENDS = (
    b"\n",
    b"\r",
    b"\v",
    b"\f",
    b"\x1c",
    b"\x1d",
    b"\x1e",
    b"\x85",
    b"\xe2\x80\xa8",
    b"\xe2\x80\xa9",
)
SHAPES = ("auto", "plain", *_SEPARATORS)


@dataclass(slots=True)
class Table:
    """``columns`` are the names in the head, empty where there is none; ``left_out`` counts rows that are none."""

    columns: tuple[str, ...]
    rows: Iterable[Sequence[str]]
    left_out: Counter[str] = field(default_factory=Counter)


def table_of(body: bytes, shape: str, *, has_head: bool) -> Table:
    """
    Raises:
        OneFault: it is no text, or has lines beyond all sense.
    """
    if sum(map(body.count, _ENDS)) > 2 * _MOST_LINES:  # two of them may end one line
        raise OneFault(f"The list has more than {_MOST_LINES} lines. Split it.")
    lines = _text(body).splitlines()
    if shape == "auto":
        shape = _shape(lines)
        shape = (
            "comma" if has_head and shape == "plain" else shape
        )  # one column, with its name above
    if shape == "plain":
        return Table((), list(_plain(lines)))
    table = Table((), ())
    rows = _rows(lines, _SEPARATORS[shape], table.left_out)
    if has_head:
        named = _commented_head(lines, _SEPARATORS[shape])
        table.columns = tuple(cell.strip() for cell in named or next(rows, []))
    table.rows = rows
    return table


def _text(body: bytes) -> str:
    """As UTF-8, else as Latin-1, in which every byte is a letter."""
    encoding = _BOMS.get(body[:2], "utf-8-sig")
    try:
        return body.decode(encoding)
    except UnicodeDecodeError:
        pass
    if encoding == "utf-16":
        raise OneFault("It begins as UTF-16 and is none. Save it as UTF-8.")
    return body.decode("latin-1")


def _shape(lines: list[str]) -> str:
    """The separator that stands equally often in nearly every line of the beginning, also where one is cut short."""
    some = [line for line in lines if line.strip() and not _is_comment(line)][:_SAMPLE]
    for name, separator in _SEPARATORS.items():
        counts = Counter(len(row) for row in _rows(some, separator, Counter()))
        for width, lines_of_it in counts.most_common(1):
            if width > 1 and lines_of_it * 4 >= len(some) * 3:
                return name
    return "plain"


def _rows(lines: list[str], separator: str, left_out: Counter[str]) -> Iterator[list[str]]:
    """A row is one line, so that a quote which nobody closed spoils no other."""
    csv.field_size_limit(_LONGEST)
    for line in lines:
        if line.strip() and not _is_comment(line):
            try:
                yield next(csv.reader([line], delimiter=separator, skipinitialspace=True))
            except csv.Error:
                left_out["row that cannot be read"] += 1


def _commented_head(lines: list[str], separator: str) -> list[str]:
    """A head that stands in the last remark before the first row, as some publishers write it."""
    last = ""
    for line in lines:
        if _is_comment(line):
            last = line.lstrip("#/ ")
        elif line.strip():
            cells = next(_rows([line], separator, Counter()), [])
            named = next(_rows([last], separator, Counter()), [])
            return named if len(named) == len(cells) and len(named) > 1 else []
    return []


def _plain(lines: list[str]) -> Iterator[list[str]]:
    """One value a line; of a hosts file the name."""
    for line in lines:
        if _is_comment(line):
            continue
        for sign in _AFTER:
            line = line.partition(f" {sign}")[0]  # noqa: PLW2901
        words = line.split()
        if len(words) > 1 and _is_address(words[0]):
            yield [words[1]]
        elif line.strip():
            yield [line.strip()]


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith(_COMMENTS)


def _is_address(word: str) -> bool:
    try:
        return bool(ip_address(word))
    except ValueError:
        return False
