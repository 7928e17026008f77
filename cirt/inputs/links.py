"""Forms of links: which collection, when, what of it, and from when on."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

import marshmallow as ma
from marshmallow import fields

from cirt.exchange.links.budget import MEGABYTE
from cirt.exchange.links.service import AddLink, Terms
from cirt.exchange.models import LinkDirection
from cirt.inputs.base import Choice, CommandInput, Line
from cirt.kernel.text import mark

_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_SPAN = mark("Enter a span like 30s, 5m, 2h or 1d, a day at most.")
_DAY = mark("Enter a day like 2026-12-18.")
_SHARE = mark("Enter how many megabytes a day, such as 20, or nothing for no limit.")
_START = mark("Choose from when on it reads.")
_WHICH = mark("Choose whether we read it or send to it.")
_REMOTE = mark("Enter the id or the alias of the peer's collection.")
_PEER = mark("Choose the peer.")


def read_span(text: str) -> int | None:
    """Seconds of 30s, 5m, 2h or 1d."""
    found = re.match(r"([0-9]{1,5})([smhd])\Z", text)
    return int(found[1]) * _UNITS_S[found[2]] or None if found else None


def write_span(seconds: int) -> str:
    """The shortest way to write it."""
    for unit, size in reversed(_UNITS_S.items()):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    raise AssertionError("a second divides everything")


class Span(fields.Field[int]):
    def __init__(self) -> None:
        super().__init__(
            required=True, error_messages=dict.fromkeys(("required", "null", "invalid"), _SPAN)
        )

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> int:
        seconds = read_span(str(value).strip())
        if seconds is None or seconds > _UNITS_S["d"]:
            raise self.make_error("invalid")
        return seconds


class Words(Line):
    """Words with commas or spaces between them."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Any:
        line = super()._deserialize(value, attr, data, **kwargs)
        return tuple(dict.fromkeys(line.replace(",", " ").split()))


class DayOrNone(fields.Field[datetime | None]):
    def __init__(self) -> None:
        super().__init__(
            allow_none=True, load_default=None, error_messages=dict.fromkeys(("invalid",), _DAY)
        )

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> datetime:
        try:
            return datetime.combine(date.fromisoformat(str(value).strip()), time(), UTC)
        except ValueError:
            raise self.make_error("invalid") from None


class Megabytes(fields.Field[int | None]):
    """As bytes."""

    def __init__(self) -> None:
        super().__init__(
            allow_none=True, load_default=None, error_messages=dict.fromkeys(("invalid",), _SHARE)
        )

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> int:
        if not re.match(r"[0-9]{1,6}(\.[0-9]{1,3})?\Z", str(value).strip()):
            raise self.make_error("invalid")
        return round(float(value) * MEGABYTE)


class TermsInput(CommandInput[Terms]):
    command = Terms

    every_s = Span()
    cron = Line(100, optional=True)
    types = Words(2000)
    since = DayOrNone()
    day_bytes = Megabytes()
    remote = Line(200, optional=True)


class AddLinkInput(CommandInput[AddLink]):
    """The edge adds ``waits_for_choice``."""

    command = AddLink

    peer = Line(40, missing=_PEER)
    remote = Line(200, missing=_REMOTE)
    direction = Choice(LinkDirection, say=_WHICH)
    collection = Line(200, optional=True)
    every_s = Span()
    cron = Line(100, optional=True)
    types = Words(2000)
    since = DayOrNone()
    day_bytes = Megabytes()


@dataclass(frozen=True, slots=True)
class Begin:
    since: datetime | None  # None: all that there is


class BeginInput(CommandInput[Begin]):
    """``start`` is "all", or a day that was offered, or "other" with the day in ``since``."""

    command = Begin

    start = Line(20, missing=_START)
    since = DayOrNone()

    @ma.post_load
    def chosen(self, found: dict[str, Any], **_: Any) -> dict[str, Any]:
        start = found["start"]
        if start == "all":
            return {"since": None}
        if start == "other" and found["since"] is not None:
            return {"since": found["since"]}
        try:
            day = date.fromisoformat(start)
        except ValueError:
            where = "since" if start == "other" else "start"
            raise ma.ValidationError({where: [_DAY if start == "other" else _START]}) from None
        return {"since": datetime.combine(day, time(), UTC)}
