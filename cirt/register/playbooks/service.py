"""Playbooks: which there are now, changed by leads, applied to incidents."""

import secrets
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from cirt.kernel.errors import Conflict, NotFound
from cirt.kernel.inserting import insert_new
from cirt.kernel.text import mark
from cirt.kernel.work import Work
from cirt.register.incidents import note_entry
from cirt.register.models import EntryKind, Incident
from cirt.register.playbooks.commands import (
    AddPlaybook,
    ApplyPlaybook,
    EditPlaybook,
    RestorePlaybook,
)
from cirt.register.playbooks.included import INCLUDED
from cirt.register.playbooks.models import Playbook, PlaybookVersion
from cirt.register.playbooks.rules import AS_INCLUDED, Steps, from_content
from cirt.register.sight import get_incident
from cirt.register.tasks.models import Task
from cirt.register.tasks.service import append_tasks


class NoSuchPlaybook(NotFound):
    code = "no-such-playbook"


class PlaybookChanged(Conflict):
    code = "playbook-changed"
    message = mark(
        "{name} changed this playbook first. What you typed is below; compare and save again."
    )


@dataclass(frozen=True, slots=True)
class PlaybookView:
    """One as it holds now; ``is_included`` tells of its origin, ``is_changed`` that it is another by now."""

    slug: str
    version: int
    content: Steps
    offered: bool
    is_included: bool
    is_changed: bool


@dataclass(frozen=True, slots=True)
class Saved:
    """A version in a playbook's history; ``content`` None where it was set back to what is included."""

    version: int
    content: Steps | None
    saved_at: datetime
    author: str


def playbooks(work: Work) -> list[PlaybookView]:
    """All of them: the included ones in their order, then the team's own."""
    query = (
        sa.select(Playbook, PlaybookVersion)
        .join(
            PlaybookVersion,
            sa.and_(
                PlaybookVersion.slug == Playbook.slug, PlaybookVersion.version == Playbook.version
            ),
        )
        .order_by(PlaybookVersion.saved_at, Playbook.slug)
    )
    rows = {row.Playbook.slug: row for row in work.session.execute(query)}
    own = [slug for slug in rows if slug not in INCLUDED]
    return [
        _view(slug, rows[slug].Playbook, rows[slug].PlaybookVersion)
        if slug in rows
        else PlaybookView(slug, AS_INCLUDED, INCLUDED[slug], True, True, False)
        for slug in (*INCLUDED, *own)
    ]


def playbook(work: Work, slug: str) -> PlaybookView:
    """
    Raises:
        NoSuchPlaybook.
    """
    found = next((view for view in playbooks(work) if view.slug == slug), None)
    if found is None:
        raise NoSuchPlaybook
    return found


def fitting(work: Work, rsit_class: str, rsit_type: str | None) -> list[PlaybookView]:
    """Those offered for this class and type, what was made for the type first."""
    ranked = [
        (view.content.fit(rsit_class, rsit_type), view) for view in playbooks(work) if view.offered
    ]
    found = [(fit, view) for fit, view in ranked if fit]
    return [view for _, view in sorted(found, key=lambda pair: -pair[0])]


def history_of(work: Work, slug: str) -> list[Saved]:
    """What was saved of it, the newest first; the included one is the beginning and not among them."""
    query = sa.select(PlaybookVersion).where(PlaybookVersion.slug == slug)
    return [
        Saved(
            row.version,
            from_content(row.content) if row.content else None,
            row.saved_at,
            row.author,
        )
        for row in work.session.scalars(query.order_by(PlaybookVersion.version.desc()))
    ]


def add_playbook(work: Work, cmd: AddPlaybook) -> str:
    """A playbook of the team's own: its name in addresses.

    Raises:
        NotAllowed.
    """
    work.require("playbook:write")
    slug = f"own-{secrets.token_hex(4)}"
    work.session.add(Playbook(slug=slug, version=1, offered=True))
    work.session.flush()
    _save(work, slug, 1, cmd.content, offered=True)
    work.audit("playbook.add", slug, title=cmd.content.title)
    return slug


