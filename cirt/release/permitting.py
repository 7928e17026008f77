"""Permissions of sources and readers' feeds."""

import sqlalchemy as sa

from cirt.kernel.work import Work
from cirt.objects.models import StixObject
from cirt.parties.models import Peer
from cirt.release.previewing.hanging import released_from
from cirt.release.settling import settle_objects
from cirt.sharing.permissions import service
from cirt.sharing.permissions.commands import EndPermission, RecordPermission, Scope
from cirt.sharing.permissions.models import Permission


def record_permission(work: Work, cmd: RecordPermission) -> Permission:
    """What may go by it is offered at the end of the feeds.

    What another permission let go and has run out is closed by the periodic job, or here before the new one
    opens it again, so that nobody passes it.
    """
    work.require("permission:write")
    settle_objects(work, _concerned(work, cmd))
    permission = service.record_permission(work, cmd)
    _settle(work, permission)
    return permission


def _concerned(work: Work, cmd: RecordPermission) -> set[int]:
    session = work.session
    if cmd.scope is Scope.OBJECT:
        return set(
            session.scalars(sa.select(StixObject.id).where(StixObject.stix_id == cmd.stix_id))
        )
    peer_id = session.scalar(sa.select(Peer.id).where(Peer.slug == cmd.origin))
    return released_from(session, peer_id) if peer_id else set()


def end_permission(work: Work, cmd: EndPermission) -> Permission:
    """What leaned on it is hidden at once."""
    permission = service.end_permission(work, cmd)
    _settle(work, permission)
    return permission


def _settle(work: Work, permission: Permission) -> None:
    if permission.object_id is not None:
        settle_objects(work, {permission.object_id})
    elif permission.origin_id is not None:
        settle_objects(work, released_from(work.session, permission.origin_id))
