"""Reports, incidents, their observables and their timeline."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cirt.kernel.db import Base, BigId
from cirt.kernel.text import mark
from cirt.kernel.tlp import Tlp
from cirt.objects.observables.kinds import Kind
from cirt.register.facts.kinds import Pap
from cirt.sharing.marked import mark_table


class ReportState(StrEnum):
    """States of a report (rulings 23)."""

    RECEIVED = "received"
    CLAIMED = "claimed"
    ACCEPTED = "accepted"
    ADDED = "added"
    FORWARDED = "forwarded"
    REJECTED = "rejected"
    SPAM = "spam"
    MERGED = "merged"  # into another report, whose fate it shares; not a decision


class ReportSource(StrEnum):
    FORM = "form"
    DESK = "desk"
    CONNECTOR = "connector"
    MAIL = "mail"
    WEBHOOK = "webhook"


class Lane(StrEnum):
    """By which way somebody came to the counter; each has its own advice."""

    CITIZEN = "citizen"
    FIRM = "firm"
    OPERATOR = "operator"  # of an essential service
    SPAM = "spam"  # passes on a false or unwanted message


class Speaker(StrEnum):
    """Who somebody at the counter says they are."""

    SELF = "self"
    OTHER = "other"  # speaks for somebody else
    NOBODY = "nobody"  # stays anonymous: name, address and headers are not kept


class Affected(StrEnum):
    OFFICE = "office"
    SERVICE = "service"
    PERSONAL_DATA = "personal-data"


class IncidentState(StrEnum):
    OPEN = "open"
    WAITING = "waiting"
    CONTAINED = "contained"
    ERADICATED = "eradicated"
    RESOLVED = "resolved"
    CLOSED = "closed"


class Severity(StrEnum):
    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"


class CloseReason(StrEnum):
    SOLVED = "solved"
    FALSE_POSITIVE = "false-positive"
    DUPLICATE = "duplicate"
    NOT_IN_CONSTITUENCY = "not-in-constituency"
    NO_RESPONSE = "no-response"
    INFORMATIONAL = "informational"
    MERGED = "merged"
    TEST = "test"


# As the partial index says it: a database finds that index by these words alone.
_IS_WAITING = sa.text("state IN ('received', 'claimed')")


class Report(Base):
    """What somebody sent us, unjudged, kept as it came."""

    __tablename__ = "report"
    __table_args__ = (
        sa.Index(  # few wait of all that came; with all that they are narrowed and counted by
            "ix_report_waiting",
            *("received_at", "id", "source", "lane", "sector", "first_guess", "like_id", "tlp"),
            *("claimed_by_id", "state", "reference", "title", "organisation"),
            sqlite_where=_IS_WAITING,
            postgresql_where=_IS_WAITING,
        ),
        sa.Index("ix_report_like_root", "like_root_id", "id"),
        sa.Index("ix_report_decided", "decided_at", "id", "tlp", "reference"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    reference: Mapped[str] = mapped_column(sa.String(16), unique=True)
    state: Mapped[ReportState] = mapped_column(default=ReportState.RECEIVED)
    source: Mapped[ReportSource]
    received_at: Mapped[datetime]
    title: Mapped[str] = mapped_column(sa.String(200))  # the first line, shortened
    text: Mapped[str] = mapped_column(sa.Text)
    tlp: Mapped[Tlp] = mapped_column(default=Tlp.AMBER)
    organisation: Mapped[str] = mapped_column(sa.String(200), default="")
    reporter: Mapped[str] = mapped_column(sa.String(200), default="")
    contact: Mapped[str] = mapped_column(sa.String(254), default="")
    language: Mapped[str] = mapped_column(sa.String(12), default="")
    lane: Mapped[Lane | None]  # None: not said
    on_behalf_of: Mapped[str | None] = mapped_column(sa.String(200))  # None: of oneself
    on_behalf_known: Mapped[bool | None]  # do they know of the report; None: not said
    circumstances: Mapped[dict[str, Any] | None]  # as ticked: ongoing, began, affected
    sector: Mapped[str | None] = mapped_column(sa.String(40))  # of facts.places; None: not said
    first_guess: Mapped[Severity | None]  # by register.urgency, as it came; None: nothing to go by
    # By register.likeness, as it came: an earlier report that is much like it (no keys: reports stay), the
    # first of those that are alike, and how much of the text is, of 100.
    like_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    like_root_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    like_share: Mapped[int | None] = mapped_column(sa.SmallInteger)
    headers: Mapped[dict[str, Any]]  # as the request or mail had them
    code_hash: Mapped[str] = mapped_column(sa.String(64))  # of the follow-up code
    form_token: Mapped[str | None] = mapped_column(sa.String(64), unique=True)  # hash; counts once
    claimed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    claimed_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    decided_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    version: Mapped[int] = mapped_column(default=1)


IS_WAITING: sa.ColumnElement[bool] = Report.state.in_(
    [sa.literal_column("'received'"), sa.literal_column("'claimed'")]
)


class ReportObservable(Base):
    """Found in a report's text at receipt; matched by ``key``."""

    __tablename__ = "report_observable"
    __table_args__ = (sa.Index("ix_report_observable_report", "report_id"),)

    key: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    report_id: Mapped[int] = mapped_column(
        BigId, sa.ForeignKey("report.id"), primary_key=True, autoincrement=False
    )
    kind: Mapped[Kind]
    value: Mapped[str] = mapped_column(sa.Text)


