"""Follow-up codes, with which a reporter asks for the state, and the one-time values of public forms."""

import hashlib
import hmac
import secrets

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # no I, L, O, U: they are misheard and misread
_LENGTH = 15  # times 5 bits: 75 bits
_GROUP = 3
_MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1", "U": "V", "-": None, " ": None})


def new_form_value() -> str:
    """The one-time value of a public form, which the page carries signed (rulings 25)."""
    return secrets.token_urlsafe(24)


def code_for(sending: str | None) -> str:
    """A follow-up code such as ``K7P-2QM-9RT-4XD-6HB``.

    It is derived from what was sent, the form's secret value in it, so that the same sent twice shows the
    same code though only a hash of either is stored.
    """
    seed = (sending or new_form_value()).encode()
    number = int.from_bytes(hashlib.blake2b(seed, digest_size=16, person=b"follow-up").digest())
    letters = "".join(_ALPHABET[(number >> 5 * place) & 31] for place in range(_LENGTH))
    return "-".join(letters[at : at + _GROUP] for at in range(0, _LENGTH, _GROUP))


def code_hash(code: str) -> str:
    """Hashed without salt: 75 random bits cannot be guessed back."""
    return _hashed("code", code.upper().translate(_MISREAD))


def form_hash(sending: str) -> str:
    return _hashed("form", sending)


def is_code(code: str, stored_hash: str) -> bool:
    """In constant time."""
    return hmac.compare_digest(code_hash(code), stored_hash)


def _hashed(purpose: str, text: str) -> str:
    data = f"{purpose}:{text}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(data).hexdigest()
