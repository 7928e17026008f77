"""Fields that take several values, and days without a time."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Any, TypeVar

import marshmallow as ma
from marshmallow import fields

from cirt.kernel.text import mark

E = TypeVar("E", bound=StrEnum)

_CHOOSE = mark("Choose one of the list.")
_DAY = mark("Enter a day like 2026-12-18.")
_MOST = 10_000  # values of one field; a page shows far fewer
_LONGEST = 300  # characters of one, as long as a STIX id may be


def _said(sentence: str) -> dict[str, Any]:
    return dict.fromkeys(("required", "null", "invalid"), sentence)


class Names(fields.Field[tuple[str, ...]]):
    """References, aliases or ids that were ticked, each once and in the order given; a form without ticks sends none."""

    def __init__(self, *, missing: str | None = None) -> None:
        super().__init__(
            required=missing is not None,
            load_default=ma.missing if missing is not None else (),
            error_messages=_said(missing or _CHOOSE),
        )
        self._needed = missing is not None

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> tuple[str, ...]:
        listed = value if isinstance(value, list | tuple) else [value]
        if len(listed) > _MOST or not all(_is_name(one) for one in listed):
            raise self.make_error("invalid")
        names = tuple(dict.fromkeys(one.strip() for one in listed if one.strip()))
        if self._needed and not names:
            raise self.make_error("required")
        return names


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST and value.isprintable()


class Members(fields.Field[tuple[E, ...]]):
    """Members of a closed set that were ticked."""

    def __init__(self, kind: type[E]) -> None:
        super().__init__(load_default=(), error_messages=_said(_CHOOSE))
        self._kind = kind

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> tuple[E, ...]:
        listed = value if isinstance(value, list | tuple) else [value]
        try:
            return tuple(dict.fromkeys(self._kind(one) for one in listed))
        except ValueError:
            raise self.make_error("invalid") from None


class Day(fields.Field[datetime]):
    """The beginning of a day, UTC."""

    def __init__(self) -> None:
        super().__init__(required=True, error_messages=_said(_DAY))

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> datetime:
        try:
            return datetime.combine(date.fromisoformat(str(value).strip()), time(), UTC)
        except ValueError:
            raise self.make_error("invalid") from None
