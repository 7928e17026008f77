"""Files: their names and paths, registry keys and mutexes."""

# ruff: noqa: RUF001  (the look-alike characters are what is looked for)
import re
from urllib.parse import unquote

from cirt.objects.observables.kinds import Kind
from cirt.register.extraction import filenames
from cirt.register.extraction.reading import Form, Page, Reading, balanced, read_as, reading
from cirt.register.extraction.scripts import EAST, EAST_SIGNS, WEST

_FOLDER = rf"[^\\/:*?\"<>|\s,;\x00-\x1f{EAST_SIGNS}]"  # of a folder's name, but for the space
_NO_END = r"(?<![.!?])(?<!\.[A-Za-z0-9]{2})(?<!\.[A-Za-z0-9]{3})(?<!\.[a-z]{4})"  # of a sentence or a file
_STEPS = rf"(?>(?:(?:{_FOLDER}{{1,255}}+(?:{_NO_END} {_FOLDER}{{1,64}}+){{0,3}}|<[\w .-]{{1,32}}>)\\{{1,2}})*)"
_STEM = rf"(?>(?:(?![{EAST}]){_FOLDER}|(?<=[\\_.\-])[{EAST}]++)+)"
_MORE_STEM = re.compile(
    rf"(?: (?!-)(?:(?![{EAST}]){_FOLDER}){{1,64}}+){{1,4}}?(?:(?<=\.[A-Za-z0-9]{{2}})|(?<=\.[A-Za-z0-9]{{3}})|(?<=\.[A-Za-z0-9]{{4}}))(?![A-Za-z0-9])"
)
_ON_DRIVE = re.compile(  # its letter stands before
    rf"(?<=[A-Za-z])(?<![A-Za-z0-9][A-Za-z])(?P<value>:\\{{1,2}}{_STEPS}(?:{_STEM})?)"
)
_WINDOWS_PATH = re.compile(
    rf"(?<![A-Za-z0-9])(?P<value>(?:%[A-Za-z_()0-9]{{2,32}}%|\$env:[A-Za-z]{{2,20}})\\{{1,2}}{_STEPS}(?:{_STEM})?"
    rf"|(?<![\\\w])\\{{1,2}}(?:Device|SystemRoot|\?\?)\\{{1,2}}{_STEPS}(?:{_STEM})?"
    rf"|(?<!\\)\\\\(?!pipe\\|\.\\)[A-Za-z0-9.$_-]{{2,255}}+\\{{1,2}}{_STEPS}(?:{_STEM})?)"
)
_UNIX_PATH = re.compile(
    r"(?P<value>[~/](?<![0-9A-Za-z_/.~\-].)(?:(?<=~)|(?:etc|tmp|usr|var|home|opt|bin|sbin|dev|root|proc|lib|lib64|mnt|srv|run"
    rf"|boot|data|vmfs|www|storage|sdcard|Users|Library|Applications|private|Volumes))(?>(?:/[{WEST}.@+%$~]++)+)/?)"
)
# What every system has and every script names.
_EVERYDAY_PLACES = re.compile(
    r"/dev/(?:null|zero|u?random|std\w+|tty\w*|fd/.*)|(?:/usr)?/bin/(?:ba|da|z|k|c)?sh|/usr/bin/env(?:/.*)?"
    r"|/var/(?:run|tmp|log|www|lib|spool|cache)/?|/usr/(?:s?bin|lib|local|share)/?|/usr/local/(?:s?bin|lib|share)/?|/dev/shm/?"
    r"|(?:/usr)?/s?bin/(?:nologin|false|true)|/etc/(?:passwd|shadow|hosts|fstab)/?"
)
_HIVE = re.compile(
    r"(?:HKEY_(?:LOCAL_MACHINE|CURRENT_USER|CLASSES_ROOT|USERS|CURRENT_CONFIG)|HKLM|HKCU|HKCR|HKU|HKCC):?\\",
    re.IGNORECASE,
)
_REGISTRY_KEY = re.compile(
    r"(?<![A-Za-z0-9])(?P<value>(?i:HKEY_(?:LOCAL_MACHINE|CURRENT_USER|CLASSES_ROOT|USERS|CURRENT_CONFIG)|HKLM|HKCU|HKCR|HKU|HKCC):?"
    rf"\\{{1,2}}{_STEPS}(?:{_STEM})?)"
)
_MUTEX = re.compile(
    r"(?<![A-Za-z0-9\\])(?P<value>(?:Global|Local|BaseNamedObjects)\\{1,2}[0-9A-Za-z_{}.!$#@-]{3,128}+)"
)
_BARE_MUTEX = re.compile(
    r"(?i:mutex(?:es)?|mutant|мьютекс\w{0,2}|互斥体|互斥量)(?i: name| named|名称|名)?(?: ?[:=：] ?| |(?<=[\u4e00-\u9fff]))"
    r"(?P<bare>(?=[A-Za-z_.-]{0,60}[0-9_{])[0-9A-Za-z_{}.!$#@\\-]{4,128}+)(?![\w(])"
)
_MUTEX_WORDS = ("mutex", "mutant", "мьютекс", "互斥体", "互斥量", "互斥锁")
_NAMED_MUTEX = re.compile(
    rf"(?i:{'|'.join(_MUTEX_WORDS)})(?i: name| named|名称|名)?[ :=：]{{0,3}}[\"'`“«「] ?"
    r"(?P<quoted>[^\"'`”»」\r\n]{3,128}?) ?[\"'`”»」]"
)
_QUOTES = "\"“„«‘'`「『‹《"
_UNQUOTES = "\"”“»’'`」』›》"
_QUOTED = re.compile(
    rf"(?<=[{_QUOTES}])(?P<value>[^{_QUOTES}{_UNQUOTES}\r\n\t<>|*?]{{3,200}}+)(?=[{_UNQUOTES}])"
)
_ENCODED = re.compile(r"name\*(?:0\*)?=[\w-]{3,20}'\w{0,8}'(?P<value>[^\s;\"]{3,300})")
_ODD_NAME = re.compile(r"[)\]+~!$#&№]\.(?P<extension>[A-Za-z0-9]{2,5})(?![0-9A-Za-z_])")
_NAME_SO_FAR = re.compile(r"(?: \()?[^\s\"'<>|:*?/\\,;“”«»，。：；、（）]{1,80}\Z")
_WORD_BEFORE = re.compile(rf"[{WEST}]{{1,60}} ?\Z")
_EASTERN_BEFORE = re.compile(rf"\A.*[{EAST}](?=[^{EAST}]*\Z)")
_EXTENDED = re.compile(r"\.[A-Za-z0-9]{2,4}\Z")
_FOLDERS_BEFORE = re.compile(r"(?<![\w\\:.$%~-])(?:[\w.~-]{2,64}\\{1,2}){1,12}\Z")
_SIGNS_BEFORE = re.compile(rf"(?:[{WEST}]{{0,60}}[!+%~$&#№)\](\[]){{1,4}}\Z")
_IS_FIRST = re.compile(
    r"(?:\A|[^0-9A-Za-z!])!\Z"
)  # "!README.txt", which is to stand first in its folder
_CALLED_NUMBER = re.compile(r"(?<![\w-])[^\W\d_a-zа-я][\w-]{2,30} \Z")  # "Акт №5.pdf"
_COMMAND = re.compile(r"\.[A-Za-z][A-Za-z0-9]{1,3}[\"']? [-/\"]")  # "C:\\a.exe -b c"
_MOST_QUOTED = 120


