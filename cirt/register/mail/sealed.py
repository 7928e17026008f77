"""What in a mail PGP has to open or to prove (RFC 3156, and the older way within the text). Pure."""

import re
from dataclasses import dataclass, field
from enum import StrEnum

from cirt.register.mail.parts import Part, children_of


class Seal(StrEnum):
    ENCRYPTED = "encrypted"  # a whole mail lies within
    SIGNED = "signed"  # beside its signature
    TEXT_ENCRYPTED = "text-encrypted"
    TEXT_SIGNED = "text-signed"


@dataclass(frozen=True, slots=True)
class Sealed:
    seal: Seal
    data: bytes = field(repr=False)
    signature: bytes = field(default=b"", repr=False)


_BLOCKS = (
    (Seal.TEXT_ENCRYPTED, "-----BEGIN PGP MESSAGE-----", "-----END PGP MESSAGE-----"),
    (Seal.TEXT_SIGNED, "-----BEGIN PGP SIGNED MESSAGE-----", "-----END PGP SIGNATURE-----"),
)


def sealed_in(raw: bytes, tree: Part, text: str) -> Sealed | None:
    """The outermost seal; what lies within an encrypted mail is looked at when it is open."""
    kind, children = tree.get_content_type(), children_of(tree)
    if len(children) == 2:  # noqa: PLR2004
        last = children[1]
        body = last.get_payload(decode=True)
        if kind == "multipart/encrypted" and isinstance(body, bytes):
            return Sealed(Seal.ENCRYPTED, body)
        if kind == "multipart/signed" and isinstance(body, bytes):
            signed = _first_part(raw, tree.get_boundary())
            is_pgp = last.get_content_type() == "application/pgp-signature"
            return Sealed(Seal.SIGNED, signed, body) if signed and is_pgp else None
    for seal, begin, end in _BLOCKS:
        start = text.find(begin)
        stop = text.find(end, start) if start >= 0 else -1
        if stop > start:
            block = text[start : stop + len(end)]
            return Sealed(seal, block.encode("utf-8", "surrogatepass"))
    return None


def _first_part(raw: bytes, boundary: str | None) -> bytes:
    """Exactly as it came, in the line ends that are signed (RFC 3156, section 5)."""
    if not boundary:
        return b""
    line = b"--" + boundary.encode("ascii", "surrogateescape")
    pieces = re.split(
        rb"(?m)(?:\A|\r?\n)" + re.escape(line) + rb"(?:--)?[ \t]*\r?(?:\n|\Z)", raw, maxsplit=2
    )
    if len(pieces) < 3:  # noqa: PLR2004
        return b""
    return re.sub(rb"\r?\n", b"\r\n", pieces[1])
