"""Forms of the register: public report, triage, incident, notes, observables."""

from typing import Any

import marshmallow as ma

from cirt.inputs.base import (
    Choice,
    CommandInput,
    Flag,
    LastDay,
    Line,
    Marking,
    Text,
    Whole,
    Wholes,
)
from cirt.inputs.facts import FactsInput, class_problems
from cirt.inputs.several import Names
from cirt.kernel.text import mark
from cirt.register import commands
from cirt.register.labels import INDICATOR_TYPES
from cirt.register.models import CloseReason, IncidentState, Severity

_MB = 1024 * 1024
_TITLE = mark("Enter a title: what happened, and to whom.")
_LONG_TITLE = mark("Shorten the title to 200 characters.")
_CLASS = mark("Choose the class that fits best.")
_SEVERITY = mark("Choose how severe it is.")
_STATE = mark("Choose the state it is in now.")
_VERSION = mark("Open the page again: the form does not say which version it shows.")
_REFERENCE = mark("Enter a reference like INC-2026-0042.")
_REASON = mark("Say why; the reason is kept.")
_LONG_REASON = mark("Shorten the reason to 4000 characters.")
_CONFIDENCE = mark("Enter how sure you are, from 0 to 100, or leave it empty.")
_DAYS = mark("Choose for how many days it is valid, from 1 to 3650.")


def _title() -> Line:
    return Line(200, missing=_TITLE, long=_LONG_TITLE)


def _reason(*, needed: bool = False) -> Text:
    return Text(4000, missing=_REASON if needed else None, long=_LONG_REASON)


def _version() -> Whole:
    return Whole(1, say=_VERSION)


class ClaimReportInput(CommandInput[commands.ClaimReport]):
    command = commands.ClaimReport

    version = _version()


class ReleaseClaimInput(CommandInput[commands.ReleaseClaim]):
    command = commands.ReleaseClaim

    version = _version()


class AcceptReportInput(CommandInput[commands.AcceptReport]):
    command = commands.AcceptReport

    version = _version()
    title = _title()
    rsit_class = Line(60, missing=_CLASS)
    rsit_type = Line(60, optional=True)
    severity = Choice(Severity, say=_SEVERITY)
    tlp = Marking()
    reason = _reason()
    mine = Flag()

    def problems(self, command: commands.AcceptReport) -> dict[str, list[str]]:
        return class_problems(command.rsit_class, command.rsit_type)


class AddReportInput(CommandInput[commands.AddReport]):
    command = commands.AddReport

    version = _version()
    incident = Line(16, missing=_REFERENCE)
    reason = _reason()


class RejectReportInput(CommandInput[commands.RejectReport]):
    command = commands.RejectReport

    version = _version()
    reason = _reason(needed=True)


class UndoDecisionInput(CommandInput[commands.UndoDecision]):
    command = commands.UndoDecision

    version = _version()


class OpenIncidentInput(FactsInput[commands.OpenIncident]):
    command = commands.OpenIncident

    title = _title()
    rsit_class = Line(60, missing=_CLASS)
    rsit_type = Line(60, optional=True)
    severity = Choice(Severity, say=_SEVERITY)
    tlp = Marking()
    mine = Flag()
    reason = _reason()


class EditFactsInput(FactsInput[commands.EditFacts]):
    command = commands.EditFacts

    version = _version()
    title = _title()
    rsit_class = Line(60, missing=_CLASS)
    rsit_type = Line(60, optional=True)
    severity = Choice(Severity, say=_SEVERITY)
    tlp = Marking()
    owner_id = Whole(1, optional=True, say=mark("Choose the owner from the list, or nobody."))
    reason = _reason()


class ChangeStateInput(CommandInput[commands.ChangeState]):
    command = commands.ChangeState

    version = _version()
    to = Choice(IncidentState, say=_STATE)
    reason = _reason()
    close_reason = Choice(CloseReason, optional=True, say=mark("Choose why it is closed."))


class CloseIncidentInput(CommandInput[commands.ChangeState]):
    """The edge adds the reference and that it is to be closed; ``anyway`` with what ``seen`` showed."""

    command = commands.ChangeState

    version = _version()
    close_reason = Choice(CloseReason, say=mark("Choose why it is closed."))
    reason = _reason(needed=True)
    lesson = Text(10_000, long=mark("Shorten the lesson to 10,000 characters."))
    seen = Names()
    anyway = Flag()

    @ma.post_load
    def _accept_what_was_seen(self, values: dict[str, Any], **_: Any) -> dict[str, Any]:
        seen, anyway = values.pop("seen"), values.pop("anyway")
        return {**values, "to": IncidentState.CLOSED, "despite": seen if anyway else ()}


class WriteNoteInput(CommandInput[commands.WriteNote]):
    command = commands.WriteNote

    text = Text(_MB, missing=mark("Write something, then save the note."))
    tlp = Marking(optional=True)


class EditNoteInput(CommandInput[commands.EditNote]):
    command = commands.EditNote

    version = _version()
    text = Text(_MB, missing=mark("Write something, then save the note."))


class AddObservablesInput(CommandInput[commands.AddObservables]):
    command = commands.AddObservables

    text = Text(_MB, missing=mark("Paste the text in which observables are to be found."))
    confirm = Flag()


class PromoteInput(CommandInput[commands.Promote]):
    command = commands.Promote

    observable_ids = Wholes()
    tlp = Marking()
    valid_days = Whole(1, 3650, optional=True, say=_DAYS)
    valid_until = LastDay()
    indicator_type = Line(60, missing=mark("Choose what these show."))
    name = Line(200)
    description = Text(10_000)
    confidence = Whole(0, 100, optional=True, say=_CONFIDENCE)
    reason = _reason()
    personal = Flag()

    def problems(self, command: commands.Promote) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        if not command.observable_ids:
            found["observable_ids"] = [mark("Tick at least one observable.")]
        if command.indicator_type not in INDICATOR_TYPES:
            found["indicator_type"] = [mark("Choose what these show.")]
        if command.valid_days is not None and command.valid_until is not None:
            found["valid_until"] = [mark("Give either the days or the last day, not both.")]
        return found
