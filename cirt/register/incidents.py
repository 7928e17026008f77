"""Incidents: opened, their facts and state changed, and the timeline that tells of it."""

from typing import Any

import sqlalchemy as sa

from cirt.kernel.ids import Reference, next_reference
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.parties.models import Account, Person, RoleGrant
from cirt.parties.roles import roles_with
from cirt.register import rsit, workflow
from cirt.register.closing.service import check_open_ends
from cirt.register.commands import AcceptReport, ChangeState, EditFacts, OpenIncident
from cirt.register.errors import (
    ClassUnknown,
    IncidentChanged,
    LoweringNeedsReason,
    OwnerUnknown,
)
from cirt.register.facts.errors import SeverityNeedsReason
from cirt.register.facts.service import begin_facts, change_facts, settle_priority
from cirt.register.labels import SEVERITIES
from cirt.register.merging.guards import check_incident_whole
from cirt.register.models import Entry, EntryKind, Incident, IncidentState
from cirt.register.severity.queries import newest_score
from cirt.register.sight import for_trail, get_incident, name_person

_FACTS = ("title", "rsit_class", "rsit_type", "severity", "tlp", "owner_id")


def open_incident(work: Work, cmd: OpenIncident) -> Incident:
    """
    Raises:
        ClassUnknown, SectorUnknown, CountryUnknown, PriorityNeedsReason, NotAllowed.
    """
    work.require("incident:write")
    incident = new_incident(work, cmd)
    note_entry(work, incident.id, EntryKind.OPENED)
    return incident


def new_incident(work: Work, facts: OpenIncident | AcceptReport) -> Incident:
    """An incident at its beginning; the caller has checked the right and writes the first entry."""
    check_class(facts.rsit_class, facts.rsit_type)
    incident = Incident(
        reference=next_reference(work, Reference.INCIDENT),
        title=facts.title,
        state=IncidentState.OPEN,
        rsit_class=facts.rsit_class,
        rsit_type=facts.rsit_type,
        severity=facts.severity,
        tlp=facts.tlp,
        owner_id=work.actor.id if facts.mine and work.actor.may("incident:write") else None,
        opened_at=work.now,
        version=1,
    )
    work.session.add(incident)
    work.session.flush()
    more = facts.more if isinstance(facts, OpenIncident) else None
    begin_facts(work, incident, more, facts.reason)
    if incident.tlp is Tlp.RED:
        name_person(work, incident.reference)
    work.audit(
        "incident.open",
        incident.reference,
        rsit=rsit.tag(incident.rsit_class, incident.rsit_type),
        severity=incident.severity,
        tlp=incident.tlp,
    )
    return incident


def edit_facts(work: Work, cmd: EditFacts) -> Incident:
    """
    Raises:
        IncidentChanged: somebody else saved first; nothing was changed.
        ClassUnknown, OwnerUnknown, LoweringNeedsReason, SeverityNeedsReason, NoSuchIncident, NotAllowed, and
        those of the further facts.
    """
    work.require("incident:write")
    incident = get_incident(work, cmd.reference, lock=True)
    check_incident_whole(work, incident)
    check_version(work, incident, cmd.version)
    _check_facts(work, incident, cmd)
    changed: dict[str, tuple[Any, Any]] = {
        name: (getattr(incident, name), getattr(cmd, name))
        for name in _FACTS
        if getattr(incident, name) != getattr(cmd, name)
    }
    for name, (_, after) in changed.items():
        setattr(incident, name, after)
    changed.update(change_facts(work, incident, cmd.more, cmd.reason))
    if not changed:
        return incident
    settle_priority(work, incident)
    incident.version += 1
    if "tlp" in changed and incident.tlp is Tlp.RED:
        name_person(work, incident.reference)
    fields = list(changed)
    values = {name: [before, after] for name, (before, after) in changed.items()}
    note_entry(work, incident.id, EntryKind.FACTS, fields=fields, changed=values, reason=cmd.reason)
    strictest = max(changed.get("tlp", (incident.tlp,)))
    why = for_trail(strictest, cmd.reason)
    work.audit("incident.facts", incident.reference, fields=fields, reason=why)
    return incident


