"""Passwords: argon2id hashes, one-time passwords, and equal work for unknown names."""

import secrets
import threading
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from cirt.kernel.errors import Invalid
from cirt.kernel.text import mark

MIN_LENGTH = 12
_ONE_AT_A_TIME = threading.Lock()  # each hash takes 64 MiB, and all peers may come at once
_hasher = PasswordHasher(time_cost=2, memory_cost=65536, parallelism=1)
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that are mistaken for another


class PasswordTooShort(Invalid):
    code = "password-too-short"
    message = mark("Use at least {least} characters for a password; several words are good.")


def hash_password(password: str) -> str:
    """
    Raises:
        PasswordTooShort: fewer than MIN_LENGTH characters.
    """
    if len(password) < MIN_LENGTH:
        raise PasswordTooShort(least=MIN_LENGTH)
    with _ONE_AT_A_TIME:
        return _hasher.hash(password)


def verify(password_hash: str | None, password: str) -> bool:
    """Whether they belong together; takes as long where there is no hash."""
    with _ONE_AT_A_TIME:
        try:
            _hasher.verify(password_hash or _nobody(), password)
        except (VerificationError, InvalidHashError):
            return False
    return password_hash is not None


@cache
def _nobody() -> str:
    return _hasher.hash(secrets.token_hex(16))


def one_time_password() -> str:
    """Five groups of four, about 98 bits, readable over a telephone."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(5))
