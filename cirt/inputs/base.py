"""From an untrusted mapping to a command: one schema per command, shared by every edge.

Messages are whole sentences with the next step, marked for translation. A schema never asks the database.
"""

import unicodedata
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Generic, TypeVar

import marshmallow as ma
from marshmallow import fields

from cirt.kernel.errors import FieldsInvalid
from cirt.kernel.text import mark
from cirt.kernel.tlp import Tlp, TlpUnknown

C = TypeVar("C")
E = TypeVar("E", bound=StrEnum)

_UNSTORABLE = mark("This holds a character that cannot be kept, such as NUL. Remove it.")
_NO_FIELD = mark("This form has no such field. Open the page again and fill it in there.")
_CHOOSE = mark("Choose one of the list.")
_MISSING = mark("Fill this in.")
_TOO_LONG = mark("This is too long. Shorten it.")
_ONE_LINE = mark("Write this on one line.")
_NUMBER = mark("Enter a whole number.")
_DAY = mark("Enter a day like 2026-12-18.")
_LARGEST_ID = 2**63 - 1
_BREAKS = ("Cc", "Zl", "Zp")
_UNSEEN = (*_BREAKS, "Cf", "Zs")


class CommandInput(ma.Schema, Generic[C]):
    """Reads one kind of command; unknown fields are refused."""

    command: ClassVar[type]
    error_messages: ClassVar[dict[str, str]] = {"unknown": _NO_FIELD}  # type: ignore[misc]  # narrower here

    def read(self, given: Mapping[str, Any], **known: Any) -> C:
        """The command. ``known`` is what the edge itself adds: the reference in the URL, files, headers.

        Raises:
            FieldsInvalid: a sentence per field; ``kept`` is what was given.
        """
        try:
            values = self.load(self._emptied(given))
        except ma.ValidationError as error:
            raise FieldsInvalid(_by_field(error.messages_dict), dict(given)) from error
        command: C = self.command(**values, **known)
        problems = self.problems(command)
        if problems:
            raise FieldsInvalid(problems, dict(given))
        return command

    def problems(self, command: C) -> dict[str, list[str]]:
        """What is wrong with fields taken together; for schemas that need it."""
        return {}

    def _emptied(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """A form sends an empty text where nothing was chosen."""
        return {
            name: None if value == "" and _may_be_none(self.fields.get(name)) else value
            for name, value in given.items()
        }


def _may_be_none(field: fields.Field[Any] | None) -> bool:
    return field is not None and bool(field.allow_none)


def _by_field(messages: Mapping[str, Any]) -> dict[str, list[str]]:
    return {str(name): list(dict.fromkeys(_sentences(found))) for name, found in messages.items()}


def _sentences(found: Any) -> Iterator[str]:
    """Those of a list field stand in a mapping by place."""
    if isinstance(found, str):
        yield found
    else:
        for one in found.values() if isinstance(found, Mapping) else found:
            yield from _sentences(one)


def _all_said(sentence: str) -> dict[str, Any]:
    names = ("required", "null", "invalid", "invalid_utf8", "too_large", "special", "format")
    return dict.fromkeys(names, sentence)


def _can_be_seen(text: str) -> bool:
    """Marks of direction and joiners alone would be a link or a heading that nobody sees."""
    return any(unicodedata.category(c) not in _UNSEEN for c in text)


class Text(fields.String):
    """Free text as typed; ``exact`` keeps even what no column can hold, for a service that sees to that."""

    def __init__(
        self, limit: int, *, missing: str | None = None, long: str = _TOO_LONG, exact: bool = False
    ) -> None:
        super().__init__(
            required=missing is not None,
            load_default=ma.missing if missing is not None else "",
            error_messages=_all_said(missing or _MISSING),
        )
        self._limit, self._missing, self._long, self._exact = limit, missing, long, exact

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        text = self.trimmed(super()._deserialize(value, attr, data, **kwargs))
        if not self._exact and any(c == "\0" or "\ud800" <= c <= "\udfff" for c in text):
            raise ma.ValidationError(_UNSTORABLE)
        if self._missing is not None and not _can_be_seen(text):
            raise ma.ValidationError(self._missing)
        if len(text) > self._limit:
            raise ma.ValidationError(self._long)
        return text

    def trimmed(self, text: str) -> str:
        """Browsers end lines in a form with two characters."""
        return text if self._exact else text.replace("\r\n", "\n")


class Line(Text):
    """A text of one line, without spaces around it; ``optional`` gives None where it is empty."""

    def __init__(
        self,
        limit: int,
        *,
        missing: str | None = None,
        long: str = _TOO_LONG,
        optional: bool = False,
    ) -> None:
        super().__init__(limit, missing=missing, long=long)
        if optional:
            self.allow_none, self.load_default = True, None

    def trimmed(self, text: str) -> str:
        line = text.strip()
        if any(unicodedata.category(c) in _BREAKS for c in line if c != "\0"):
            raise ma.ValidationError(_ONE_LINE)
        return line


class Choice(fields.Field[E]):
    """One member of a closed set."""

    def __init__(
        self,
        members: type[E],
        *,
        optional: bool = False,
        default: E | None = None,
        say: str = _CHOOSE,
    ) -> None:
        may_miss = optional or default is not None
        super().__init__(
            required=not may_miss,
            allow_none=optional,
            load_default=default if may_miss else ma.missing,
            error_messages=_all_said(say),
        )
        self._members, self._say = members, say

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> E:
        try:
            return self._members(value)
        except ValueError:
            raise ma.ValidationError(self._say) from None


class Marking(fields.Field[Tlp]):
    """A TLP level, as people and programs write it."""

    def __init__(self, *, optional: bool = False, default: Tlp | None = None) -> None:
        may_miss = optional or default is not None
        super().__init__(
            required=not may_miss,
            allow_none=optional,
            load_default=default if may_miss else ma.missing,
            error_messages=_all_said(mark("Choose who may see this: one of the five TLP levels.")),
        )

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Tlp:
        try:
            return Tlp.parse(str(value))
        except TlpUnknown:
            raise self.make_error("invalid") from None


class Whole(fields.Integer):
    """A whole number in a range; text of digits is read."""

    def __init__(
        self,
        smallest: int = 0,
        largest: int = _LARGEST_ID,
        *,
        optional: bool = False,
        say: str = _NUMBER,
    ) -> None:
        super().__init__(
            required=not optional,
            allow_none=optional,
            load_default=None if optional else ma.missing,
            validate=ma.validate.Range(smallest, largest, error=say),
            error_messages=_all_said(say),
        )


class Flag(fields.Boolean):
    """A tick box: absent means no."""

    def __init__(self) -> None:
        super().__init__(load_default=False, error_messages=_all_said(_CHOOSE))


class Wholes(fields.Field[tuple[int, ...]]):
    """Ids that were ticked; a form without ticks sends none."""

    def __init__(self) -> None:
        super().__init__(load_default=(), error_messages=_all_said(_CHOOSE))
        self._one = Whole(1, say=_CHOOSE)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> tuple[int, ...]:
        listed = value if isinstance(value, list | tuple) else [value]
        return tuple(self._one.deserialize(one) or 0 for one in listed)


class LastDay(fields.Field[datetime]):
    """A day up to which something holds, or an instant; gives the first instant after it."""

    def __init__(self) -> None:
        super().__init__(allow_none=True, load_default=None, error_messages=_all_said(_DAY))

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> datetime:
        try:
            found = datetime.fromisoformat(str(value).strip())
            if len(str(value).strip()) <= len("2026-12-18"):
                return datetime.combine(found.date() + timedelta(days=1), time(), UTC)
        except (ValueError, OverflowError):
            raise ma.ValidationError(_DAY) from None
        return found if found.tzinfo else found.replace(tzinfo=UTC)
