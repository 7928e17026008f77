"""Two contents of one version beside each other, as far as the gate shows them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cirt.exchange.cases.showing import visible
from cirt.exchange.loops.disputes import disputed_by
from cirt.exchange.models import Quarantined
from cirt.kernel.work import Work
from cirt.objects import codec
from cirt.objects.codec import Refusal
from cirt.sharing.gate import release, show_arrival
from cirt.sharing.queries import staff_reader

_MOST = 2000  # characters of one value
_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Difference:
    """A property that differs; a value is None where it is absent, or not for the actor."""

    name: str
    first: str | None
    second: str | None


@dataclass(frozen=True, slots=True)
class SecondContent:
    """What an arrival is another content of. No ``differs``: only the writing differs.

    ``is_shown``: its own values may be looked at, not only the names of what differs.
    """

    stix_id: str
    origin_id: int | None
    is_disputed: bool
    is_shown: bool
    differs: Sequence[Difference]


def conflict_of(work: Work, arrival_id: int) -> SecondContent | None:
    """Where the actor may see the version that is here; for the page that asks which is right."""
    row = work.session.get(Quarantined, arrival_id)
    found = disputed_by(work.session, row) if row else None
    if row is None or found is None:
        return None
    shown = release(work, staff_reader(work.actor), None, [found.version_id])
    if not shown:
        return None
    second = show_arrival(work, row.body or b"", row.stix_id)
    differs = _differences(shown[0].body, row.body or b"", is_shown=second is not None)
    return SecondContent(
        found.stix_id, found.origin_id, found.is_disputed, second is not None, differs
    )


def _differences(first: bytes, second: bytes, *, is_shown: bool) -> list[Difference]:
    one, two = _content(first), _content(second)
    if one is None or two is None:
        return []
    names = [name for name in sorted(one.keys() | two.keys()) if one.get(name) != two.get(name)]
    return [
        Difference(visible(name), _value(one, name), _value(two, name) if is_shown else None)
        for name in names[:_SHOWN]
    ]


def _content(raw: bytes) -> dict[str, Any] | None:
    found = codec.read(raw)
    return None if isinstance(found, Refusal) else found.content()


def _value(content: dict[str, Any], name: str) -> str | None:
    if name not in content:
        return None
    value = content[name]
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return visible(text if len(text) <= _MOST else text[:_MOST] + "…")
