"""Which glyph and tone stand beside the words of a state; the words are the register's own."""

from cirt.register.models import EntryKind, IncidentState, ReportState
from cirt.register.tasks.models import TaskState

# Glyph, tone: ui.md, section 5.
INCIDENT = {
    IncidentState.OPEN: ("work", ""),
    IncidentState.WAITING: ("wait", "warn"),
    IncidentState.CONTAINED: ("work", ""),
    IncidentState.ERADICATED: ("work", ""),
    IncidentState.RESOLVED: ("done", "ok"),
    IncidentState.CLOSED: ("done", "off"),
}

TASK = {
    TaskState.TODO: ("open", ""),
    TaskState.DOING: ("work", ""),
    TaskState.DONE: ("done", "ok"),
    TaskState.DROPPED: ("done", "off"),
}

REPORT = {
    ReportState.RECEIVED: ("new", ""),
    ReportState.CLAIMED: ("work", ""),
    ReportState.ACCEPTED: ("open", "ok"),
    ReportState.ADDED: ("open", "ok"),
    ReportState.FORWARDED: ("done", "ok"),
    ReportState.REJECTED: ("done", "off"),
    ReportState.SPAM: ("done", "off"),
    ReportState.MERGED: ("open", "off"),
}

ENTRY_ICONS = {
    EntryKind.OPENED: "plus",
    EntryKind.REPORT_ACCEPTED: "in",
    EntryKind.REPORT_ADDED: "merge",
    EntryKind.REPORT_REMOVED: "x",
    EntryKind.REPORT_LINKED: "link",
    EntryKind.MERGED: "merge",
    EntryKind.MERGED_INTO: "merge",
    EntryKind.PARTED: "x",
    EntryKind.PARTED_FROM: "x",
    EntryKind.NOTE: "pen",
    EntryKind.STATE: "flag",
    EntryKind.FACTS: "pen",
    EntryKind.OBSERVABLES: "check",
    EntryKind.INDICATOR: "task",
    EntryKind.RELEASE_ASKED: "out",
    EntryKind.RELEASED: "out",
    EntryKind.RELEASE_REFUSED: "ban",
    EntryKind.RELEASE_VOID: "ban",
    EntryKind.RELEASE_WITHDRAWN: "ban",
    EntryKind.HANDED_OVER: "out",
    EntryKind.PEER_SIGHTING: "eye",
    EntryKind.REVOKED: "x",
    EntryKind.REPORTER_ASKED: "out",
    EntryKind.REPORTER_TOLD: "out",
    EntryKind.REPORTER_ANSWERED: "in",
    EntryKind.SCORED: "flag",
    EntryKind.PARTY_ADDED: "user",
    EntryKind.PARTY_CHANGED: "pen",
    EntryKind.PARTY_REMOVED: "x",
    EntryKind.PARTY_RESTORED: "user",
    EntryKind.LINKED: "link",
    EntryKind.UNLINKED: "x",
    EntryKind.OBSERVABLE_SIDE: "eye",
    EntryKind.ATTACK: "warn",
    EntryKind.ATTACK_EDITED: "pen",
    EntryKind.PLAYBOOK: "task",
    EntryKind.TASK_ADDED: "task",
    EntryKind.TASK_CHANGED: "pen",
    EntryKind.TASK_STATE: "check",
    EntryKind.DELETED: "x",
    EntryKind.RESTORED: "in",
}
# What others add and what the attack did stand out.
KEY_ENTRIES = frozenset({EntryKind.PEER_SIGHTING, EntryKind.REPORTER_ANSWERED, EntryKind.ATTACK})