def file_name(page: Page, start: int, end: int) -> Reading | None:
    """The file's name that ends at ``end``; what of it stood before a sign such as ``%20`` is read too."""
    before = page.before(start, 1)
    if before == "/" or page.text[end : end + 1] == "\\":
        return None
    written = page.text[start:end]
    folders = (
        _FOLDERS_BEFORE.search(page.text, max(0, start - 200), start) if before == "\\" else None
    )
    if folders:
        return reading(page, Kind.FILE_PATH, folders[0] + written, folders.start())
    if before in {"+", "%", "~", "$", "&", "#", "№"} or (
        before == "!" and _IS_FIRST.search(page.before(start, 2))
    ):
        lead = _SIGNS_BEFORE.search(page.text, _word_before(page, start, 64), start)
        written = (lead[0].lstrip("(&") if lead else "") + written
    if written.startswith("№") and page.before(end - len(written), 1) == " ":
        called = _CALLED_NUMBER.search(page.before(end - len(written), 40))
        written = (called[0] if called else "") + written
    if filenames.is_everyday(written) or _is_source(page, start, written):
        return None
    return reading(page, Kind.FILE_NAME, written, end - len(written))


def _word_before(page: Page, end: int, reach: int) -> int:
    """Where what stands up to ``end`` without a space begins, at most ``reach`` characters before."""
    first = max(0, end - reach)
    return max(first, page.text.rfind(" ", first, end) + 1)


def _is_source(page: Page, start: int, written: str) -> bool:
    """Whether it is a project's own file in a drawing of its folders."""
    return written.rpartition(".")[2] in filenames.SOURCES and page.before(start, 3) == "── "


