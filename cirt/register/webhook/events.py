"""What a system tells: read, counted and kept.

What it tells under one key is one report for as long as somebody may still work on it; each further time is counted
and stands in the report's dialogue, unless it says the same as the last one.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import orjson
import sqlalchemy as sa

from cirt.files.store import put_attachment
from cirt.kernel.work import Work
from cirt.register import texts
from cirt.register.commands import TakeReport
from cirt.register.intake import take_report
from cirt.register.models import Report, ReportSource
from cirt.register.telling import open_report, tell_again
from cirt.register.webhook.errors import EventTooLarge, NotAnEvent, TooManyEvents
from cirt.register.webhook.mapping import Event, event_of
from cirt.register.webhook.models import Webhook, WebhookKey
from cirt.register.webhook.queries import paths_of
from cirt.register.webhook.tokens import check_token, hash_of

MAX_EVENT_BYTES = 256 * 1024
PER_MINUTE = 120
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Taken:
    """``count``: how often it was told of under this key."""

    reference: str
    count: int


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
    report = open_report(work, known.report_id) if known else None
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
    return work.session.get(WebhookKey, (webhook.id, hash_of(event.key))) if event.key else None


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
            key_hash=hash_of(event.key),
            report_id=report.id,
            count=1,
            digest=_digest(body),
            last_at=work.now,
        )
        work.session.add(key)
    return Taken(report.reference, 1)


def _again(work: Work, known: WebhookKey, report: Report, event: Event, body: bytes) -> Taken:
    says_more = known.digest != _digest(body)
    known.count, known.digest, known.last_at = known.count + 1, _digest(body), work.now
    if says_more:
        tell_again(work, report, event.title, _text(event), known.count)
    work.audit("webhook.again", report.reference, count=known.count)
    return Taken(report.reference, known.count)


def _text(event: Event) -> str:
    return event.body.encode("utf-8", "surrogatepass")[: 1024 * 1024 - 4].decode("utf-8", "ignore")


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
