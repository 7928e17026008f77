"""What the register does, by one name; the modules behind it are by topic."""

from cirt.register.codes import new_form_value
from cirt.register.constituents.service import (
    add_party,
    edit_party,
    parties_of,
    remove_party,
    restore_party,
)
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
    texts_of,
    write_note,
)
from cirt.register.placing import place_observable
from cirt.register.relations.service import link_incidents, unlink_incidents
from cirt.register.severity.service import score_severity
from cirt.register.triage.claims import claim_report, release_claim
from cirt.register.triage.decisions import (
    accept_report,
    add_report_to_incident,
    mark_spam,
    reject_report,
)
from cirt.register.triage.undoing import undo_decision

__all__ = [
    "accept_report",
    "add_observables",
    "add_party",
    "add_report_to_incident",
    "ask_reporter",
    "change_state",
    "claim_report",
    "decide_observables",
    "draft_of",
    "drop_draft",
    "edit_facts",
    "edit_note",
    "edit_party",
    "history_of",
    "keep_draft",
    "link_incidents",
    "mark_read",
    "mark_spam",
    "new_form_value",
    "note_answer",
    "note_entry",
    "note_on_object",
    "note_sighting",
    "open_incident",
    "parties_of",
    "place_observable",
    "place_of",
    "promote",
    "reject_report",
    "release_claim",
    "remove_party",
    "report_status",
    "restore_party",
    "save_note",
    "score_severity",
    "take_answer",
    "take_report",
    "texts_of",
    "undo_decision",
    "unlink_incidents",
    "write_note",
]