def _windows_path(page: Page, match: re.Match[str]) -> Reading | None:
    start = match.start() - match["value"].startswith(":")
    written = page.text[start : match.end()]
    if not written.endswith("\\") and not _EXTENDED.search(written):
        more = _MORE_STEM.match(page.text, match.end())
        name = f"{written}{more[0] if more else ''}".rpartition("\\")[2]
        if more and filenames.is_file(name):
            written += more[0]
    return reading(page, Kind.FILE_PATH, balanced(written).rstrip(".,;:!?'`\\"), start)


def _unix_path(page: Page, match: re.Match[str]) -> Reading | None:
    written = balanced(match["value"]).rstrip(".,;:!?'`")
    return (
        None
        if _EVERYDAY_PLACES.fullmatch(written)
        else reading(page, Kind.FILE_PATH, written, match.start())
    )


def _quoted(page: Page, match: re.Match[str]) -> Reading | None:
    """A file's name or path in quotes, spaces and all."""
    written = match["value"].strip().rstrip("\\")
    start = match.start() + match["value"].index(written)
    if re.match(r"[A-Za-z]:\\", written):
        if _COMMAND.search(written):
            return None
        return reading(page, Kind.FILE_PATH, written, start)
    if _HIVE.match(written):
        return _key(page, written, start)
    is_name = (
        "." in written and len(written) <= _MOST_QUOTED and not re.search(r"[/\\:=,;]", written)
    )
    if not is_name or not filenames.is_file(written):
        return None
    return None if filenames.is_everyday(written) else reading(page, Kind.FILE_NAME, written, start)


def _odd_name(page: Page, match: re.Match[str]) -> Reading | None:
    """``scan (2).exe`` and ``+README+.txt``: a sign stands right before the extension."""
    if match["extension"].lower() not in filenames.EXTENSIONS:
        return None
    end = match.start() + 1
    so_far = _NAME_SO_FAR.search(page.text, max(0, _word_before(page, end, 84) - 1), end)
    if not so_far:
        return None
    name = so_far[0]
    at = end - len(name)
    if name.startswith((" (", "(")) and name.endswith(")"):
        word = _WORD_BEFORE.search(page.text, _word_before(page, at - 1, 60), at)
        name = (word[0] if word else "") + name
    name = _EASTERN_BEFORE.sub("", name).lstrip(" ([{")
    return reading(page, Kind.FILE_NAME, f"{name}.{match['extension']}", end - len(name))


def _registry_key(page: Page, match: re.Match[str]) -> Reading | None:
    return _key(page, balanced(match["value"]).rstrip(".,;:!?'`"), match.start())


def _key(page: Page, written: str, start: int) -> Reading | None:
    """A key; PowerShell writes its hive as a drive, ``HKCU:`` and then the key."""
    found = page.canonical(Kind.REGISTRY_KEY, written.replace(":", "", 1))
    return Reading(found, start, start + len(written)) if found else None


def _encoded(page: Page, match: re.Match[str]) -> Reading | None:
    """A name as headers of mails write it, RFC 5987."""
    found = page.canonical(Kind.FILE_NAME, unquote(match["value"]))
    return Reading(found, *match.span("value"))


def _mutex(page: Page, match: re.Match[str]) -> Reading | None:
    """A mutex in its name space; in code its backslash stands twice."""
    written = match["value"].rstrip(".")
    found = page.canonical(Kind.MUTEX, written.replace("\\\\", "\\"))
    return Reading(found, match.start(), match.start() + len(written)) if found else None


PLACES: tuple[Form, ...] = (
    Form(_ENCODED, _encoded, ("name*",)),
    Form(_QUOTED, _quoted),
    Form(
        _REGISTRY_KEY,
        _registry_key,
        ("hkey_", "hklm", "hkcu", "hkcr", "hku", "hkcc"),
    ),
    Form(_MUTEX, _mutex, ("global\\", "local\\", "basenamedobjects\\")),
    Form(_NAMED_MUTEX, read_as(Kind.MUTEX), _MUTEX_WORDS),
    Form(_BARE_MUTEX, read_as(Kind.MUTEX, trim="."), _MUTEX_WORDS),
    Form(_ON_DRIVE, _windows_path, (":\\",)),
    Form(
        _WINDOWS_PATH,
        _windows_path,
        ("%", "\\\\", "$env:", "\\device\\", "\\systemroot\\", "\\??\\"),
    ),
    Form(_UNIX_PATH, _unix_path),
)
NAMES: tuple[Form, ...] = (Form(_ODD_NAME, _odd_name),)
