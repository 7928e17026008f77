"""What the register does, by one name; the modules behind it are by topic."""

from cirt.register.codes import new_form_value
from cirt.register.dialogue.service import ask_reporter, mark_read, note_answer, take_answer
from cirt.register.findings import add_observables, decide_observables
from cirt.register.incidents import change_state, edit_facts, note_entry, open_incident
from cirt.register.indicators import note_on_object, note_sighting, promote
from cirt.register.intake import report_status, take_report
from cirt.register.notes import (
    draft_of,
    drop_draft,
    edit_note,
    history_of,
    keep_draft,
    place_of,
    save_note,
    write_note,
)
from cirt.register.triage import (
    accept_report,
    add_report_to_incident,
    claim_report,
    mark_spam,
    reject_report,
    release_claim,
    undo_decision,
)

__all__ = [
    "accept_report",
    "add_observables",
    "add_report_to_incident",
    "ask_reporter",
    "change_state",
    "claim_report",
    "decide_observables",
    "draft_of",
    "drop_draft",
    "edit_facts",
    "edit_note",
    "history_of",
    "keep_draft",
    "mark_read",
    "mark_spam",
    "new_form_value",
    "note_answer",
    "note_entry",
    "note_on_object",
    "note_sighting",
    "open_incident",
    "place_of",
    "promote",
    "reject_report",
    "release_claim",
    "report_status",
    "save_note",
    "take_answer",
    "take_report",
    "undo_decision",
    "write_note",
]
