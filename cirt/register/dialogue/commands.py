"""What may be asked of the dialogue with reporters."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cirt.register.commands import SentFile


@dataclass(frozen=True, slots=True)
class AskReporter:
    """``reference`` is a report's, or an incident's that has one report. A letter expects no answer."""

    reference: str
    text: str
    subject: str = ""
    is_letter: bool = False


@dataclass(frozen=True, slots=True)
class NoteAnswer:
    """What a reporter said to one of us, written down."""

    reference: str
    text: str


@dataclass(frozen=True, slots=True)
class TakeAnswer:
    """From the status page. ``form_token`` is the one-time value of the form: the same sent twice is one answer."""

    reference: str
    code: str
    text: str
    files: tuple[SentFile, ...] = ()
    headers: Mapping[str, Any] = field(default_factory=dict)
    form_token: str | None = None


@dataclass(frozen=True, slots=True)
class MarkRead:
    """All that came in on ``reference`` up to message ``upto``, the last one that the reader saw."""

    reference: str
    upto: int
