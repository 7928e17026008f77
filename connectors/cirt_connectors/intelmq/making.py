"""Events as STIX and, grouped, as reports."""

import json
import uuid
from collections import defaultdict
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from cirt.plugin.stix import TLP_REFS, Object, fixed_id, instant

from .shapes import Event

_NAMESPACE = uuid.UUID("3c7a0f0b-7a5f-4f0c-8f6e-2f1f5f0e9d52")
_MOST_LINES = 300  # of one report's text; all stand in the file beside it
_MOST_FILE = 4 * 1024 * 1024  # characters


def objects_of(event: Event) -> list[Object]:
    """What was observed; of what is marked, the observables bear the marking and an id of their own for it."""
    when = instant(event.at)
    refs = [TLP_REFS[event.tlp]] if event.tlp else []
    marked = {"object_marking_refs": refs} if refs else {}
    parts = []
    for seen in dict.fromkeys(one.pattern for one in event.seen):
        one = next(each for each in event.seen if each.pattern == seen)
        own = {"id": fixed_id(one.stix_type, _NAMESPACE, one.pattern, *refs)} if refs else {}
        parts.append({**one.object, **own, **marked})
    observed: Object = {
        "type": "observed-data",
        "spec_version": "2.1",
        "id": fixed_id(
            "observed-data",
            _NAMESPACE,
            sha256(event.raw.encode("utf-8", "surrogatepass")).hexdigest(),
        ),
        "created": when,
        "modified": when,
        "labels": [event.classification],
        **marked,
        "first_observed": when,
        "last_observed": when,
        "number_observed": 1,
        "object_refs": [part["id"] for part in parts],
    }
    return [observed, *parts]


def reports_of(events: Iterable[Event]) -> list[dict[str, Any]]:
    """One for whom it concerns, what it is, its marking and the day."""
    groups: dict[tuple[str, ...], list[Event]] = defaultdict(list)
    for event in events:
        day = f"{event.at:%Y-%m-%d}"
        groups[event.concerns, event.classification, event.tlp, day].append(event)
    return [_report(key, some) for key, some in groups.items()]


def body_of(events: Iterable[Event]) -> bytes:
    return json.dumps(reports_of(events)).encode()


def _report(key: tuple[str, ...], events: list[Event]) -> dict[str, Any]:
    concerns, classification, tlp, day = key
    lines = sorted(dict.fromkeys(event.line for event in events))
    beyond = len(lines) - _MOST_LINES
    more = [f"… and {beyond} more in the file events.jsonl"] if beyond > 0 else []
    count = f"{len(events)} events" if len(events) > 1 else "1 event"
    return {
        "key": json.dumps(key),
        "title": f"{classification}: {count} at {concerns} on {day}",
        "text": "\n".join([*lines[:_MOST_LINES], *more]),
        "organisation": next((event.constituent for event in events if event.constituent), ""),
        "events": "\n".join(event.raw for event in events)[:_MOST_FILE],
        "tlp": tlp,
    }
