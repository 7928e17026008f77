"""URLs and mail addresses, and the message ids that look like the latter."""

# ruff: noqa: SIM905  (the look-alike characters are what is looked for)
import re

from cirt.objects.observables.kinds import Kind
from cirt.register.extraction.names import host_of
from cirt.register.extraction.reading import Form, Page, Reading, balanced, nothing, reading
from cirt.register.extraction.scripts import EAST, LABELS

_SCHEMES = tuple(
    """
    http https ftp ftps sftp tftp ws wss ssh ldap ldaps rmi smb tcp udp rdp telnet irc ircs git svn dns gopher socks socks4
    socks5 hysteria
    """.split()
)
_SCHEME = f"(?i:{'|'.join(sorted(_SCHEMES, reverse=True))})"
# What may follow the host. Han and kana only after a sign: "evil.example/a下载" goes on in Chinese.
_TAIL_CHAR = (
    r"[!#-&'(*+\-./0-9:=?-Z\[_a-z{~\u00a1-\u00aa\u00ac-\u00ba\u00bc-\u058f\u0600-\u060b\u060d-\u061a"
    r"\u0620-\u0dff\u0e01-\u0e4e\u10a0-\u1fff]"
)
# An address right after one of these belongs to a list; it does not go on with the address before.
_TAIL_BREAK = rf"[,;)}}\]](?![(\[]?{_SCHEME}://)"
_TAIL_RUN = rf"(?>(?:{_TAIL_CHAR}|{_TAIL_BREAK}|(?<=[/=_\-+%?&#])[{EAST}]++)*)"
_TAIL = re.compile(rf"(?::[0-9]{{1,5}})?/{_TAIL_RUN}")
_ENDS = ".,;:!?'*({[…"
_ENTITY = re.compile(r"&(?:quot|gt|lt|nbsp|apos|#0?3[49]|#x2[27]);", re.IGNORECASE)
_WRAPPED = re.compile(rf"\r?\n[ \t]{{0,8}}((?:{_TAIL_CHAR}|[,;)}}\]]){{1,300}})(?=>|\r?\n)")
_QUESTION = re.compile(
    r"(?:A|AAAA|ANY|CAA|CNAME|HTTPS|MX|NS|PTR|SOA|SRV|TXT)/(?:IN|CH)"
)  # a name server's log
_MOST_LINES = 6  # that a URL in angle brackets goes on for
_BACKSLASHED = re.compile(r"(?:\\[\w.~%?=&-]{1,80}){1,20}")
_SIGNS = ",;\t"  # between the columns of a table
_ENOUGH = 2  # of them in a line of a table

_URL = re.compile(
    rf"(?<![A-Za-z0-9+]){_SCHEME}://"
    r"(?:[A-Za-z0-9._~%!$&'()*+,;=:-]{1,128}@)?"
    rf"(?:\[[0-9A-Fa-f:.%]{{2,60}}\]|{LABELS})(?::[0-9]{{1,5}})?(?:[/?#]{_TAIL_RUN})?"
)
_EMAIL = re.compile(
    r"(?P<local>[0-9A-Za-z_.%+'\-\u00c0-\u052f](?<![0-9A-Za-z_.%+'\-\u00c0-\u052f].)[0-9A-Za-z_.%+'\-\u00c0-\u052f]{0,65}+)"
    rf"@{{1,2}}(?P<host>{LABELS})"
)
_MESSAGE_ID = re.compile(
    r"(?i:message-?_?id|in-reply-to|references|content-id|msgid)[\"']?[ \t]?[:=]"
    r"(?:\s{0,4}[\"']?<[^<>\s]{3,250}>[\"']?,?){1,60}"
)


_PROTOCOLS = frozenset({"tcp", "udp", "sctp", "icmp"})  # 192.0.2.1/443, 192.0.2.1:443/tcp
_MARKED = re.compile(r"/[a-z][\w.-]{1,62}=[\w.-]{1,63}")  # kubernetes.io/arch=amd64
_MODULE = re.compile(r" (?:v[0-9]+\.[0-9]+\.[0-9]|=> )")  # of Go
_IMAGE = re.compile(r"(?:/[a-z0-9._-]+)+:[\w.-]+\Z")  # registry.example/shop/cart:1.2.3