def _check_facts(work: Work, incident: Incident, cmd: EditFacts) -> None:
    check_class(cmd.rsit_class, cmd.rsit_type)
    if cmd.owner_id not in (None, incident.owner_id):
        check_owner(work, cmd.owner_id)
    if cmd.reason.strip():
        return
    if cmd.tlp < incident.tlp:
        raise LoweringNeedsReason(before=incident.tlp.label, after=cmd.tlp.label)
    if cmd.severity is incident.severity:
        return
    score = newest_score(work, incident.id)
    if score is not None and score.proposed is not cmd.severity:
        proposed, chosen = SEVERITIES[score.proposed], SEVERITIES[cmd.severity]
        raise SeverityNeedsReason(proposed=proposed, chosen=chosen)


def change_state(work: Work, cmd: ChangeState) -> Incident:
    """
    Raises:
        IncidentChanged: somebody else was first.
        StillOpen: things stand open that nobody said may stay so.
        TransitionRefused, FactsMissing, ReasonMissing, NoSuchIncident, NotAllowed.
    """
    work.require("incident:write")
    incident = get_incident(work, cmd.reference, lock=True)
    check_incident_whole(work, incident)
    check_version(work, incident, cmd.version)
    before = incident.state
    workflow.check_move(facts_of(incident), workflow.Move(cmd.to, cmd.reason, cmd.close_reason))
    if cmd.lesson is not None:
        incident.lesson = cmd.lesson
    passed = check_open_ends(work, incident, cmd) if cmd.to is IncidentState.CLOSED else []
    incident.state = cmd.to
    incident.version += 1
    for column, at in workflow.times_after(workflow.times_of(incident), before, cmd.to, work.now):
        setattr(incident, column, at)
    incident.close_reason = cmd.close_reason if cmd.to is IncidentState.CLOSED else None
    move = {"before": before, "after": cmd.to, "close_reason": incident.close_reason}
    note_entry(work, incident.id, EntryKind.STATE, reason=cmd.reason, **move)
    why = for_trail(incident.tlp, cmd.reason)
    work.audit("incident.state", incident.reference, reason=why, despite=passed, **move)
    return incident


def facts_of(incident: Incident) -> workflow.IncidentFacts:
    return workflow.IncidentFacts(
        state=incident.state,
        rsit_class=incident.rsit_class,
        rsit_type=incident.rsit_type,
        has_owner=incident.owner_id is not None,
    )


def note_entry(work: Work, incident_id: int, kind: EntryKind, **values: Any) -> Entry:
    """One line of the timeline; the page makes the sentence from ``kind`` and ``values``."""
    return add_entry(work, incident_id, kind, values)


def note_link(
    work: Work, incident: Incident, other: Incident, kind: EntryKind, **values: Any
) -> None:
    """A line that names another incident; only who may see that one too reads it."""
    entry = add_entry(work, incident.id, kind, {"incident": other.reference, **values})
    entry.other_id = other.id
    work.session.flush()


def add_entry(
    work: Work,
    incident_id: int,
    kind: EntryKind,
    values: dict[str, Any],
    note_id: int | None = None,
) -> Entry:
    entry = Entry(
        incident_id=incident_id,
        at=work.now,
        kind=kind,
        actor=work.actor.name,
        values=values,
        note_id=note_id,
    )
    work.session.add(entry)
    work.session.flush()
    return entry


def name_of(work: Work, account_id: int | None) -> str:
    """Who this account's person is; for messages that say who was first."""
    query = (
        sa.select(Person.name)
        .join(Account, Account.person_id == Person.id)
        .where(Account.id == account_id)
    )
    return work.session.scalars(query).one_or_none() or ""


def check_version(work: Work, incident: Incident, version: int) -> None:
    """
    Raises:
        IncidentChanged: the asker saw another version.
    """
    if incident.version == version:
        return
    last = sa.select(Entry.actor).where(Entry.incident_id == incident.id)
    name = work.session.scalars(last.order_by(Entry.at.desc(), Entry.id.desc()).limit(1)).first()
    raise IncidentChanged(reference=incident.reference, name=name or "")


def check_class(rsit_class: str, rsit_type: str | None) -> None:
    if not rsit.is_known(rsit_class, rsit_type):
        raise ClassUnknown(given="/".join(part for part in (rsit_class, rsit_type) if part)[:80])


def check_owner(work: Work, account_id: int | None) -> None:
    """
    Raises:
        OwnerUnknown: this account may not own an incident or a task.
    """
    may_own = (
        sa.select(Account.id)
        .join(RoleGrant, RoleGrant.account_id == Account.id)
        .where(
            Account.id == account_id,
            Account.disabled_at.is_(None),
            RoleGrant.role.in_(roles_with("incident:write")),
        )
    )
    if work.session.scalars(may_own).first() is None:
        raise OwnerUnknown
