"""Why arrivals of one run were not taken: by code, with how many and one of the sentences as an example."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_MOST = 20  # codes on one run
_LONGEST = 300  # of a value; the whole is in quarantine


@dataclass(frozen=True, slots=True)
class Why:
    """A reason as it came; ``message`` is marked, with {values}."""

    code: str
    message: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RunReason:
    code: str
    count: int
    message: str
    values: Mapping[str, Any]


def add_reasons(kept: Sequence[Mapping[str, Any]], found: Iterable[Why]) -> list[dict[str, Any]]:
    """What stands on a run, with those of another page added. Pure."""
    by_code = {str(one["code"]): dict(one) for one in kept}
    fresh = list(found)
    for code, count in Counter(one.code for one in fresh).items():
        if code in by_code:
            by_code[code]["count"] += count
        elif len(by_code) < _MOST:
            example = next(one for one in fresh if one.code == code)
            values = {name: str(value)[:_LONGEST] for name, value in example.values.items()}
            by_code[code] = {
                "code": code,
                "count": count,
                "message": example.message,
                "values": values,
            }
    return list(by_code.values())


def reasons_of(kept: Sequence[Mapping[str, Any]] | None) -> list[RunReason]:
    """The most frequent first."""
    found = [
        RunReason(one["code"], one["count"], one["message"], one["values"]) for one in kept or ()
    ]
    return sorted(found, key=lambda one: -one.count)
