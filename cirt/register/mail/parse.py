"""A mail's bytes as what the register needs of them. Pure; whatever the bytes are, it answers."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.utils import getaddresses

from cirt.kernel.tlp import Tlp
from cirt.register.mail import parts
from cirt.register.mail.charsets import header_text
from cirt.register.mail.kinds import MailKind, is_spam, kind_of
from cirt.register.mail.parts import Contents, MailFile, Part, header
from cirt.register.mail.sealed import Sealed, sealed_in

_MAX_FIELDS = 300
_MAX_IDS = 100
# No control characters, nor what is no letter: no column holds them, nor can one be asked for them.
_ID = re.compile("<([^<>\\s\x00-\x1f\x7f\ud800-\udfff]{3,290})>")
_QUOTED_ID = re.compile(rf"^message-id:\s*{_ID.pattern}", re.IGNORECASE | re.MULTILINE)
_CLAIMS = re.compile(r"\b(?:REP|INC)-\d{4}-\d{4,8}\b", re.IGNORECASE)
_TLP = re.compile(r"\bTLP[:\s_-]{0,2}(RED|AMBER\+STRICT|AMBER|GREEN|CLEAR|WHITE)", re.IGNORECASE)
_STATUS = re.compile(r"^(?:Diagnostic-Code|Status)\s*:\s*(.{1,300})$", re.IGNORECASE | re.MULTILINE)
_ADDRESS = re.compile(r"[^@\s<>\"',;]{1,64}@[^@\s<>\"',;]+\Z")


@dataclass(frozen=True, slots=True)
class Mail:
    """``sender`` and all else here are what the mail says of itself; none of it is proven."""

    kind: MailKind
    sender: str  # an address in small letters, or nothing
    sender_name: str
    recipients: tuple[str, ...]
    subject: str
    message_id: str
    references: tuple[str, ...]  # Message-IDs that it answers, the nearest first
    fields: tuple[tuple[str, str], ...] = field(repr=False)  # all header fields as they stand
    digest: str  # of what its writer made of it, without what the way added
    text: str = field(repr=False)
    files: tuple[MailFile, ...]
    attached: int  # mails in it
    returned: tuple[str, ...]  # Message-IDs of what came back, if it is a bounce
    status: str  # why, as the other mail system says
    left_out: int  # parts beyond our limits
    is_spam: bool
    tlp: Tlp | None  # as its subject says
    sealed: Sealed | None = field(repr=False)  # what PGP has to open or prove

    @property
    def claims(self) -> tuple[str, ...]:
        """References of ours that its subject names; anybody can write them."""
        found = (match.upper() for match in _CLAIMS.findall(self.subject[:500]))
        return tuple(dict.fromkeys(found))[:5]


def read_mail(raw: bytes, *, is_whole: bool = True) -> Mail:
    """``is_whole`` False: these are the header fields of a mail that was too large."""
    tree = parts.parse(raw) if is_whole else None
    message = parts.parse_headers(raw) if tree is None else tree
    contents = Contents(left_out=1) if tree is None else parts.walk(tree)
    name, address = _sender(message)
    subject = header(message, "subject")
    return Mail(
        kind=_kind(message),
        sender=address,
        sender_name=name,
        recipients=_addresses(message, "to", "cc", "delivered-to", "x-original-to"),
        subject=subject,
        message_id=next(iter(_ids(message, "message-id")), ""),
        references=_references(message),
        fields=_fields(message),
        digest=_digest(message, raw),
        text=contents.text[: parts.MAX_TEXT],
        files=tuple(contents.files),
        attached=len(contents.attached),
        returned=_returned(contents),
        status=_status(contents),
        left_out=contents.left_out,
        is_spam=is_spam(lambda wanted: header(message, wanted)),
        tlp=_tlp(subject),
        sealed=sealed_in(raw, tree, contents.text) if tree is not None else None,
    )


def _kind(message: Part) -> MailKind:
    reports = message.get_param("report-type")
    content_type, report_type = message.get_content_type(), str(reports or "")
    return kind_of(lambda wanted: header(message, wanted), content_type, report_type)


def _sender(message: Part) -> tuple[str, str]:
    """Name and address; From goes before Sender, which goes before where it came from."""
    for wanted in ("from", "sender", "reply-to", "return-path"):
        found = _named(header(message, wanted))
        if found[1]:
            return found
    return _named(header(message, "from"))


def _named(text: str) -> tuple[str, str]:
    for name, address in _parsed([text]):
        if _ADDRESS.match(address):
            return name[:200], address.casefold()[:254]
    return text[:200], ""


def _addresses(message: Part, *names: str) -> tuple[str, ...]:
    found = _parsed([header(message, name) for name in names])
    return tuple(dict.fromkeys(address.casefold() for _, address in found if "@" in address))[:100]


def _parsed(texts: Sequence[str]) -> list[tuple[str, str]]:
    """The parser of addresses goes into comments by recursion and takes long where there are many."""
    try:
        return getaddresses([text[:2000] for text in texts if text])
    except (RecursionError, ValueError, IndexError):
        return []


def _references(message: Part) -> tuple[str, ...]:
    found = [*_ids(message, "in-reply-to"), *reversed(_ids(message, "references"))]
    return tuple(dict.fromkeys(found))[:_MAX_IDS]


def _ids(message: Part, name: str) -> list[str]:
    return _ID.findall(header(message, name))


def _returned(contents: Contents) -> tuple[str, ...]:
    """Of the mail that came back: it lies in the bounce whole, as its header fields, or is quoted in the text."""
    found = [
        one for part in (*contents.attached, *contents.returned) for one in _ids(part, "message-id")
    ]
    quoted = _QUOTED_ID.findall(contents.text[:100_000])
    return tuple(dict.fromkeys([*found, *quoted]))[:_MAX_IDS]


def _status(contents: Contents) -> str:
    said = _STATUS.findall("\n".join(contents.texts)[:100_000])
    return " ".join(dict.fromkeys(line.strip() for line in said))[:300]


def _fields(message: Part) -> tuple[tuple[str, str], ...]:
    items = list(message.raw_items())[:_MAX_FIELDS]
    return tuple((name[:100], header_text(str(value))) for name, value in items)


def _digest(message: Part, raw: bytes) -> str:
    """The same for a mail that reached us on two ways, another for one that only bears its Message-ID."""
    said = "\n".join(header(message, name) for name in ("message-id", "from", "date", "subject"))
    ends = [at for at in (raw.find(b"\r\n\r\n"), raw.find(b"\n\n")) if at >= 0]
    body = raw[min(ends) :] if ends else raw
    told = hashlib.sha256(said.encode("utf-8", "surrogatepass"))
    told.update(body.replace(b"\r\n", b"\n").strip())
    return told.hexdigest()


def _tlp(subject: str) -> Tlp | None:
    found = _TLP.search(subject[:500])
    if found is None:
        return None
    word = found[1].casefold()
    return Tlp.CLEAR if word == "white" else Tlp.parse(word)
