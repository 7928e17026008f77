"""Which webhooks there are; one that was removed is there for nobody."""

import sqlalchemy as sa

from cirt.kernel.work import Work
from cirt.register.webhook.errors import NoSuchWebhook
from cirt.register.webhook.mapping import DEFAULT, Paths
from cirt.register.webhook.models import Webhook


def get_webhook(work: Work, name: str, *, lock: bool = False) -> Webhook:
    """
    Raises:
        NoSuchWebhook.
    """
    webhook = named(work, name, lock=lock)
    if webhook is None or webhook.removed_at is not None:
        raise NoSuchWebhook(name=name)
    return webhook


def webhook_of(work: Work, webhook_id: int) -> Webhook:
    """
    Raises:
        NoSuchWebhook.
    """
    webhook = work.session.get(Webhook, webhook_id)
    if webhook is None or webhook.removed_at is not None:
        raise NoSuchWebhook(name=webhook_id)
    return webhook


def webhooks(work: Work) -> list[Webhook]:
    query = sa.select(Webhook).where(Webhook.removed_at.is_(None)).order_by(Webhook.name)
    return list(work.session.scalars(query))


def paths_of(webhook: Webhook) -> Paths:
    """Without a mapping of its own, the names that most systems use."""
    return {name: tuple(paths) for name, paths in webhook.mapping.items()} or DEFAULT


def named(work: Work, name: str, *, lock: bool = False) -> Webhook | None:
    """Also one that was removed."""
    query = sa.select(Webhook).where(Webhook.name == name)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return work.session.scalars(query).one_or_none()
