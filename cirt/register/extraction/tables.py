"""Tables of values in a text, as mails, exports and chats carry them: what stands above a value says what it is."""

# ruff: noqa: RUF001  (look-alikes are looked for)
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cirt.objects.observables.kinds import Kind
from cirt.register.extraction import filenames
from cirt.register.extraction.reading import Form, Page, Reading, Table, reading

_FEWEST_SIGNS = {"\t": 1, "|": 1, ";": 2, ",": 2}  # of them in a line that belongs to a table
_RULE = "+-=|: \t\r\u2500\u2502\u253c"  # what a line between rows is drawn with
_ZEEK = "#fields\t"  # before its headings
_LONGEST_HEADING = 40
_VERSIONED = re.compile(
    r"version|build|\bagent\b|firmware|release|\bos\b|верси|прошивк|сборк|versi[oó]n|版本|固件|إصدار|اصدار|نسخة|\bfixed|patched|corrig|исправ"
)
_ADDRESSED = re.compile(
    r"\bip|addr|host|src|dst|sourc|dest|client|server|value|indicator|адрес|узел|хост|источник|地址|主机|عنوان|direcci|adresse|hôte"
)
_CELL = re.compile(r"(?P<cell>[^\t|;,\r\n]{1,512})")
_FIELD = re.compile(r"(?P<cell>[^\t|\r\n]{1,512})")  # of a table whose cells hold ; and ,
_AROUND_CELL = " \"'`*\u00a0"
_ITEM = re.compile(r"(?P<cell>[^;,、\r\n\"«»“”<>|*?\\/]{3,200})")
_SIZE = re.compile(r"\s?\([^()]{1,24}\)\Z")
_SHORTEST_CELL = 4
_MOST_WORDS = 8  # of a file's name


def heading(page: Page, start: int) -> str:
    """What the column of a value is headed, in small letters; nothing where it stands in no table."""
    tables = _tables(page)
    number = bisect_right(tables, start, key=lambda table: table.start)
    if not number or tables[number - 1].end <= start:
        return ""
    table = tables[number - 1]
    line_start = page.text.rfind("\n", table.start, start) + 1
    if not line_start:
        return ""
    column = page.text.count(table.sign, line_start, start)
    return table.headings[column] if column < len(table.headings) else ""


def counts_versions(page: Page, start: int) -> bool | None:
    """Whether the column of a value holds versions; None where its heading does not say."""
    name = heading(page, start)
    if not name:
        return None
    return True if _VERSIONED.search(name) else False if _ADDRESSED.search(name) else None


def _tables(page: Page) -> list[Table]:
    if page.tables is None:
        page.tables = list(_found(page.text))
    return page.tables


def _found(text: str) -> Iterator[Table]:
    at, sign, number, first, rows = 0, "", 0, "", 0
    start = 0
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        line = text[at:end].removeprefix(_ZEEK)
        if not (sign and line.count(sign) == number):
            if sign and line and not line.strip(_RULE):
                at = end + 1
                continue
            if rows > 1:
                yield _table(start, at, sign, first)
            sign, number = _columns(line)
            start, first, rows = at, line, 0
        rows += 1
        at = end + 1
    if sign and rows > 1:
        yield _table(start, len(text), sign, first)


def _columns(line: str) -> tuple[str, int]:
    for sign, fewest in _FEWEST_SIGNS.items():
        number = line.count(sign)
        if number >= fewest:
            return sign, number
    return "", 0


def _table(start: int, end: int, sign: str, first: str) -> Table:
    cells = first.lower().split(sign)
    names = (cell.strip(_AROUND_CELL + "\r#") for cell in cells)
    return Table(
        start, end, sign, tuple("" if ": " in n or len(n) > _LONGEST_HEADING else n for n in names)
    )


@dataclass(frozen=True, slots=True)
class Column(Form):
    """The cells of columns with such a heading."""

    headed: re.Pattern[str] = re.compile("")

    def matches(self, page: Page) -> Iterator[re.Match[str]]:
        if not any(cue in page.low for cue in self.cues):
            return
        for table in _tables(page):
            columns = {n for n, name in enumerate(table.headings) if self.headed.search(name)}
            if columns:
                yield from _cells(page.text, table, columns)


def _cells(text: str, table: Table, columns: set[int]) -> Iterator[re.Match[str]]:
    pattern = _FIELD if table.sign in "\t|" else _CELL
    row = text.find("\n", table.start) + 1
    while 0 < row < table.end:
        end = text.find("\n", row)
        at = row
        for number, cell in enumerate(text[row : end if end >= 0 else table.end].split(table.sign)):
            match = pattern.match(text, at, at + len(cell)) if number in columns else None
            if match:
                yield match
            at += len(cell) + 1
        row = end + 1


@dataclass(frozen=True, slots=True)
class Attached(Form):
    """The names in a line that lists attachments."""

    def matches(self, page: Page) -> Iterator[re.Match[str]]:
        for line in self._cued(page):
            yield from _ITEM.finditer(page.text, line.end(), line.end("rest"))


def _cell_as(kind: Kind) -> Callable[[Page, re.Match[str]], Reading | None]:
    def read(page: Page, match: re.Match[str]) -> Reading | None:
        written = match["cell"].strip(_AROUND_CELL)
        if len(written) < _SHORTEST_CELL:
            return None
        return reading(page, kind, written, match.start() + match["cell"].index(written))

    return read


def _file(page: Page, match: re.Match[str]) -> Reading | None:
    """A name that is all of its cell or item, spaces and all."""
    written = _SIZE.sub("", match["cell"].strip(_AROUND_CELL))
    is_name = written.count(" ") < _MOST_WORDS and not re.search(r"[\\/:]|\. ", written)
    if not is_name or not filenames.is_file(written):
        return None
    start = match.start() + match["cell"].index(written)
    return None if filenames.is_everyday(written) else reading(page, Kind.FILE_NAME, written, start)


def _column(kind: Kind, headed: str) -> Column:
    return Column(_CELL, _cell_as(kind), tuple(headed.split("|")), re.compile(headed))


_FILE_HEADINGS = (
    "file|attachment|name|value|indicator|файл|вложени|имя|значени|文件|附件|样本|名称|指标|fichier|pièce|valeur|archivo|adjunto|nombre"
    "|valor|ملف|مرفق|القيمة"
)
FORMS: tuple[Form, ...] = (
    _column(Kind.USER_AGENT, "user agent|user-agent|user_agent|useragent|用户代理"),
    _column(Kind.MUTEX, "mutex|мьютекс|互斥"),
    Column(_CELL, _file, tuple(_FILE_HEADINGS.split("|")), re.compile(_FILE_HEADINGS)),
    Attached(
        re.compile(
            r"(?i:attachments?|attached files?|вложени[ея]|附件|pi[eè]ces? jointes?|adjuntos?|anhang|المرفق(?:ات)?)"
            r" ?[:：] ?(?=(?P<rest>[^\r\n]{3,500}))"
        ),
        _file,
        ("attach", "вложени", "附件", "pièce", "piece", "adjunto", "anhang", "المرفق"),
    ),
    _column(Kind.ASN, "asn|as number|номер as"),
    _column(
        Kind.PHONE, "phone|tel|mobile|msisdn|телефон|电话|手机|téléphone|teléfono|celular|هاتف|جوال"
    ),
)
