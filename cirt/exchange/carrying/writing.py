"""Writes a carried file, frame by frame, so that its length does not matter."""

import hashlib
from datetime import datetime
from typing import BinaryIO

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cirt.exchange.carrying.frames import (
    MAGIC,
    MAX_FRAME,
    SIGNED_AS,
    Header,
    Kind,
    Mode,
    Page,
    Sealing,
    Trailer,
    frame,
)
from cirt.kernel.exchange_keys import PrivateKeys, PublicKeys


class Writer:
    """One file, from its header to its signature."""

    def __init__(
        self, out: BinaryIO, own: PrivateKeys, to: PublicKeys, *, is_sealed: bool = True
    ) -> None:
        self._out, self._own = out, own
        self._digest = hashlib.sha512()
        self._pages = self._objects = 0
        preface = MAGIC + Mode.PLAIN.value
        self._sealing: Sealing | None = None
        if is_sealed:
            once = PrivateKeys.make()  # of which the sealing half is used, for this file alone
            shown = _public(once.sealing)
            preface = MAGIC + Mode.SEALED.value + shown + to.digest
            self._sealing = Sealing(once.agree(to.sealing), preface)
        self._out.write(preface)
        self._digest.update(preface)

    def begin(self, header: Header) -> None:
        self._put(Kind.HEADER, msgspec.json.encode(header))

    def add(self, page: Page) -> None:
        self._pages += 1
        self._objects += page.count
        self._put(Kind.PAGE, page.pack())

    def end(self, ends: list[datetime | None]) -> str:
        """Sign it; the digest by which this file is known, in hexadecimal."""
        self._put(Kind.TRAILER, msgspec.json.encode(Trailer(self._pages, self._objects, ends)))
        said = self._digest.digest()
        self._put(Kind.SIGNATURE, self._own.sign(SIGNED_AS + said))
        return said[:32].hex()

    def _put(self, kind: Kind, content: bytes) -> None:
        if len(content) > MAX_FRAME:
            raise ValueError("a frame is longer than a reader takes")
        plain = frame(kind, content)
        self._digest.update(plain)
        if self._sealing is not None:
            plain = frame(Kind.SEALED, self._sealing.seal(plain))
        self._out.write(plain)


def _public(sealing: bytes) -> bytes:
    key = X25519PrivateKey.from_private_bytes(sealing).public_key()
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)
