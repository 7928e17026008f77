"""Reads permissions for pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from cirt.files.models import Attachment
from cirt.objects.models import StixObject
from cirt.parties.models import Peer
from cirt.sharing.permissions.models import Permission

PAGE = 50


class Standing(StrEnum):
    HOLDS = "holds"
    NOT_YET = "not-yet"
    PAST = "past"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class PermissionLine:
    """One permission with the names of what it is about and whom it is for."""

    it: Permission
    stix_id: str | None
    name: str | None
    origin: str | None
    reader: str | None
    reader_slug: str | None

    def standing(self, now: datetime) -> Standing:
        if self.it.ended_at is not None:
            return Standing.ENDED
        if now < self.it.given_at:
            return Standing.NOT_YET
        return (
            Standing.PAST if self.it.until is not None and now >= self.it.until else Standing.HOLDS
        )


@dataclass(frozen=True, slots=True)
class PermissionPage:
    """``older`` is where the next page begins; None where there is nothing more."""

    lines: list[PermissionLine]
    older: int | None


def permission_page(session: Session, *, before: int | None = None) -> PermissionPage:
    """The latest first."""
    where = Permission.id < before if before is not None else sa.true()
    lines = _lines(session, where, PAGE + 1)
    older = lines[PAGE - 1].it.id if len(lines) > PAGE else None
    return PermissionPage(lines[:PAGE], older)


def permission_line(session: Session, permission: Permission) -> PermissionLine:
    return _lines(session, Permission.id == permission.id, 1)[0]


def permissions_for(
    session: Session, object_id: int, origin_id: int | None
) -> list[PermissionLine]:
    """Those that are for this object, by itself or with all that its bringer brings; not ended."""
    about = Permission.object_id == object_id
    if origin_id is not None:
        about = sa.or_(about, Permission.origin_id == origin_id)
    return _lines(session, sa.and_(about, Permission.ended_at.is_(None)), PAGE)


def files_of(session: Session, reference: str) -> Sequence[Attachment]:
    query = sa.select(Attachment).where(Attachment.owner == reference)
    return session.scalars(query.order_by(Attachment.id)).all()


def _lines(session: Session, where: sa.ColumnElement[bool], limit: int) -> list[PermissionLine]:
    origin, reader = aliased(Peer), aliased(Peer)
    query = (
        sa.select(
            Permission,
            StixObject.stix_id,
            StixObject.name,
            origin.name,
            reader.name,
            reader.slug,
        )
        .outerjoin(StixObject, StixObject.id == Permission.object_id)
        .outerjoin(
            origin, origin.id == sa.func.coalesce(Permission.origin_id, StixObject.brought_by_id)
        )
        .outerjoin(reader, reader.id == Permission.reader_id)
        .where(where)
        .order_by(Permission.id.desc())
        .limit(limit)
    )
    return [PermissionLine(*row) for row in session.execute(query)]
