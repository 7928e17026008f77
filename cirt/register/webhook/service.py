"""Webhooks: made at the console or at the desk, and the events that come by them.

What a system tells under one key is one report for as long as somebody may still work on it; each further time is
counted and stands in the report's dialogue, unless it says the same as the last one.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import orjson
import sqlalchemy as sa

from cirt.files.store import put_attachment
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.register import texts
from cirt.register.commands import TakeReport
from cirt.register.dialogue.keeping import MAX_MESSAGES, keep_message
from cirt.register.dialogue.models import Channel, Direction, Message, MessageKind
from cirt.register.errors import RedNeedsPerson
from cirt.register.intake import take_report
from cirt.register.linking.whereabouts import is_worked_on
from cirt.register.models import Report, ReportSource, ReportState
from cirt.register.webhook.errors import (
    EventTooLarge,
    NoSuchWebhook,
    NotAnEvent,
    TokenRefused,
    TooManyEvents,
    WebhookChanged,
    WebhookExists,
    WebhookNameWrong,
    WebhookPaused,
)
from cirt.register.webhook.mapping import DEFAULT, Event, Paths, event_of
from cirt.register.webhook.models import Webhook, WebhookKey

MAX_EVENT_BYTES = 256 * 1024
PER_MINUTE = 120
PAUSE_S = 300  # after which a sender may ask whether it may go on
_MINUTE = timedelta(minutes=1)
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?\Z")
_NO_HASH = "0" * 64


@dataclass(frozen=True, slots=True)
class Taken:
    """``count``: how often it was told of under this key."""

    reference: str
    count: int


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
    webhook = _named(work, name)
    if webhook is not None and webhook.removed_at is None:
        raise WebhookExists(name=name)
    if webhook is None:
        webhook = Webhook(name=name, made_at=work.now, window_count=0, version=0, taken_count=0)
        work.session.add(webhook)
    token = secrets.token_urlsafe(32)
    webhook.token_hash, webhook.removed_at = _hash(token), None
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


def remove_webhook(work: Work, name: str) -> None:
    """Its token holds no longer; what it told of stays.

    Raises:
        NoSuchWebhook, NotAllowed.
    """
    work.require("webhook:write")
    get_webhook(work, name).removed_at = work.now
    work.audit("webhook.remove", name)


def get_webhook(work: Work, name: str, *, lock: bool = False) -> Webhook:
    """
    Raises:
        NoSuchWebhook.
    """
    webhook = _named(work, name, lock=lock)
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


def read_event(body: bytes) -> dict[str, Any]:
    """
    Raises:
        NotAnEvent, EventTooLarge.
    """
    if len(body) > MAX_EVENT_BYTES:
        raise EventTooLarge(limit=f"{MAX_EVENT_BYTES // 1024} KiB")
    try:
        sent = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise NotAnEvent(reason=error.msg) from error
    if not isinstance(sent, dict):
        raise NotAnEvent(reason="it is something else")
    return sent


def check_token(work: Work, name: str, token: str) -> None:
    """Before anything of the body is read.

    Raises:
        TokenRefused; WebhookPaused: only who has the token is told.
    """
    webhook = _named(work, texts.storable(name))
    known = webhook.token_hash if webhook and webhook.removed_at is None else _NO_HASH
    if not hmac.compare_digest(_hash(token), known):
        raise TokenRefused
    if webhook is not None and webhook.paused_at is not None:
        raise WebhookPaused(name=webhook.name, wait_s=PAUSE_S)


def take_event(work: Work, name: str, token: str, body: bytes) -> Taken:
    """
    Raises:
        TokenRefused, WebhookPaused, TooManyEvents, NotAnEvent, EventTooLarge.
    """
    check_token(work, name, token)
    sent = read_event(body)
    webhook = _locked(work, name)
    _count(work, webhook)
    event = event_of(sent, paths_of(webhook))
    webhook.last_at, webhook.taken_count = work.now, webhook.taken_count + 1
    known = _known(work, webhook, event)
    report = _open_report(work, known) if known else None
    if known is None or report is None:
        return _first_time(work, webhook, event, known, body)
    return _again(work, known, report, event, body)


def _locked(work: Work, name: str) -> Webhook:
    """Two events under one new key at once are two times of one report."""
    query = sa.select(Webhook).where(Webhook.name == name).with_for_update()
    return work.session.scalars(query.execution_options(populate_existing=True)).one()


def _count(work: Work, webhook: Webhook) -> None:
    if webhook.window_at is None or work.now - webhook.window_at >= _MINUTE:
        webhook.window_at, webhook.window_count = work.now, 0
    if webhook.window_count >= PER_MINUTE:
        wait = webhook.window_at + _MINUTE - work.now
        raise TooManyEvents(limit=PER_MINUTE, wait_s=max(1, round(wait.total_seconds())))
    webhook.window_count += 1


def _known(work: Work, webhook: Webhook, event: Event) -> WebhookKey | None:
    return work.session.get(WebhookKey, (webhook.id, _hash(event.key))) if event.key else None


def _open_report(work: Work, known: WebhookKey) -> Report | None:
    """None where nobody works on it any more: then it begins anew."""
    report = work.session.get_one(Report, known.report_id)
    if report.state is ReportState.REJECTED:
        return None
    return report if is_worked_on(work, report) else None


def _first_time(
    work: Work, webhook: Webhook, event: Event, known: WebhookKey | None, body: bytes
) -> Taken:
    command = TakeReport(
        text=_text(event),
        organisation=event.organisation,
        reporter=webhook.name,
        tlp=webhook.tlp,
        source=ReportSource.WEBHOOK,
        headers={"webhook": webhook.name, "key": texts.storable(event.key)[:500]},
    )
    report, _ = take_report(work, command)
    put_attachment(work, report.reference, "event.json", "application/json", body)
    if known is not None:
        known.report_id, known.count = report.id, 1
        known.digest, known.last_at = _digest(body), work.now
    elif event.key:
        key = WebhookKey(
            webhook_id=webhook.id,
            key_hash=_hash(event.key),
            report_id=report.id,
            count=1,
            digest=_digest(body),
            last_at=work.now,
        )
        work.session.add(key)
    return Taken(report.reference, 1)


def _again(work: Work, known: WebhookKey, report: Report, event: Event, body: bytes) -> Taken:
    """Nobody is asked to read it: whoever works on the report finds it there."""
    says_more = known.digest != _digest(body)
    known.count, known.digest, known.last_at = known.count + 1, _digest(body), work.now
    if says_more and known.count <= MAX_MESSAGES:
        message = Message(
            report_id=report.id,
            direction=Direction.IN,
            channel=Channel.WEBHOOK,
            kind=MessageKind.AGAIN,
            subject=texts.one_line(texts.storable(event.title), 200),
            headers={"count": known.count},
            read_at=work.now,
        )
        keep_message(work, message, _text(event))
    work.audit("webhook.again", report.reference, count=known.count)
    return Taken(report.reference, known.count)


def _text(event: Event) -> str:
    return event.body.encode("utf-8", "surrogatepass")[: 1024 * 1024 - 4].decode("utf-8", "ignore")


def _named(work: Work, name: str, *, lock: bool = False) -> Webhook | None:
    query = sa.select(Webhook).where(Webhook.name == name)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return work.session.scalars(query).one_or_none()


def _kept(mapping: Paths | Mapping[str, Any]) -> dict[str, Any]:
    return {name: list(paths) for name, paths in mapping.items()}


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
