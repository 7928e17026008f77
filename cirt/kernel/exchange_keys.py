"""The two keys with which an installation signs files for peers (Ed25519) and opens theirs (X25519), as one text."""

import base64
import binascii
import hashlib
from dataclasses import dataclass, field
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from cirt.kernel.errors import Invalid
from cirt.kernel.text import mark

_PREFIX = "cirt-key-1:"
_SIZE = 32  # bytes of each key
DIGEST = 20  # bytes of a fingerprint: enough that nobody makes a second key for it
_P = 2**255 - 19
# Points of small order, by which everybody's signature would hold (RFC 8032, section 8.9); without their sign.
_ORDER_8 = 2707385501144840649318225287225658788936804267575313519463743609750303402022
_WEAK = frozenset({0, 1, _P - 1, _P, _P + 1, _ORDER_8, _P - _ORDER_8})


class ExchangeKeyWrong(Invalid):
    code = "exchange-key-wrong"
    message = mark(
        "This is not an exchange key: {problem}. Copy the whole line that the peer's own"
        " “cirt exchange key” prints; it begins with cirt-key-1:"
    )


def spell(digest: bytes) -> str:
    """A fingerprint as people read it."""
    shown = digest.hex()
    return " ".join(shown[at : at + 4] for at in range(0, len(shown), 4))


@dataclass(frozen=True, slots=True)
class PublicKeys:
    """What peers know of an installation; each 32 bytes."""

    signing: bytes
    sealing: bytes

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        Raises:
            ExchangeKeyWrong: it is cut, of another kind, or so weak that anybody could sign for it.
        """
        text = text.strip()
        if not text.startswith(_PREFIX):
            raise ExchangeKeyWrong(problem="it begins otherwise")
        try:
            raw = base64.b64decode(text.removeprefix(_PREFIX), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise ExchangeKeyWrong(problem="a letter in it is wrong") from None
        if len(raw) != 2 * _SIZE:
            raise ExchangeKeyWrong(problem="it is too short or too long")
        found = cls(raw[:_SIZE], raw[_SIZE:])
        if found._is_weak():
            raise ExchangeKeyWrong(problem="it is a weak key that proves nothing")
        return found

    @property
    def text(self) -> str:
        return _PREFIX + base64.urlsafe_b64encode(self.signing + self.sealing).decode()

    @property
    def fingerprint(self) -> str:
        """Of both together: ten groups of four, to be read out on the telephone."""
        return spell(self.digest)

    @property
    def digest(self) -> bytes:
        """What the fingerprint spells; 20 bytes."""
        said = b"CIRT exchange key\0" + self.signing + self.sealing
        return hashlib.sha256(said).digest()[:DIGEST]

    def verifies(self, signature: bytes, said: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.signing).verify(signature, said)
        except InvalidSignature:
            return False
        return True

    def _is_weak(self) -> bool:
        if int.from_bytes(self.signing, "little") & (2**255 - 1) in _WEAK:
            return True
        try:
            X25519PrivateKey.generate().exchange(X25519PublicKey.from_public_bytes(self.sealing))
        except ValueError:  # the shared secret would be nothing but zeros
            return True
        return False


@dataclass(frozen=True, slots=True)
class PrivateKeys:
    """Our own; each 32 bytes."""

    signing: bytes = field(repr=False)
    sealing: bytes = field(repr=False)

    @classmethod
    def make(cls) -> Self:
        kind = (Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        return cls(
            Ed25519PrivateKey.generate().private_bytes(*kind),
            X25519PrivateKey.generate().private_bytes(*kind),
        )

    @classmethod
    def from_secret(cls, secret: str) -> Self:
        raw = base64.b64decode(secret)
        return cls(raw[:_SIZE], raw[_SIZE:])

    @property
    def secret(self) -> str:
        """To be sealed before it is kept anywhere."""
        return base64.b64encode(self.signing + self.sealing).decode()

    @property
    def public(self) -> PublicKeys:
        kind = (Encoding.Raw, PublicFormat.Raw)
        signing = Ed25519PrivateKey.from_private_bytes(self.signing).public_key()
        sealing = X25519PrivateKey.from_private_bytes(self.sealing).public_key()
        return PublicKeys(signing.public_bytes(*kind), sealing.public_bytes(*kind))

    def sign(self, said: bytes) -> bytes:
        return Ed25519PrivateKey.from_private_bytes(self.signing).sign(said)

    def agree(self, with_whom: bytes) -> bytes:
        """The secret shared with the owner of this X25519 key.

        Raises:
            ValueError: that key is weak.
        """
        mine = X25519PrivateKey.from_private_bytes(self.sealing)
        return mine.exchange(X25519PublicKey.from_public_bytes(with_whom))
