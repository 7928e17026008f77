"""The form of a carried file: a preface and frames, each one signed for, and sealed where it is encrypted.

What every byte means is written in docs/carried.md, so that another team can write such a file.
"""

import hashlib
from datetime import UTC, datetime
from enum import Enum
from typing import Annotated

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

VERSION = 1
BEGIN = b"CIRT carried file "
MAGIC = BEGIN + b"%d\n" % VERSION
SIGNED_AS = MAGIC + b"signature\0"
SEALED_AS = MAGIC + b"encryption\0"
MAX_FRAME = 8 * 1024 * 1024  # bytes of a frame's content
MAX_OBJECTS = 1000  # on a page
MAX_PAGES = 1_000_000
TAG = 16  # bytes that sealing adds
KEY = 32
SIGNATURE = 64
_COUNT = 4


class Mode(bytes, Enum):
    PLAIN = b"P"
    SEALED = b"E"


class Kind(bytes, Enum):
    HEADER = b"H"
    PAGE = b"O"
    TRAILER = b"T"
    SIGNATURE = b"S"
    SEALED = b"C"  # around each of the others in an encrypted file


Number = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Text = Annotated[str, msgspec.Meta(max_length=300)]


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One collection of the sender's; the file holds the recipient's feed of it from after ``begins`` on."""

    id: Text
    alias: Text
    begins: Moment | None  # None: all of it


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``taken`` is the number of the recipient's own files up to which the sender has taken them."""

    sender: Text  # STIX identity
    sender_key: Text  # fingerprint
    recipient_key: Text
    number: Number
    follows: Number
    made_at: Moment
    taken: Number
    collections: Annotated[list[Section], msgspec.Meta(max_length=1000)]

    def __post_init__(self) -> None:
        """
        Raises:
            ValueError: it was made at a time that is none in UTC, beside the first and the last day there is.
        """
        try:
            self.made_at.astimezone(UTC)
        except OverflowError as error:
            raise ValueError(str(error)) from None


class Trailer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``ends``: for each collection of the header the date of the last object, where the next file begins."""

    pages: Number
    objects: Number
    ends: Annotated[list[Moment | None], msgspec.Meta(max_length=1000)]


class Page(msgspec.Struct, frozen=True):
    """Objects of one collection, as a TAXII envelope of their exact bytes."""

    section: int  # which of the header's collections
    count: int
    body: bytes

    def pack(self) -> bytes:
        return self.section.to_bytes(2, "big") + self.count.to_bytes(_COUNT, "big") + self.body

    @classmethod
    def unpack(cls, content: bytes) -> "Page | None":
        """None of what is too short to be one."""
        if len(content) < 2 + _COUNT:
            return None
        section, count = content[:2], content[2 : 2 + _COUNT]
        return cls(
            int.from_bytes(section, "big"), int.from_bytes(count, "big"), content[2 + _COUNT :]
        )


def frame(kind: Kind, content: bytes) -> bytes:
    return kind.value + len(content).to_bytes(4, "big") + content


class Sealing:
    """Seals or opens frames one after the other, each with its place in the file."""

    def __init__(self, shared: bytes, preface: bytes) -> None:
        key = HKDF(algorithm=SHA256(), length=KEY, salt=preface, info=SEALED_AS).derive(shared)
        self._cipher = ChaCha20Poly1305(key)
        self._about = hashlib.sha256(preface).digest()
        self._place = 0

    def seal(self, content: bytes) -> bytes:
        return self._cipher.encrypt(self._nonce(), content, self._about)

    def open(self, sealed: bytes) -> bytes:
        """
        Raises:
            cryptography.exceptions.InvalidTag: it was changed, or stood elsewhere.
        """
        return self._cipher.decrypt(self._nonce(), sealed, self._about)

    def _nonce(self) -> bytes:
        self._place += 1
        return self._place.to_bytes(12, "big")