def with_path(page: Page, start: int, end: int) -> Reading | None:
    """The URL that begins with the host from ``start`` to ``end``, if a path follows."""
    if page.text[end : end + 1] not in {"/", ":"} or start < page.no_path_before:
        return None
    after = _TAIL.match(page.text, end)
    if not after:
        return None
    tail = _cut(_in_column(page, start, after[0]))
    port, _, path = tail.partition("/")
    is_port = path in _PROTOCOLS or (path.isdigit() and len(path) <= 5 and not port)  # noqa: PLR2004
    # "one.example/two.example" are two names.
    is_list = bool(path) and (
        _QUESTION.fullmatch(path) is not None
        or host_of(path) == path
        or page.canonical(Kind.IPV4, path) is not None
    )
    found = (
        None
        if is_list or is_port or not path
        else page.canonical(Kind.URL, f"http://{page.text[start:end]}{tail}")
    )
    if not found:
        page.no_path_before = after.end()
        return None
    is_module = (
        _IMAGE.fullmatch(tail)
        or _MARKED.fullmatch(tail)
        or _MODULE.match(page.text, end + len(tail))
    )
    is_code = bool(is_module) and not page.is_marked(start, end)
    return Reading(None if is_code else found, start, end + len(tail))


def _cut(tail: str) -> str:
    """A URL as far as it goes: not the bracket it stands in, nor the full stop of its sentence."""
    entity = _ENTITY.search(tail)
    return balanced(tail[: entity.start()] if entity else tail).rstrip(_ENDS)


def _in_column(page: Page, start: int, tail: str) -> str:
    """``tail`` up to the end of its column, where it stands in a table of values."""
    sign = next((one for one in _SIGNS if one in tail), None)
    if sign is None:
        return tail
    line_start = page.text.rfind("\n", max(0, start - 500), start) + 1
    before = page.text[line_start:start]
    if before.endswith(sign):
        return tail.partition(sign)[0]
    if before.strip():
        return tail
    line = page.text[start : start + 500].partition("\n")[0]
    above = page.text[max(0, line_start - 500) : max(0, line_start - 1)].rpartition("\n")[2]
    is_table = line.count(sign) >= _ENOUGH and line.count(sign) == above.count(sign)
    return tail.partition(sign)[0] if is_table else tail


def _url(page: Page, match: re.Match[str]) -> Reading | None:
    scheme, sep, rest = match[0].partition("://")
    start, lead = match.start(), len(scheme) + len(sep)
    if rest.startswith("localhost"):
        return None
    if rest.startswith("["):
        host, bracket, tail = rest.partition("]")
        written = scheme + sep + host + bracket + _cut(tail)
    else:
        quote = page.text[start - 1 : start]
        inside = rest.partition("'")[0] if quote == "'" else rest
        written = scheme + sep + _cut(_in_column(page, start, inside))
    is_whole = len(written) == len(match[0])
    if is_whole and page.text[start - 1 : start] == "<":
        return _wrapped(page, written, start)
    if (
        is_whole
        and page.text[match.end() : match.end() + 1] == "\\"
        and page.is_marked(start, start + lead)
    ):
        more = _BACKSLASHED.match(page.text, match.end())
        written += more[0] if more else ""
    if not match[0][lead:].isascii() and "." not in written[lead:].partition("/")[0]:
        return None
    found = page.canonical(Kind.URL, written.replace("&amp;", "&"))
    return Reading(found, start, start + len(written)) if found else None


def _wrapped(page: Page, written: str, start: int) -> Reading | None:
    """A URL in angle brackets goes on over line ends: RFC 3986, appendix C."""
    end, whole = start + len(written), written
    for _ in range(_MOST_LINES):
        if page.text[end : end + 1] == ">":
            found = page.canonical(Kind.URL, whole)
            return Reading(found, start, end) if found else None
        more = _WRAPPED.match(page.text, end)
        if not more:
            break
        whole, end = whole + more[1], more.end()
    return reading(page, Kind.URL, written, start)


def _email(page: Page, match: re.Match[str]) -> Reading | None:
    local = match["local"].lstrip(".'-")
    host = host_of(match["host"])
    if not local or not host:
        return None
    return reading(page, Kind.EMAIL, f"{local}@{host}", match.end("local") - len(local))


MESSAGE_IDS: tuple[Form, ...] = (
    Form(
        _MESSAGE_ID,
        nothing,
        (
            "message-id",
            "message_id",
            "messageid",
            "msgid",
            "in-reply-to",
            "references",
            "content-id",
        ),
    ),
)
FORMS: tuple[Form, ...] = (Form(_URL, _url, tuple(f"{scheme}://" for scheme in _SCHEMES)),)
MAIL: tuple[Form, ...] = (Form(_EMAIL, _email),)
