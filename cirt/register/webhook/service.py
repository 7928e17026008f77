"""Webhooks: made, mapped, paused and removed, at the console or at the desk."""

import re
from collections.abc import Mapping
from typing import Any

from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.register.errors import RedNeedsPerson
from cirt.register.webhook.errors import WebhookChanged, WebhookExists, WebhookNameWrong
from cirt.register.webhook.mapping import Paths
from cirt.register.webhook.models import Webhook
from cirt.register.webhook.queries import get_webhook, named
from cirt.register.webhook.tokens import hash_of, new_token

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?\Z")


def add_webhook(work: Work, name: str, mapping: Paths, tlp: Tlp) -> str:
    """The token, shown once; one that was removed may be made again.

    Raises:
        WebhookNameWrong, WebhookExists, RedNeedsPerson, NotAllowed.
    """
    work.require("webhook:write")
    if not _NAME.match(name):
        raise WebhookNameWrong(name=name)
    if tlp is Tlp.RED:
        raise RedNeedsPerson
    webhook = named(work, name)
    if webhook is not None and webhook.removed_at is None:
        raise WebhookExists(name=name)
    if webhook is None:
        webhook = Webhook(name=name, made_at=work.now, window_count=0, version=0, taken_count=0)
        work.session.add(webhook)
    token = new_token()
    webhook.token_hash, webhook.removed_at = hash_of(token), None
    webhook.mapping, webhook.tlp, webhook.paused_at = _kept(mapping), tlp, None
    webhook.version += 1
    work.session.flush()
    work.audit("webhook.add", name, tlp=tlp)
    return token


def map_webhook(work: Work, name: str, mapping: Paths, *, version: int | None = None) -> None:
    """With ``version``, only if that is what its page showed.

    Raises:
        NoSuchWebhook, WebhookChanged, NotAllowed.
    """
    work.require("webhook:write")
    webhook = get_webhook(work, name, lock=True)
    if version is not None and version != webhook.version:
        raise WebhookChanged(name=name)
    webhook.mapping, webhook.version = _kept(mapping), webhook.version + 1
    work.audit("webhook.map", name)


def pause_webhook(work: Work, name: str) -> None:
    """What it sends is refused until it goes on; its sender is asked to try again later.

    Raises:
        NoSuchWebhook, NotAllowed.
    """
    work.require("webhook:write")
    webhook = get_webhook(work, name, lock=True)
    if webhook.paused_at is None:
        webhook.paused_at = work.now
        work.audit("webhook.pause", name)


def resume_webhook(work: Work, name: str) -> None:
    """
    Raises:
        NoSuchWebhook, NotAllowed.
    """
    work.require("webhook:write")
    webhook = get_webhook(work, name, lock=True)
    if webhook.paused_at is not None:
        webhook.paused_at = None
        work.audit("webhook.resume", name)


def renew_token(work: Work, name: str) -> str:
    """Another token, shown once; the one that it had holds no longer, from this moment on.

    Raises:
        NoSuchWebhook, NotAllowed.
    """
    work.require("webhook:write")
    webhook = get_webhook(work, name, lock=True)
    token = new_token()
    webhook.token_hash = hash_of(token)
    work.session.flush()
    work.audit("webhook.token", name)
    return token


def remove_webhook(work: Work, name: str) -> None:
    """Its token holds no longer; what it told of stays.

    Raises:
        NoSuchWebhook, NotAllowed.
    """
    work.require("webhook:write")
    get_webhook(work, name).removed_at = work.now
    work.audit("webhook.remove", name)


def _kept(mapping: Paths | Mapping[str, Any]) -> dict[str, Any]:
    return {name: list(paths) for name, paths in mapping.items()}
