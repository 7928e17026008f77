"""The parts of a mail, walked with limits: its text, the files in it, the mails attached to it. Pure.

On the standard library's parser with the policy ``compat32``: it hands header fields over as they stand, while the
parsers of ``default`` raise on odd ones and take quadratic time on long ones.
"""

import re
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32

from cirt.files.store import MAX_FILE_BYTES
from cirt.register.mail.charsets import decoded, header_text
from cirt.register.mail.html import html_text, links_in

MAX_DEPTH = 20
MAX_PARTS = 500
MAX_FILES = 50
MAX_TEXT = 1_000_000  # characters
_MAX_LINKS = 200
# The parser holds each line against each part that is open, so lines times parts is what it costs.
_MAX_COST = 20_000_000
_MAX_NESTS = 150  # it also goes down by recursion
_NESTS = re.compile(rb"^content-type:\s*(?:multipart|message)/", re.IGNORECASE | re.MULTILINE)

Part = Message  # of str headers and payloads


@dataclass(frozen=True, slots=True)
class MailFile:
    """``name`` and ``media_type`` are the sender's claims."""

    name: str
    media_type: str
    body: bytes = field(repr=False)


@dataclass(slots=True)
class Contents:
    """What was found on the walk."""

    texts: list[str] = field(default_factory=list)
    files: list[MailFile] = field(default_factory=list)
    attached: list[Part] = field(default_factory=list)
    returned: list[Part] = field(default_factory=list)  # delivery reports and returned headers
    seen: int = 0
    left_out: int = 0  # parts beyond a limit; they are in the mail as it came

    @property
    def text(self) -> str:
        return "\n\n".join(text for text in self.texts if text)


def parse(raw: bytes) -> Part | None:
    """The mail as a tree; None if taking it apart would cost too much."""
    nests = len(_NESTS.findall(raw))
    if nests > _MAX_NESTS or (nests + 1) * raw.count(b"\n") > _MAX_COST:
        return None
    return BytesParser(policy=compat32).parsebytes(raw)


def parse_headers(raw: bytes) -> Part:
    """The header fields alone."""
    begin = raw[: 256 * 1024]
    ends = [at for at in (begin.find(b"\r\n\r\n"), begin.find(b"\n\n")) if at >= 0]
    head = begin[: min(ends)] if ends else begin
    return BytesParser(policy=compat32).parsebytes(head + b"\r\n\r\n", headersonly=True)


def walk(message: Part) -> Contents:
    found = Contents()
    _walk(message, found, 0)
    return found


def header(message: Part, name: str) -> str:
    """The first field of this name as people read it; empty if there is none."""
    for given, value in message.raw_items():
        if given.casefold() == name:
            return header_text(str(value)).strip()
    return ""


def _walk(part: Part, found: Contents, depth: int) -> None:
    found.seen += 1
    if depth > MAX_DEPTH or found.seen > MAX_PARTS:
        found.left_out += 1
        return
    kind = part.get_content_type()
    children = children_of(part)
    if kind in ("message/rfc822", "message/global"):
        _attached(part, children, found, depth)
    elif kind in ("message/delivery-status", "text/rfc822-headers", "message/rfc822-headers"):
        found.returned += children or [part]
        found.texts.append(_plain_text(part) if not children else _fields(children))
    elif kind == "multipart/alternative" and children:
        _alternative(children, found, depth)
    elif children:
        for child in children:
            _walk(child, found, depth + 1)
    elif _is_text(part):
        found.texts.append(_text(part))
    else:
        _file(part, found)


def children_of(part: Part) -> list[Part]:
    """Not asked of other parts: the parser would decode their text on the way, by any codec named."""
    payload = part.get_payload() if part.is_multipart() else []
    return [one for one in payload if isinstance(one, Message)]


