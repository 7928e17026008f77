"""Forms of agreements: terms, decisions on changes, reasons, members of collections."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

import marshmallow as ma
from marshmallow import fields

from cirt.inputs.base import Choice, CommandInput, Flag, LastDay, Line, Marking, Text, Whole
from cirt.kernel.text import mark
from cirt.kernel.tlp import Tlp
from cirt.parties.four_eyes.commands import DecideRequest, Ruling
from cirt.register.dialogue.keeping import mail_address
from cirt.sharing.agreements.commands import WriteTerms
from cirt.sharing.agreements.record import Contact
from cirt.sharing.models import Direction, Level

_WHY = mark("Say why. The reason stands in the history.")
_LONG = mark("Shorten this to 4000 characters.")
_DAY = mark("Enter a day like 2026-12-18.")
_HOURS = mark("Enter hours as a whole number from 1 to 8760.")
_MONTHS = mark("Enter months as a whole number from 1 to 600.")
_LIST = mark("Write at most 100 of them, each with at most 100 characters.")
_CONTACTS = mark("Give each contact a name; a field of a contact has at most 200 characters.")
_MAIL = mark("Enter a mail address like duty@example.org, or leave it empty.")
_LEVEL = mark("Choose what was signed.")
_CHOOSE = mark("Choose one of the list.")
_RULING = mark("Choose what becomes of the request.")
_DIGEST = mark("Open the page again: the form does not say what it showed.")
_VERSION = mark("Open the page again: the form does not say which version it shows.")
_MOST, _LONGEST, _CONTACT_LONGEST = 100, 100, 200
CONTACT_PARTS = ("name", "role", "mail", "phone", "languages", "hours")


def _said(sentence: str) -> dict[str, Any]:
    return dict.fromkeys(("required", "null", "invalid", "invalid_utf8"), sentence)


class Listed(fields.Field[tuple[str, ...]]):
    """One on each line, or with commas between; ``spaces`` too where no entry holds one."""

    def __init__(self, *, spaces: bool = False) -> None:
        super().__init__(load_default=(), error_messages=_said(_LIST))
        self._spaces = spaces

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> tuple[str, ...]:
        text = value if isinstance(value, str) else ""
        parts = (
            text.replace(",", "\n").split() if self._spaces else text.replace(",", "\n").split("\n")
        )
        names = tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))
        if len(names) > _MOST or not all(_fits(name, _LONGEST) for name in names):
            raise self.make_error("invalid")
        return names


def _fits(text: str, most: int) -> bool:
    return len(text) <= most and text.isprintable()


class OneDay(fields.Field[date]):
    def __init__(self) -> None:
        super().__init__(allow_none=True, load_default=None, error_messages=_said(_DAY))

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> date:
        try:
            return date.fromisoformat(str(value).strip())
        except ValueError:
            raise self.make_error("invalid") from None


class FirstDay(fields.Field[datetime]):
    """From when something holds: the beginning of a day, or an instant."""

    def __init__(self) -> None:
        super().__init__(allow_none=True, load_default=None, error_messages=_said(_DAY))

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> datetime:
        text = str(value).strip()
        try:
            if len(text) <= len("2026-12-18"):
                return datetime.combine(date.fromisoformat(text), time(), UTC)
            found = datetime.fromisoformat(text)
        except (ValueError, OverflowError):
            raise self.make_error("invalid") from None
        return found if found.tzinfo else found.replace(tzinfo=UTC)


class _Column(fields.Field[list[str]]):
    """One part of every contact, in their order; an empty one keeps its place."""

    def __init__(self) -> None:
        super().__init__(load_default=list, error_messages=_said(_CONTACTS))

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> list[str]:
        listed = value if isinstance(value, list) else [value]
        if len(listed) > _MOST or not all(isinstance(one, str) for one in listed):
            raise self.make_error("invalid")
        parts = [one.strip() for one in listed]
        if not all(_fits(part, _CONTACT_LONGEST) for part in parts):
            raise self.make_error("invalid")
        return parts


class _MailColumn(_Column):
    """Letters are addressed by it, so it must be one."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> list[str]:
        parts = super()._deserialize(value, attr, data, **kwargs)
        if not all(mail_address(part) for part in parts if part):
            raise ma.ValidationError(_MAIL)
        return parts


