"""Rows as STIX: indicators that begin and end with their list, or what was observed."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

from cirt.plugin.stix import Object, Seen, fixed_id, instant, observable

from .held import Entry
from .mapping import Row

_NAMESPACE = uuid.UUID("b1f1f4f6-5f6f-4a52-9d5e-7d0c6c2a9a31")
_NAME = 200


def indicator(name: str, key: str, entry: Entry, row: Row | None, *, revokes: bool) -> Object:
    """``row`` is None for what has vanished: it says no more than its value then."""
    kind, _, value = key.partition(" ")
    seen = observable(kind, value)
    if seen is None:
        raise ValueError(key)
    turn = [str(entry.turn)] if entry.turn else []
    ends = {"revoked": True} if revokes else {"valid_until": _at(entry.changed)}
    return {
        "type": "indicator",
        "spec_version": "2.1",
        "id": fixed_id("indicator", _NAMESPACE, name, kind, str(seen.value), *turn),
        "created": _at(entry.first),
        "modified": _at(entry.changed),
        "name": str(seen.value)[:_NAME],
        **({"labels": list(row.labels)} if row and row.labels else {}),
        **({"description": row.comment} if row and row.comment else {}),
        "pattern": seen.pattern,
        "pattern_type": "stix",
        "valid_from": _at(entry.first),
        **(ends if entry.is_gone else {}),
    }


def observed(name: str, row: Row, at: datetime) -> list[Object]:
    """The same row of the same list is the same object, whenever it is read."""
    parts = [seen.object for _, seen in row.seen]
    when = instant(at)
    values = [f"{kind} {seen.value}" for kind, seen in row.seen]
    return [
        {
            "type": "observed-data",
            "spec_version": "2.1",
            "id": fixed_id("observed-data", _NAMESPACE, name, when, row.sign, *values),
            "created": when,
            "modified": when,
            **({"labels": list(row.labels)} if row.labels else {}),
            "first_observed": when,
            "last_observed": when,
            "number_observed": 1,
            "object_refs": list(dict.fromkeys(part["id"] for part in parts)),
        },
        *parts,
    ]


def key_of(kind: str, seen: Seen) -> str:
    return f"{kind} {seen.value}"


def in_words(row: Row) -> Sequence[str]:
    """For a preview."""
    return [f"{seen.stix_type}: {seen.value}" for _, seen in row.seen]


def _at(seconds: int) -> str:
    return instant(datetime.fromtimestamp(seconds, UTC))
