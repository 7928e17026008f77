"""Forms of the counter and of what the desk writes down: reports, their follow-up, messages."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, TypeVar

import marshmallow as ma
from marshmallow import fields

from cirt.files.store import MAX_FILE_BYTES
from cirt.inputs.base import Choice, CommandInput, Flag, Line, Marking, Text, Whole
from cirt.kernel.text import mark
from cirt.kernel.tlp import Tlp
from cirt.register.commands import AskStatus, SentFile, TakeReport
from cirt.register.dialogue.commands import AskReporter, MarkRead, NoteAnswer, TakeAnswer
from cirt.register.dialogue.service import MAX_LETTER
from cirt.register.facts.places import SECTORS
from cirt.register.intake import MAX_FILES
from cirt.register.models import Affected, Lane, Speaker

E = TypeVar("E", bound=StrEnum)

_MB = 1024 * 1024
_CONTACT = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]{2,}\Z|[+()\d][\d\s()./+-]{4,}\Z")
_LONG_TEXT = mark("The text is longer than 1 MB. Shorten it, or put it into a file and add that.")
_LONG_LETTER = mark("Shorten the text to 20,000 characters: nobody reads more on a telephone.")
_EMPTY_TEXT = mark("Describe what happened, or add a file that shows it.")
_EMPTY_MESSAGE = mark("Write something, or add a file.")
_RED_FORM = mark("TLP:RED needs a person by name. Choose “only our team”, or call us.")
_DAY = mark("Enter the day it began, or leave it empty.")
_MOMENT = mark("Enter when it came, like 2026-12-18T14:20, or leave it empty for now.")
_SECTOR = mark("Choose a sector of the list, or leave it empty.")
_YES_NO = {"yes": True, "no": False, "": None}


class YesNo(fields.Field[bool | None]):
    """A question that may be passed over."""

    def __init__(self) -> None:
        super().__init__(load_default=None, allow_none=True)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> bool | None:
        if value not in _YES_NO:
            raise ma.ValidationError(mark("Choose yes or no, or neither."))
        return _YES_NO[value]


class Day(fields.Field[date | None]):
    def __init__(self) -> None:
        super().__init__(load_default=None, allow_none=True)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> date:
        try:
            return date.fromisoformat(str(value).strip())
        except ValueError:
            raise ma.ValidationError(_DAY) from None


class Moment(fields.Field[datetime | None]):
    """A time as a form gives it, in UTC where it names no zone."""

    def __init__(self) -> None:
        super().__init__(load_default=None, allow_none=True)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> datetime:
        try:
            found = datetime.fromisoformat(str(value).strip())
            return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            raise ma.ValidationError(_MOMENT) from None


class Choices(fields.Field[tuple[E, ...]]):
    """Members of a closed set that were ticked; a form without ticks sends none."""

    def __init__(self, members: type[E]) -> None:
        super().__init__(load_default=())
        self._one = Choice(members)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> tuple[E, ...]:
        listed = value if isinstance(value, list | tuple) else [value]
        found = (self._one.deserialize(one) for one in listed)
        return tuple(dict.fromkeys(one for one in found if one is not None))


class Sector(Line):
    """A code of the list of sectors, or nothing."""

    def __init__(self) -> None:
        super().__init__(40, long=_SECTOR, optional=True)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        code = super()._deserialize(value, attr, data, **kwargs)
        if code not in SECTORS:
            raise ma.ValidationError(_SECTOR)
        return code


class _ReportInput(CommandInput[TakeReport]):
    command = TakeReport

    text = Text(_MB, long=_LONG_TEXT, exact=True)
    organisation = Line(200)
    reporter = Line(200)
    contact = Line(254)
    tlp = Marking(default=Tlp.AMBER)
    language = Line(12)
    lane = Choice(Lane, optional=True)
    who = Choice(Speaker, default=Speaker.SELF)
    on_behalf_of = Line(200)
    on_behalf_known = YesNo()
    ongoing = YesNo()
    began = Day()
    affected = Choices(Affected)
    sector = Sector()

    def problems(self, command: TakeReport) -> dict[str, list[str]]:
        found = _message_problems(command.text, command.files, _EMPTY_TEXT)
        if command.who is Speaker.OTHER and not command.on_behalf_of:
            found["on_behalf_of"] = [mark("Say for whom you report: a name, or who they are.")]
        speaks = command.who is not Speaker.NOBODY
        if speaks and command.contact and not _CONTACT.match(command.contact):
            say = mark("Enter an e-mail address like name@example.org, or a phone number.")
            found["contact"] = [say]
        return found


class TakeReportInput(_ReportInput):
    """The edge adds ``files``, ``source``, ``headers`` and ``form_token``; NUL in the text is kept beside it."""

    def problems(self, command: TakeReport) -> dict[str, list[str]]:
        found = super().problems(command)
        if command.tlp is Tlp.RED:
            found["tlp"] = [_RED_FORM]
        return found


class EnterReportInput(_ReportInput):
    """What came by telephone, written down at the desk; the edge adds ``source`` and ``files``."""

    came_at = Moment()


class AskStatusInput(CommandInput[AskStatus]):
    command = AskStatus

    reference = Line(40, missing=mark("Enter the reference, like REP-2026-0042."))
    code = Line(80, missing=mark("Enter the follow-up code that was shown with the reference."))


class TakeAnswerInput(CommandInput[TakeAnswer]):
    """The edge adds ``files``, ``headers`` and ``form_token``."""

    command = TakeAnswer

    reference = Line(40)
    code = Line(80)
    text = Text(_MB, long=_LONG_TEXT, exact=True)

    def problems(self, command: TakeAnswer) -> dict[str, list[str]]:
        return _message_problems(command.text, command.files, _EMPTY_MESSAGE)


class AskReporterInput(CommandInput[AskReporter]):
    command = AskReporter

    reference = Line(16, missing=mark("Choose to which reporter you write."))
    subject = Line(200)
    text = Text(MAX_LETTER, missing=mark("Write something, then send it."), long=_LONG_LETTER)
    is_letter = Flag()


class NoteAnswerInput(CommandInput[NoteAnswer]):
    command = NoteAnswer

    reference = Line(16, missing=mark("Choose which reporter said it."))
    text = Text(_MB, missing=mark("Write down what was said."), long=_LONG_TEXT)


class MarkReadInput(CommandInput[MarkRead]):
    command = MarkRead

    upto = Whole(1)


def _message_problems(text: str, files: tuple[SentFile, ...], empty: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    if not text.strip() and not files:
        found["text"] = [empty]
    elif len(text.encode("utf-8", "surrogatepass")) > _MB:
        found["text"] = [_LONG_TEXT]
    if len(files) > MAX_FILES:
        found["files"] = [mark("Send at most 5 files at once. Put them in a zip.")]
    elif any(len(file.body) > MAX_FILE_BYTES for file in files):
        found["files"] = [mark("A file is larger than 10 MB. Send a smaller one or a part.")]
    return found