class WriteTermsInput(CommandInput[WriteTerms]):
    """The edge adds ``copy``, the signed text as it was sent."""

    command = WriteTerms

    level = Choice(Level, say=_LEVEL)
    direction = Choice(Direction, say=_CHOOSE)
    ceiling = Marking()
    ceiling_in = Marking()
    default_tlp = Marking(optional=True)
    valid_from = FirstDay()
    valid_until = LastDay()
    types = Listed(spaces=True)
    sectors = Listed()
    personal_data = Flag()
    attribution = Flag()
    transit = Flag()
    tlp = Marking(default=Tlp.AMBER)
    our_name = Line(200)
    their_name = Line(200)
    signed_on = OneDay()
    review_on = OneDay()
    purposes = Listed()
    categories = Listed()
    contact_name = _Column()
    contact_role = _Column()
    contact_mail = _MailColumn()
    contact_phone = _Column()
    contact_languages = _Column()
    contact_hours = _Column()
    urgent_h = Whole(1, 8760, optional=True, say=_HOURS)
    answer_h = Whole(1, 8760, optional=True, say=_HOURS)
    keep_months = Whole(1, 600, optional=True, say=_MONTHS)
    version = Whole(0, say=_VERSION)
    reason = Text(4000, missing=_WHY, long=_LONG)

    @ma.post_load
    def _join_contacts(self, values: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        """Rows of which everything is empty are left out."""
        columns = [values.pop(f"contact_{part}", []) for part in CONTACT_PARTS]
        longest = max(map(len, columns))
        padded = [column + [""] * (longest - len(column)) for column in columns]
        rows = [row for row in zip(*padded, strict=True) if any(row)]
        if not all(row[0] for row in rows):
            raise ma.ValidationError({"contact_name": [_CONTACTS]})
        values["contacts"] = tuple(Contact(*row) for row in rows)
        return values

    def problems(self, command: WriteTerms) -> dict[str, list[str]]:
        found = {}
        red = mark("An agreement is never TLP:RED. Choose a lower marking.")
        for name in ("ceiling", "ceiling_in", "default_tlp", "tlp"):
            if getattr(command, name) is Tlp.RED:
                found[name] = [red]
        return found


class DecideRequestInput(CommandInput[DecideRequest]):
    """The edge adds ``id``."""

    command = DecideRequest

    ruling = Choice(Ruling, say=_RULING)
    comment = Text(4000, long=_LONG)
    digest = Line(64, missing=_DIGEST)
    seen = Line(64)

    def problems(self, command: DecideRequest) -> dict[str, list[str]]:
        if command.ruling is Ruling.REFUSED and not command.comment.strip():
            return {"comment": [mark("Say why: a comment is needed to refuse.")]}
        return {}


@dataclass(frozen=True, slots=True)
class Move:
    act: str
    reason: str


class MoveInput(CommandInput[Move]):
    """Suspend, end, or ask to resume."""

    command = Move

    act = fields.String(
        required=True,
        validate=ma.validate.OneOf(["suspend", "end", "resume"], error=_CHOOSE),
        error_messages=_said(_CHOOSE),
    )
    reason = Text(4000, missing=_WHY, long=_LONG)


@dataclass(frozen=True, slots=True)
class Membership:
    collection: str
    reason: str


class MembershipInput(CommandInput[Membership]):
    command = Membership

    collection = Line(80, missing=mark("Choose a collection."))
    reason = Text(4000, missing=_WHY, long=_LONG)