def _alternative(children: list[Part], found: Contents, depth: int) -> None:
    """The plain text, with the links that only the HTML has; else what there is."""
    plain = next((one for one in children if _is_text(one, "text/plain")), None)
    html = next((one for one in children if _is_text(one, "text/html")), None)
    text = _text(plain) if plain is not None else ""
    if plain is None or not text.strip():
        for child in children:
            _walk(child, found, depth + 1)
        return
    found.texts.append(text)
    if html is not None:
        found.texts.append("\n".join(_more_links(text, html)))
    for child in children:
        if child is not plain and child is not html:
            _walk(child, found, depth + 1)


def _more_links(text: str, html: Part) -> list[str]:
    new = [link for link in links_in(_plain_text(html)) if link not in text]
    return [f"<{link}>" for link in new[:_MAX_LINKS]]


def _attached(part: Part, children: list[Part], found: Contents, depth: int) -> None:
    """A mail within the mail: its text below its own headers, and itself as a file."""
    inner = _inner(part, children)
    if inner is None:
        _file(part, found)
        return
    found.attached.append(inner)
    name = part.get_filename() or f"{header(inner, 'subject')[:80] or 'mail'}.eml"
    _keep(found, MailFile(header_text(name), "message/rfc822", _bytes_of(inner)))
    found.texts.append(_summary(inner))
    _walk(inner, found, depth + 1)


def _inner(part: Part, children: list[Part]) -> Part | None:
    """Some programs pack the attached mail in base64, which the parser leaves as it is."""
    if not children:
        return None
    inner = children[0]
    packed = str(part.get("content-transfer-encoding", "")).strip().casefold()
    if packed in ("base64", "quoted-printable") and not inner.keys():
        inner["Content-Transfer-Encoding"] = packed
        body = inner.get_payload(decode=True)
        return parse(body) if isinstance(body, bytes) else None
    return inner


def _summary(inner: Part) -> str:
    names = ("From", "To", "Date", "Subject")
    lines = [f"{name}: {header(inner, name.casefold())}" for name in names if inner.get(name)]
    return "\n".join(["----------", *lines])


def _fields(children: list[Part]) -> str:
    lines = (
        f"{name}: {header_text(str(value))}" for one in children for name, value in one.raw_items()
    )
    return "\n".join(lines)


def _is_text(part: Part, kind: str = "") -> bool:
    """Text to read, not a file; a part that says multipart and has no parts is read as well."""
    if part.get_content_disposition() == "attachment" or part.get_filename():
        return False
    given = part.get_content_type()
    return (
        given == kind
        if kind
        else given in ("text/plain", "text/html", "text/enriched")
        or (given.startswith("multipart/"))
    )


def _text(part: Part) -> str:
    text = _plain_text(part)[:MAX_TEXT]
    return html_text(text) if part.get_content_type() == "text/html" else text.replace("\r\n", "\n")


def _plain_text(part: Part) -> str:
    body = part.get_payload(decode=True)
    return decoded(body, _charset(part)) if isinstance(body, bytes) else ""


def _charset(part: Part) -> str | None:
    given = part.get_param("charset")
    return str(given[2] if isinstance(given, tuple) else given) if given else None


def _file(part: Part, found: Contents) -> None:
    body = part.get_payload(decode=True)
    if isinstance(body, bytes):
        name = header_text(part.get_filename() or "")
        _keep(found, MailFile(name or "file", part.get_content_type(), body))
    else:
        found.left_out += 1


def _keep(found: Contents, file: MailFile) -> None:
    if len(found.files) >= MAX_FILES or len(file.body) > MAX_FILE_BYTES:
        found.left_out += 1
    else:
        found.files.append(file)


def _bytes_of(inner: Part) -> bytes:
    """As near to what came as the parser's tree allows; the outer mail has it exactly."""
    try:
        return inner.as_bytes(policy=compat32.clone(max_line_length=None))
    except (UnicodeError, ValueError, TypeError, LookupError, AttributeError):
        return b""
