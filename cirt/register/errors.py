"""What can go wrong with reports, incidents, notes and observables."""

from collections.abc import Sequence

from cirt.kernel.errors import Conflict, Invalid, NotFound, TooLarge
from cirt.kernel.text import mark


class NoSuchReport(NotFound):
    """Also for one that the asker may not see: the same words, so that nothing is betrayed."""

    code = "no-such-report"


class NoSuchIncident(NotFound):
    code = "no-such-incident"
    message = mark("There is nothing with this reference that you may see. Check it.")


class IncidentInBin(NoSuchIncident):
    """For those who may see it; ``act`` is the deletion, which can be undone."""

    code = "incident-in-bin"
    message = mark("{reference} is in the bin.")


class NoSuchNote(NotFound):
    code = "no-such-note"


class CodeWrong(NotFound):
    code = "code-wrong"
    message = mark(
        "We find no report with this reference and code. Check both; the code is the one that was "
        "shown when the report was sent."
    )


class ReportEmpty(Invalid):
    code = "report-empty"
    message = mark("Describe what happened, or add a file that shows it.")


class ReportTooLong(TooLarge):
    code = "report-too-long"
    message = mark(
        "The text is longer than {limit}. Shorten it, or put it into a file and add that."
    )


class TooManyFiles(TooLarge):
    code = "too-many-files"
    message = mark(
        "There are {count} files; {limit} can be sent with one report. Put them in a zip."
    )


class CameAtWrong(Invalid):
    code = "came-at-wrong"
    message = mark("Enter when it came: a time of the last year, not one to come.")


class AlreadyDecided(Conflict):
    code = "already-decided"
    message = mark(
        "{name} decided {reference} first. Nothing of yours was changed; look at it again."
    )


class AlreadyClaimed(Conflict):
    code = "already-claimed"
    message = mark("{name} claimed {reference} first.")


class ReportChanged(Conflict):
    code = "report-changed"
    message = mark("{reference} changed since you opened it. Look at it again, then decide.")


class UndoTooLate(Conflict):
    code = "undo-too-late"
    message = mark(
        "The decision on {reference} can no longer be undone. Add the report to an incident, or "
        "close the incident, instead."
    )


class UndoneByWork(Conflict):
    code = "undone-by-work"
    message = mark(
        "Somebody has worked on {incident} since, so the decision on {reference} stays. Close {incident} "
        "instead, and say why."
    )


class IncidentChanged(Conflict):
    code = "incident-changed"
    message = mark(
        "{name} changed {reference} first. Your changes are below; compare and save again."
    )


class NoteChanged(Conflict):
    """The text that was not saved is kept as a draft under ``place``."""

    code = "note-changed"
    message = mark("Not saved: {name} saved this note first. Your text is kept as a draft.")


class TransitionRefused(Conflict):
    code = "transition-refused"
    message = mark("It is {before} and cannot become {after} from there.")


class ReasonMissing(Invalid):
    code = "reason-missing"
    message = mark("Say why it goes from {before} to {after}.")


class FactsMissing(Invalid):
    """``sentences`` name each missing fact; marked for translation."""

    code = "facts-missing"
    message = mark("Some facts are missing: {facts}")

    def __init__(self, sentences: Sequence[str]) -> None:
        super().__init__(facts=" ".join(sentences))
        self.sentences = tuple(sentences)


class ClassUnknown(Invalid):
    code = "class-unknown"
    message = mark(
        "There is no class “{given}” in the incident taxonomy. Choose one from the list."
    )


class OwnerUnknown(Invalid):
    code = "owner-unknown"
    message = mark("This account cannot own an incident. Choose a handler or a lead.")


class NoteEmpty(Invalid):
    code = "note-empty"
    message = mark("Write something, then save the note.")


class NoteTooLong(TooLarge):
    code = "note-too-long"
    message = mark("The note is longer than {limit}. Split it into several notes.")


class NothingFound(Invalid):
    code = "nothing-found"
    message = mark(
        "We found no address, domain, hash or other observable in this text. Check that it was "
        "pasted whole."
    )


class ObservablesUnknown(Invalid):
    code = "observables-unknown"
    message = mark("Choose observables of this incident; {count} of those sent are not.")


class NothingChosen(Invalid):
    code = "nothing-chosen"
    message = mark("Choose at least one.")


class NotIndicable(Invalid):
    code = "not-indicable"
    message = mark("No indicator can be made of {value}: {kind} is not something to look for.")


class NotConfirmed(Invalid):
    code = "not-confirmed"
    message = mark("Confirm {value} first; an indicator is made of confirmed observables only.")


class ValidityWrong(Invalid):
    code = "validity-wrong"
    message = mark("Choose an end that is after the beginning.")


class LowerMarkingNeedsReason(Invalid):
    code = "lower-marking-needs-reason"
    message = mark(
        "The incident is {incident} and you chose {chosen}, which may travel further. Say why."
    )


class RedNeverTravels(Invalid):
    code = "red-never-travels"
    message = mark(
        "TLP:RED is for named persons only, and this incident names none. Mark the incident TLP:RED first, or choose "
        "another marking."
    )


class LoweringNeedsReason(Invalid):
    code = "lowering-needs-reason"
    message = mark("{after} lets more people see this than {before}. Say why.")


class BelowReportNeedsReason(Invalid):
    """The incident's marking is below that of the report that goes into it."""

    code = "below-report-needs-reason"
    message = mark(
        "The report is {report} and the incident {incident}, which may travel further. Say why, and "
        "that the reporter knows."
    )


class StrictReportNeedsReason(BelowReportNeedsReason):
    """As the public form promises."""

    message = mark(
        "The report is {report} and the incident {incident}, which may travel further. We promised to "
        "ask the reporter before anyone else hears of it: say why, and what the reporter answered."
    )


class RedNeedsPerson(Invalid):
    code = "red-needs-person"
    message = mark(
        "TLP:RED is for named persons, and nobody is named here. Send it as TLP:AMBER+STRICT, or "
        "tell a person of the team."
    )


class IncidentClosed(Conflict):
    code = "incident-closed"
    message = mark(
        "{reference} is closed. Accept the report as a new incident, or ask a handler to open "
        "{reference} again."
    )


class RejectionNeedsReason(Invalid):
    code = "rejection-needs-reason"
    message = mark("Say why the report is rejected; the reason is kept in the audit trail.")


class TextTooLong(TooLarge):
    code = "text-too-long"
    message = mark("The text is longer than {limit}. Paste it in parts.")


class AlreadyIndicator(Conflict):
    code = "already-indicator"
    message = mark("{value} has an indicator already. Open it, or revoke it before making another.")
