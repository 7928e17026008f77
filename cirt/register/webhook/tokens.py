"""The secret by which a system is known; of it only a hash is kept."""

import hashlib
import hmac
import secrets

from cirt.kernel.work import Work
from cirt.register import texts
from cirt.register.webhook.errors import TokenRefused, WebhookPaused
from cirt.register.webhook.queries import named

PAUSE_S = 300  # after which a sender may ask whether it may go on
_NO_HASH = "0" * 64


def new_token() -> str:
    return secrets.token_urlsafe(32)


def hash_of(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def check_token(work: Work, name: str, token: str) -> None:
    """Before anything of the body is read.

    Raises:
        TokenRefused; WebhookPaused: only who has the token is told.
    """
    webhook = named(work, texts.storable(name))
    known = webhook.token_hash if webhook and webhook.removed_at is None else _NO_HASH
    if not hmac.compare_digest(hash_of(token), known):
        raise TokenRefused
    if webhook is not None and webhook.paused_at is not None:
        raise WebhookPaused(name=webhook.name, wait_s=PAUSE_S)
