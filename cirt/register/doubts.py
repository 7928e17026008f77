"""When something that looks like an observable is none: version numbers, code, file names, sentences.

All of it holds for what was written plainly. Nobody defangs a version number.
"""

# ruff: noqa: RUF001, SIM905  (look-alikes are looked for; lists of words read best as text)
import re
from dataclasses import dataclass

from cirt.objects.observables import values

# Extensions of files that incidents are about. One that is a top-level domain too makes a file only if it
# is in FILE_FIRST and the name has two parts ("invoice.zip").
EXTENSIONS = frozenset(
    """
    exe dll sys drv ocx cpl scr pif bat cmd ps1 psm1 vbs vbe js jse wsf wsh hta msi msp msix
    appx lnk url jar class apk ipa dex elf bin dat tmp dmp ko dylib deb rpm dmg pkg doc docx
    docm dot dotm rtf xls xlsx xlsm xlsb xll csv ppt pptx pptm ppsx one pub odt ods pdf xps chm
    zip rar 7z gz tgz tar bz2 xz cab ace arj iso img vhd vhdx py pyc sh pl php phtml asp aspx
    ashx jsp jspx war cgi htm html mht mhtml svg xml json txt eml msg bak old cfg conf ini reg
    inf sct xsl key pem crt pfx kdbx sql db evtx pcap vmdk
    """.split()
)
FILE_FIRST = frozenset({"zip", "py", "sh", "mov", "ps"})
# Top-level domains that speak for themselves; any other could be a word, an attribute or a suffix.
COMMON = frozenset(
    """
    com net org info biz edu gov mil ru cn uk de fr br ua kz xyz top onion example xn--p1ai
    """.split()
)
_CODE = frozenset(
    """
    self this os sys document window console math string object array request response req res
    event e obj args kwargs system java javax django flask numpy np pd plt torch tf
    jquery process module exports navigator location localstorage json date datetime time path
    item node element config settings
    """.split()
)
_PACKAGES = frozenset({"com", "org", "net", "io", "edu", "gov", "de", "ru", "cn", "fr"})
_SHORT_NAMES_IN = frozenset({"co", "me", "ly", "ai", "gg", "to"})  # t.co and t.me exist
_SOFTWARE = frozenset(
    """
    asp.net ado.net vb.net ml.net paint.net socket.io node.js vue.js next.js nuxt.js react.js
    angular.js express.js three.js d3.js chart.js moment.js backbone.js ember.js require.js
    discord.js bun.sh deno.land crates.io boost.asio system.io system.net
    """.split()
)
_BEFORE_NUMBER = re.compile(
    r"""(?:\b(?:versions?|ver|v|releases?|firmware|build|sdk|revision|rev|patch|update|section|sections|sec|chapter|clause
        |article|figure|fig|table|step|rule|oid|appendix|annex
        |versi[oó]n(?:es)?|secci[oó]n|apartado|cap[ií]tulo|art[ií]culo|microprogramme|rubrique|chapitre|mise\ à\ jour
        |верси\w{1,3}|прошивк\w{1,3}|сборк\w{1,3}|раздел\w{0,3}|пункт\w{0,3}|п|глав\w{1,2}|релиз\w{0,2}|обновлени\w{1,2})
       |(?:ال|لل|بال)?(?:إصدار|اصدار|نسخة|قسم|بند|فقرة|تحديث)
       |版本|固件|版|第|章节|章|节|条|升级到|升级至|更新到|更新至|§|№)
       (?:\ ?(?:号|為|为|是|number|no|номер|رقم|número|numéro|is|to|до|на|от))?[\s.:：(]{0,3}
       (?:v?[0-9]+(?:\.[0-9]+){1,4}[\s,;/]{0,2}(?:and|or|to|et|ou|à|y|o|a|и|или|до|по|و|إلى|和|至|到|-|–)?\s?){0,4}$""",
    re.IGNORECASE | re.VERBOSE,
)
_WORD = re.compile(r"[^\W\d_]|[§№]")
_FEWEST_DIGITS = 6  # different ones; a hash has more but once in ten thousand million
_TWO = 2  # labels, as in "invoice.zip"
_REACH = 72  # characters before a number that can say what it counts
_BEFORE_COMMIT = re.compile(
    r"\b(?:commits?|revision|changeset|коммит\w{0,2}|提交)[\s:]{0,2}$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Dotted:
    """Words joined by dots, as they stand in the text."""

    written: str
    before: str  # the character before, or nothing
    after: str  # a few characters after

    @property
    def labels(self) -> list[str]:
        return self.written.split(".")

    @property
    def top(self) -> str:
        return self.written.rpartition(".")[2]


def is_file(name: Dotted) -> bool:
    """Whether dotted words are rather a file than a host."""
    extension = name.top.lower()
    if name.written.lower() in _SOFTWARE:
        return False
    if extension in FILE_FIRST or (extension == "so" and name.written.startswith("lib")):
        return len(name.labels) == _TWO or name.labels[-2].lower() in EXTENSIONS
    return extension in EXTENSIONS and not values.is_suffix(extension)


def is_no_host(name: Dotted) -> bool:
    """Whether dotted words with a known top-level domain are still rather code or a sentence."""
    if name.written.lower() in _SOFTWARE:
        return True
    if name.top.lower() in COMMON and not (_is_code(name) and name.top.istitle()):
        return False
    return any(rule(name) for rule in _NO_HOST)


def _is_code(name: Dotted) -> bool:
    return name.labels[0].lower() in _CODE


def _is_called(name: Dotted) -> bool:
    return name.after.startswith("(") or name.after.lstrip(" ").startswith(("=", "["))


def _is_package(name: Dotted) -> bool:
    return len(name.labels) > _TWO and name.labels[0] in _PACKAGES  # com.example.app


def _is_next_sentence(name: Dotted) -> bool:
    return name.top.istitle()


def _is_abbreviation(name: Dotted) -> bool:
    is_short = all(len(label) == 1 for label in name.labels[:-1])
    return is_short and name.top.lower() not in _SHORT_NAMES_IN


def _is_counted(name: Dotted) -> bool:
    return name.labels[-2].isdigit()


def _is_in_path(name: Dotted) -> bool:
    return name.before in {"/", "\\"}


_NO_HOST = (
    _is_code,
    _is_called,
    _is_package,
    _is_next_sentence,
    _is_abbreviation,
    _is_counted,
    _is_in_path,
)


def is_no_address(before: str, value: str) -> bool:
    """Whether four numbers are a version, a section, a mask or this very machine."""
    if value.startswith(("0.", "127.", "255.")):
        return True
    tail = before[-_REACH:]
    if not _WORD.search(tail):  # a plain list of addresses, the commonest case
        return False
    return bool(_BEFORE_NUMBER.search(tail)) or bool(re.search(r"[A-Za-z]/$", tail))


def is_no_ipv6(value: str) -> bool:
    """Whether colons and digits are a time, a ratio, a fingerprint or a name in code."""
    groups = value.partition("/")[0].split(":")
    filled = [group for group in groups if group]
    if not any(c.isdigit() for c in value) or not filled:
        return True
    if "::" not in value:
        return all(len(group) == 2 for group in groups)  # noqa: PLR2004  (a fingerprint's pairs)
    return len(filled) <= 2 and len(filled[0]) < 3 and filled != ["1"]  # noqa: PLR2004  (1::2)


def is_no_hash(before: str, value: str) -> bool:
    """Whether hex digits are a filler, a long number or the name of a commit."""
    return (
        len(set(value.lower())) < _FEWEST_DIGITS
        or value.isdigit()
        or bool(_BEFORE_COMMIT.search(before[-24:]))
    )