def edit_playbook(work: Work, cmd: EditPlaybook) -> None:
    """A new version; what was applied before keeps the one it came from.

    Raises:
        PlaybookChanged: somebody saved first; nothing was changed.
        NoSuchPlaybook, NotAllowed.
    """
    work.require("playbook:write")
    before = _locked(work, cmd.slug, cmd.version)
    if (before.content, before.offered) == (cmd.content, cmd.offered):
        return
    _save(work, cmd.slug, before.version + 1, cmd.content, offered=cmd.offered)
    work.audit("playbook.edit", cmd.slug, version=before.version + 1, offered=cmd.offered)


def restore_playbook(work: Work, cmd: RestorePlaybook) -> None:
    """Back to what is included; the team's versions stay in its history.

    Raises:
        PlaybookChanged, NoSuchPlaybook, NotAllowed.
    """
    work.require("playbook:write")
    if cmd.slug not in INCLUDED:
        raise NoSuchPlaybook
    before = _locked(work, cmd.slug, cmd.version)
    if not before.is_changed and before.offered:
        return
    _save(work, cmd.slug, before.version + 1, None, offered=True)
    work.audit("playbook.restore", cmd.slug, version=before.version + 1)


def apply_playbook(work: Work, cmd: ApplyPlaybook) -> int:
    """Put its steps on the list of tasks: how many. Those that it has already, in the bin too, stay as they are.

    Raises:
        NoSuchPlaybook, TooManyTasks, NoSuchIncident, NotAllowed.
    """
    work.require("incident:write")
    incident = get_incident(work, cmd.incident, lock=True)
    return apply_to(work, incident, playbook(work, cmd.slug))


def apply_to(work: Work, incident: Incident, view: PlaybookView) -> int:
    """To an incident that the caller holds locked, or has just made; its owner owns the tasks until they are handed on."""
    there = sa.select(Task.step).where(Task.incident_id == incident.id, Task.step.is_not(None))
    steps = set(work.session.scalars(there))
    tasks = [
        Task(
            title=step.text,
            phase=step.phase,
            owner_id=incident.owner_id,
            due_at=work.now + step.due if step.due is not None else None,
            playbook=view.slug,
            playbook_version=view.version,
            step=step.key,
        )
        for step in view.content.steps
        if step.key not in steps
    ]
    if not tasks:
        return 0
    added = append_tasks(work, incident, tasks)
    said = {"playbook": view.content.title, "slug": view.slug, "version": view.version}
    note_entry(work, incident.id, EntryKind.PLAYBOOK, count=len(added), **said)
    facts = {"playbook": view.slug, "version": view.version, "tasks": len(added)}
    work.audit("playbook.apply", incident.reference, **facts)
    return len(added)


def apply_fitting(work: Work, incident: Incident) -> int:
    """Put the playbook that fits best on an incident that was just opened: how many tasks."""
    found = fitting(work, incident.rsit_class, incident.rsit_type)
    return apply_to(work, incident, found[0]) if found else 0


def _view(slug: str, row: Playbook, newest: PlaybookVersion) -> PlaybookView:
    is_included = slug in INCLUDED
    content = from_content(newest.content) if newest.content else INCLUDED[slug]
    is_changed = is_included and content != INCLUDED[slug]
    return PlaybookView(slug, newest.version, content, row.offered, is_included, is_changed)


def _locked(work: Work, slug: str, version: int) -> PlaybookView:
    """As it holds now, its row held; an included one gets its row here.

    Raises:
        PlaybookChanged, NoSuchPlaybook.
    """
    if slug in INCLUDED:
        insert = insert_new(work.session.connection(), Playbook, "slug")
        as_included = {"slug": slug, "version": AS_INCLUDED, "offered": True}
        work.session.execute(insert.values(**as_included))
    query = sa.select(Playbook).where(Playbook.slug == slug).with_for_update()
    if work.session.scalars(query).one_or_none() is None:
        raise NoSuchPlaybook
    view = playbook(work, slug)
    if view.version != version:
        raise PlaybookChanged(name=next((one.author for one in history_of(work, slug)), ""))
    return view


def _save(work: Work, slug: str, version: int, content: Steps | None, *, offered: bool) -> None:
    work.session.add(
        PlaybookVersion(
            slug=slug,
            version=version,
            content=content.as_content() if content else {},
            offered=offered,
            saved_at=work.now,
            author=work.actor.name,
        )
    )
    changed = sa.update(Playbook).where(Playbook.slug == slug)
    work.session.execute(changed.values(version=version, offered=offered))
    work.session.flush()
