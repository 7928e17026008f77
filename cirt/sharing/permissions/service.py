"""Records what a source permits, and ends it. Feeds are made right by :mod:`cirt.release.permitting`."""

from datetime import datetime

import sqlalchemy as sa

from cirt.files.store import put_attachment
from cirt.kernel.ids import Reference, next_reference
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.objects import index
from cirt.objects.factsets import permits_of
from cirt.objects.index import Listed
from cirt.objects.models import ObjectFacts, ObjectVersion, StixObject
from cirt.objects.stating import state_facts
from cirt.parties.models import Peer
from cirt.sharing.narrow import visible_facts
from cirt.sharing.permissions.commands import EndPermission, RecordPermission, Scope
from cirt.sharing.permissions.errors import (
    AlreadyEnded,
    EvidenceMissing,
    NoSuchPermission,
    OwnObject,
    PermissionCircle,
    PermissionObject,
    PermissionPeer,
    PermissionPeriod,
    PermissionRed,
)
from cirt.sharing.permissions.models import Audience, Permission
from cirt.sharing.queries import staff_reader


def record_permission(work: Work, cmd: RecordPermission) -> Permission:
    """
    Raises:
        PermissionObject, OwnObject, PermissionPeer, PermissionCircle, PermissionRed, EvidenceMissing,
        PermissionPeriod, TooLarge, NotAllowed.
    """
    work.require("permission:write")
    if Tlp.RED in (cmd.up_to, cmd.tlp):
        raise PermissionRed
    if not cmd.evidence.strip() and not cmd.files:
        raise EvidenceMissing
    found = _object(work, cmd.stix_id) if cmd.scope is Scope.OBJECT else None
    origin = _peer(work, cmd.origin) if found is None else None
    reader = _peer(work, cmd.reader) if cmd.audience is Audience.PEER else None
    bringer_id = found.brought_by_id if found else origin and origin.id
    if reader is not None and reader.id == bringer_id:
        raise PermissionCircle(peer=reader.name)
    permission = Permission(
        reference=next_reference(work, Reference.PERMISSION),
        tlp=cmd.tlp,
        object_id=found.object_id if found else None,
        origin_id=origin.id if origin else None,
        up_to=cmd.up_to,
        audience=cmd.audience,
        reader_id=reader.id if reader else None,
        given_by=cmd.given_by,
        evidence=cmd.evidence,
        given_at=_begin(work, cmd),
        until=cmd.until,
        recorded_at=work.now,
        recorded_by=work.actor.name[:200],
    )
    work.session.add(permission)
    work.session.flush()
    if found is not None:
        named = {*_named_by(work, found.object_id), permission.id}
        state_facts(work, [found.object_id], permits=tuple(sorted(named)))
    for file in cmd.files:
        put_attachment(work, permission.reference, file.name, file.media_type, file.body)
    _note(work, "permission.record", permission)
    return permission


def end_permission(work: Work, cmd: EndPermission) -> Permission:
    """For good; another one may follow.

    Raises:
        NoSuchPermission, AlreadyEnded, NotAllowed.
    """
    work.require("permission:write")
    permission = find_permission(work, cmd.reference, lock=True)
    if permission.ended_at is not None:
        raise AlreadyEnded(reference=permission.reference)
    permission.ended_at, permission.ended_by = work.now, work.actor.name[:200]
    permission.ended_why = cmd.reason
    work.session.flush()
    if permission.object_id is not None:
        named = _named_by(work, permission.object_id) - {permission.id}
        state_facts(work, [permission.object_id], permits=tuple(sorted(named)))
    _note(work, "permission.end", permission)
    return permission


def find_permission(work: Work, reference: str, *, lock: bool = False) -> Permission:
    """
    Raises:
        NoSuchPermission.
    """
    query = sa.select(Permission).where(Permission.reference == reference)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = work.session.scalars(query).one_or_none()
    if found is None:
        raise NoSuchPermission(reference=reference[:20])
    return found


def _object(work: Work, stix_id: str) -> Listed:
    shown = visible_facts(staff_reader(work.actor), None, work.now)
    found = index.find_listed(work.session, stix_id, shown)
    if found is None:
        raise PermissionObject(stix_id=stix_id[:100])
    if found.brought_by_id is None:
        raise OwnObject(stix_id=stix_id)
    return found


def _peer(work: Work, slug: str) -> Peer:
    found = work.session.scalars(sa.select(Peer).where(Peer.slug == slug)).one_or_none()
    if found is None:
        raise PermissionPeer(slug=slug[:60])
    return found


def _begin(work: Work, cmd: RecordPermission) -> datetime:
    begin = cmd.given_on or work.now
    if cmd.until is not None and cmd.until <= max(begin, work.now):
        raise PermissionPeriod
    return begin


def _named_by(work: Work, object_id: int) -> set[int]:
    query = (
        sa.select(ObjectFacts.permits)
        .join(ObjectVersion, ObjectVersion.facts_id == ObjectFacts.id)
        .join(StixObject, StixObject.newest_id == ObjectVersion.id)
        .where(StixObject.id == object_id)
    )
    return set(permits_of(work.session.scalar(query)))


def _note(work: Work, act: str, permission: Permission) -> None:
    work.audit(
        act,
        permission.reference,
        object=permission.object_id,
        origin=permission.origin_id,
        audience=permission.audience.value,
        reader=permission.reader_id,
        up_to=permission.up_to,
        until=permission.until.isoformat() if permission.until else None,
    )
