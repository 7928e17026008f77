"""One secret per installation, and what is derived from it: signed tokens and sealed values."""

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from itsdangerous import BadData, URLSafeSerializer, URLSafeTimedSerializer

from cirt.kernel.errors import Invalid, Unavailable
from cirt.kernel.text import mark

_SECRET_BYTES = 32


class TokenWrong(Invalid):
    code = "token-wrong"
    message = mark("This token was not made here, or has been changed.")


class KeyMissing(Unavailable):
    code = "key-missing"
    message = mark("The key file {path} is missing. Restore it from a backup or run cirt init.")


class KeyUnreadable(Unavailable):
    code = "key-unreadable"
    message = mark("The file {path} does not hold a key. Restore it from a backup.")


class SecretUnreadable(Unavailable):
    code = "secret-unreadable"
    message = mark("A stored secret was sealed with another key. Set it again.")


class Keys:
    """Everything that needs the installation's secret."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def derive(self, purpose: str) -> bytes:
        """A 32-byte key for one purpose."""
        return hmac.digest(self._secret, purpose.encode(), hashlib.sha256)

    def sign(self, purpose: str, value: Any) -> str:
        """A token that carries ``value`` and never expires."""
        return str(URLSafeSerializer(self.derive("sign"), salt=purpose).dumps(value))

    def open(self, purpose: str, token: str) -> Any:
        try:
            return URLSafeSerializer(self.derive("sign"), salt=purpose).loads(token)
        except BadData as error:
            raise TokenWrong from error

    def sign_for(self, purpose: str, value: Any) -> str:
        """A token that :meth:`open_within` accepts for a limited time."""
        return str(URLSafeTimedSerializer(self.derive("sign"), salt=purpose).dumps(value))

    def open_within(self, purpose: str, token: str, *, max_age_s: int) -> Any:
        try:
            serializer = URLSafeTimedSerializer(self.derive("sign"), salt=purpose)
            return serializer.loads(token, max_age=max_age_s)
        except BadData as error:
            raise TokenWrong from error

    def seal(self, purpose: str, value: str) -> bytes:
        """Encrypt a secret that we must be able to read again, such as a peer's password."""
        return self._fernet(purpose).encrypt(value.encode())

    def unseal(self, purpose: str, sealed: bytes) -> str:
        """
        Raises:
            SecretUnreadable: it was sealed with another key, or for another purpose.
        """
        try:
            return self._fernet(purpose).decrypt(sealed).decode()
        except InvalidToken as error:
            raise SecretUnreadable from error

    def _fernet(self, purpose: str) -> Fernet:
        return Fernet(base64.urlsafe_b64encode(self.derive(f"seal {purpose}")))


def make_key_file(path: Path) -> None:
    """Write a new secret, readable by its owner only; refuses to overwrite."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(base64.urlsafe_b64encode(secrets.token_bytes(_SECRET_BYTES)))
        file.flush()
        os.fsync(file.fileno())


def read_keys(path: Path) -> Keys:
    """
    Raises:
        KeyMissing: there is no key file.
        KeyUnreadable: it was cut or changed.
    """
    try:
        secret = base64.urlsafe_b64decode(path.read_bytes())
    except FileNotFoundError as error:
        raise KeyMissing(path=path) from error
    except ValueError as error:
        raise KeyUnreadable(path=path) from error
    if len(secret) != _SECRET_BYTES:
        raise KeyUnreadable(path=path)
    return Keys(secret)