class Incident(Base):
    """One case the national CIRT coordinates."""

    __tablename__ = "incident"
    __table_args__ = (
        sa.Index("ix_incident_list", "state", "opened_at", "id"),
        sa.Index("ix_incident_opened", "opened_at", "id"),
        sa.Index(  # few are open of all that there were
            "ix_incident_priority",
            "priority",
            "opened_at",
            "id",
            sqlite_where=sa.text("state <> 'closed'"),
            postgresql_where=sa.text("state <> 'closed'"),
        ),
        sa.Index("ix_incident_cross_border", "is_cross_border", "opened_at", "id"),
        sa.Index(  # few are open of all that there were; with all that lists and figures count by
            "ix_incident_open",
            *("opened_at", "id", "severity", "rsit_class", "tlp", "bin_id", "owner_id"),
            *("reference", "state"),
            sqlite_where=sa.text("state <> 'closed'"),
            postgresql_where=sa.text("state <> 'closed'"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    reference: Mapped[str] = mapped_column(sa.String(16), unique=True)
    title: Mapped[str] = mapped_column(sa.String(200))
    state: Mapped[IncidentState] = mapped_column(default=IncidentState.OPEN)
    rsit_class: Mapped[str] = mapped_column(sa.String(60))
    rsit_type: Mapped[str | None] = mapped_column(sa.String(60))
    severity: Mapped[Severity]
    tlp: Mapped[Tlp]
    owner_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    opened_at: Mapped[datetime]
    contained_at: Mapped[datetime | None]
    eradicated_at: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    close_reason: Mapped[CloseReason | None]
    pap: Mapped[Pap | None]  # None: as the TLP says
    is_cross_border: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    priority: Mapped[int] = mapped_column(sa.SmallInteger, default=3, server_default="3")
    priority_reason: Mapped[str] = mapped_column(  # set by hand; empty: severity and sectors say
        sa.Text, default="", server_default=""
    )
    lesson: Mapped[str] = mapped_column(sa.Text, default="", server_default="")
    version: Mapped[int] = mapped_column(default=1)
    bin_id: Mapped[int | None] = mapped_column(sa.BigInteger)  # the act that removed it


# As the partial index says it: a database finds that index by these words alone.
IS_OPEN: sa.ColumnElement[bool] = Incident.state != sa.literal_column("'closed'")


class EntryKind(StrEnum):
    """What a timeline entry tells; the sentence is made by the page, in the reader's language."""

    OPENED = "opened"
    REPORT_ACCEPTED = "report-accepted"
    REPORT_ADDED = "report-added"
    REPORT_REMOVED = "report-removed"
    REPORT_LINKED = "report-linked"
    MERGED = "merged"
    MERGED_INTO = "merged-into"
    PARTED = "parted"
    PARTED_FROM = "parted-from"
    NOTE = "note"
    STATE = "state"
    FACTS = "facts"
    OBSERVABLES = "observables"
    INDICATOR = "indicator"
    RELEASE_ASKED = "release-asked"
    RELEASED = "released"
    RELEASE_REFUSED = "release-refused"
    RELEASE_VOID = "release-void"
    RELEASE_WITHDRAWN = "release-withdrawn"
    HANDED_OVER = "handed-over"
    PEER_SIGHTING = "peer-sighting"
    REVOKED = "revoked"
    REPORTER_ASKED = "reporter-asked"
    REPORTER_TOLD = "reporter-told"
    REPORTER_ANSWERED = "reporter-answered"
    SCORED = "scored"
    PARTY_ADDED = "party-added"
    PARTY_CHANGED = "party-changed"
    PARTY_REMOVED = "party-removed"
    PARTY_RESTORED = "party-restored"
    LINKED = "linked"
    UNLINKED = "unlinked"
    OBSERVABLE_SIDE = "observable-side"
    REPORTED_AGAIN = "reported-again"
    ATTACK = "attack"  # stands at the time it occurred
    ATTACK_EDITED = "attack-edited"
    PLAYBOOK = "playbook"
    TASK_ADDED = "task-added"
    TASK_CHANGED = "task-changed"
    TASK_STATE = "task-state"
    DELETED = "deleted"
    RESTORED = "restored"


ENTRY_SENTENCES = {
    EntryKind.OPENED: mark("{actor} opened this incident."),
    EntryKind.REPORT_ACCEPTED: mark("{actor} accepted report {report}."),
    EntryKind.REPORT_ADDED: mark("{actor} added report {report}."),
    EntryKind.REPORT_REMOVED: mark("{actor} took report {report} off this incident."),
    EntryKind.REPORT_LINKED: mark("{actor} linked report {report}, without a decision."),
    EntryKind.MERGED: mark("{actor} merged {incident} into this incident."),
    EntryKind.MERGED_INTO: mark("{actor} merged this incident into {incident}."),
    EntryKind.PARTED: mark("{actor} took {incident} out of this incident again."),
    EntryKind.PARTED_FROM: mark("{actor} took this incident out of {incident} again."),
    EntryKind.NOTE: mark("{actor} wrote"),
    EntryKind.STATE: mark("{actor} changed the state from {before} to {after}."),
    EntryKind.FACTS: mark("{actor} changed {fields}."),
    EntryKind.OBSERVABLES: mark(
        "{actor} confirmed {confirmed} observables, dismissed {dismissed}."
    ),
    EntryKind.INDICATOR: mark("{actor} made {count} indicators, marked {tlp}."),
    EntryKind.RELEASE_ASKED: mark("{actor} asked to release {count} objects: {release}."),
    EntryKind.RELEASED: mark("{actor} approved {release}: peers can fetch {count} objects."),
    EntryKind.RELEASE_REFUSED: mark("{actor} did not approve {release}."),
    EntryKind.RELEASE_VOID: mark("{release} became void."),
    EntryKind.RELEASE_WITHDRAWN: mark("{actor} withdrew {release}."),
    EntryKind.HANDED_OVER: mark(
        "{actor} approved {release}: {count} objects go to named persons by encrypted mail."
    ),
    EntryKind.PEER_SIGHTING: mark("{peer} saw {value}, {count} times."),
    EntryKind.REVOKED: mark("{actor} revoked the indicator for {value}."),
    EntryKind.REPORTER_ASKED: mark("{actor} asked the reporter of {report}."),
    EntryKind.REPORTER_TOLD: mark("{actor} wrote to the reporter of {report}."),
    EntryKind.REPORTER_ANSWERED: mark("The reporter of {report} answered."),
    EntryKind.SCORED: mark("{actor} scored the severity {score} of 100: {severity}."),
    EntryKind.PARTY_ADDED: mark("{actor} added {party}: {role}."),
    EntryKind.PARTY_CHANGED: mark("{actor} changed what is said of {party}."),
    EntryKind.PARTY_REMOVED: mark("{actor} took {party} off this incident."),
    EntryKind.PARTY_RESTORED: mark("{actor} put {party} back on this incident."),
    EntryKind.LINKED: mark("{actor} linked {incident}: {relation}."),
    EntryKind.UNLINKED: mark("{actor} took off the link to {incident}."),
    EntryKind.OBSERVABLE_SIDE: mark("{actor} said whose {value} is: {side}."),
    EntryKind.REPORTED_AGAIN: mark("What {report} says was reported again."),
    EntryKind.ATTACK: mark("{actor} wrote down an event of the attack."),
    EntryKind.ATTACK_EDITED: mark("{actor} corrected an event of the attack."),
    EntryKind.PLAYBOOK: mark("{actor} added {count} tasks of the playbook {playbook}."),
    EntryKind.TASK_ADDED: mark("{actor} added the task {task}."),
    EntryKind.TASK_CHANGED: mark("{actor} changed {fields} of the task {task}."),
    EntryKind.TASK_STATE: mark("{actor} set the task {task} from {task_before} to {task_after}."),
    EntryKind.DELETED: mark("{actor} moved to the bin: {binned}."),
    EntryKind.RESTORED: mark("{actor} brought back from the bin: {binned}."),
}


class Entry(Base):
    """One line of an incident's timeline."""

    __tablename__ = "entry"
    __table_args__ = (sa.Index("ix_entry_incident_at", "incident_id", "at", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    incident_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("incident.id"))
    at: Mapped[datetime]
    kind: Mapped[EntryKind]
    actor: Mapped[str] = mapped_column(sa.String(200))
    values: Mapped[dict[str, Any]]
    note_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("note.id"))
    other_id: Mapped[int | None] = mapped_column(  # told only to those who may see that one too
        BigId, sa.ForeignKey("incident.id")
    )
    attack_id: Mapped[int | None] = mapped_column(sa.BigInteger)  # no key, as bin_id


class Note(Base):
    """A handler's text on an incident; its earlier texts are kept."""

    __tablename__ = "note"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    incident_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("incident.id"), index=True)
    author_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    tlp: Mapped[Tlp]
    text: Mapped[str] = mapped_column(sa.Text)
    version: Mapped[int] = mapped_column(default=1)
    written_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    edited_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    bin_id: Mapped[int | None] = mapped_column(sa.BigInteger)  # the act that removed it


class NoteText(Base):
    """A text that a note had before, by version."""

    __tablename__ = "note_text"

    note_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("note.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(sa.Text)
    author: Mapped[str] = mapped_column(sa.String(200))
    replaced_at: Mapped[datetime]


class Draft(Base):
    """A text not saved yet, kept so that nothing typed is lost; one per account and place."""

    __tablename__ = "draft"

    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), primary_key=True)
    place: Mapped[str] = mapped_column(sa.String(64), primary_key=True)  # INC-…, INC-…/note-7
    text: Mapped[str] = mapped_column(sa.Text)
    kept_at: Mapped[datetime]


class ObservableState(StrEnum):
    OFFERED = "offered"  # found in a text, waits for a person
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"


class Side(StrEnum):
    """Whose an observable is in one incident; elsewhere it may be another's."""

    ATTACKER = "attacker"
    ABUSED = "abused"  # of a third party, used by the attacker
    VICTIM = "victim"
    BENIGN = "benign"


class IncidentObservable(Base):
    """An observable in the context of one incident; the value itself is global by ``key``."""

    __tablename__ = "incident_observable"
    __table_args__ = (
        sa.UniqueConstraint("incident_id", "key"),
        sa.Index("ix_incident_observable_key", "key"),
        sa.Index("ix_incident_observable_list", "incident_id", "state", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    incident_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("incident.id"))
    key: Mapped[int] = mapped_column(sa.BigInteger)
    kind: Mapped[Kind]
    value: Mapped[str] = mapped_column(sa.Text)
    state: Mapped[ObservableState]
    source: Mapped[str] = mapped_column(sa.String(64))  # REP-…, note-7, paste
    added_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    object_id: Mapped[int | None] = mapped_column(  # our indicator made of it
        BigId, sa.ForeignKey("stix_object.id"), index=True
    )
    side: Mapped[Side | None]
    comment: Mapped[str] = mapped_column(sa.Text, default="", server_default="")


mark_table("REP", Report.reference, Report.tlp)
mark_table("INC", Incident.reference, Incident.tlp)
