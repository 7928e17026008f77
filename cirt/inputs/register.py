"""Forms of the register: public report, triage, incident, notes, observables."""

import re
from typing import Any

import marshmallow as ma

from cirt.files.store import MAX_FILE_BYTES
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
from cirt.kernel.tlp import Tlp
from cirt.register import commands
from cirt.register.intake import MAX_FILES
from cirt.register.labels import INDICATOR_TYPES
from cirt.register.models import CloseReason, IncidentState, Severity

_MB = 1024 * 1024
_CONTACT = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]{2,}\Z|[+()\d][\d\s()./+-]{4,}\Z")

_TITLE = mark("Enter a title: what happened, and to whom.")
_LONG_TITLE = mark("Shorten the title to 200 characters.")
_CLASS = mark("Choose the class that fits best.")
_SEVERITY = mark("Choose how severe it is.")
_STATE = mark("Choose the state it is in now.")
_VERSION = mark("Open the page again: the form does not say which version it shows.")
_REFERENCE = mark("Enter a reference like INC-2026-0042.")
_REASON = mark("Say why; the reason is kept.")
_LONG_REASON = mark("Shorten the reason to 4000 characters.")
_LONG_TEXT = mark("The text is longer than 1 MB. Shorten it, or put it into a file and add that.")
_RED_FORM = mark("TLP:RED needs a person by name. Choose “only our team”, or call us.")
_CONFIDENCE = mark("Enter how sure you are, from 0 to 100, or leave it empty.")
_DAYS = mark("Choose for how many days it is valid, from 1 to 3650.")


def _title() -> Line:
    return Line(200, missing=_TITLE, long=_LONG_TITLE)


def _reason(*, needed: bool = False) -> Text:
    return Text(4000, missing=_REASON if needed else None, long=_LONG_REASON)


def _version() -> Whole:
    return Whole(1, say=_VERSION)


class TakeReportInput(CommandInput[commands.TakeReport]):
    """The edge adds ``files``, ``source``, ``headers`` and ``form_token``; NUL in the text is kept beside it."""

    command = commands.TakeReport

    text = Text(_MB, long=_LONG_TEXT, exact=True)
    organisation = Line(200)
    reporter = Line(200)
    contact = Line(254)
    tlp = Marking(default=Tlp.AMBER)
    language = Line(12)

    def problems(self, command: commands.TakeReport) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        if not command.text.strip() and not command.files:
            found["text"] = [mark("Describe what happened, or add a file that shows it.")]
        elif len(command.text.encode("utf-8", "surrogatepass")) > _MB:
            found["text"] = [_LONG_TEXT]
        if len(command.files) > MAX_FILES:
            found["files"] = [mark("Send at most 5 files with one report. Put them in a zip.")]
        elif any(len(file.body) > MAX_FILE_BYTES for file in command.files):
            found["files"] = [mark("A file is larger than 10 MB. Send a smaller one or a part.")]
        if command.contact and not _CONTACT.match(command.contact):
            say = mark("Enter an e-mail address like name@example.org, or a phone number.")
            found["contact"] = [say]
        if command.tlp is Tlp.RED:
            found["tlp"] = [_RED_FORM]
        return found


class AskStatusInput(CommandInput[commands.AskStatus]):
    command = commands.AskStatus

    reference = Line(40, missing=mark("Enter the reference, like REP-2026-0042."))
    code = Line(80, missing=mark("Enter the follow-up code that was shown with the reference."))


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


class DecideObservablesInput(CommandInput[commands.DecideObservables]):
    command = commands.DecideObservables

    confirm = Wholes()
    dismiss = Wholes()

    def problems(self, command: commands.DecideObservables) -> dict[str, list[str]]:
        if command.confirm or command.dismiss:
            return {}
        return {"confirm": [mark("Tick at least one observable.")]}


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

    def problems(self, command: commands.Promote) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        if not command.observable_ids:
            found["observable_ids"] = [mark("Tick at least one observable.")]
        if command.indicator_type not in INDICATOR_TYPES:
            found["indicator_type"] = [mark("Choose what these show.")]
        if command.valid_days is not None and command.valid_until is not None:
            found["valid_until"] = [mark("Give either the days or the last day, not both.")]
        return found
