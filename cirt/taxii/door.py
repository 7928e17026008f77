"""Who asks, and which collections exist for them: hidden and absent go the same way."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from cirt.kernel.audit import AuditHead
from cirt.kernel.prepared import Prepared
from cirt.parties.models import Peer, PeerCredential
from cirt.parties.peers import Credential
from cirt.release.models import Collection, Feed, Member
from cirt.release.readers import rights
from cirt.release.windows import Place
from cirt.sharing.case import agreement_rule
from cirt.sharing.facts import PeerReader
from cirt.sharing.models import Agreement
from cirt.sharing.queries import READER_COLUMNS, reader_of
from cirt.taxii.errors import CannotRead, CannotWrite


@dataclass(frozen=True, slots=True)
class Access:
    """A collection as one peer finds it under its agreement. ``place`` is where it reads, if it may."""

    collection_id: int
    uuid: str
    alias: str
    title: str
    description: str
    can_read: bool
    can_write: bool
    place: Place | None

    def require_read(self) -> Place:
        """
        Raises:
            CannotRead.
        """
        if not self.can_read or self.place is None:
            raise CannotRead(needed="can_read")
        return self.place

    def require_write(self) -> None:
        """
        Raises:
            CannotWrite.
        """
        if not self.can_write:
            raise CannotWrite(needed="can_write")


class Look(NamedTuple):
    """What one look at the door shows."""

    credential: Credential | None
    seen: list[Access]


def look(connection: sa.Connection, now: datetime, username: str, key: str) -> Look:
    """At an account and the collection that exists for its peer under this id or alias, if one does.

    In the connection's transaction, if it has one; else in one that ends with the look.
    """
    given = "" if "\0" in key else key.lower()  # it names nothing, and PostgreSQL takes none
    return _looked(_NAMED.rows(connection, {"username": username, "key": given}), now)


def look_at_all(connection: sa.Connection, now: datetime, username: str) -> Look:
    """The same with every collection that exists for the peer, the oldest first."""
    return _looked(_EVERY.rows(connection, {"username": username}), now)


def _looked(rows: Sequence[Any], now: datetime) -> Look:
    if not rows:
        return Look(None, [])
    first = rows[0]
    credential = Credential(first.peer_id, first.password_hash, first.changed_at)
    return Look(credential, _exist(rows, now))


def _exist(rows: Sequence[Any], now: datetime) -> list[Access]:
    """From one row for each collection and agreement; none without an agreement in force (rulings 8)."""
    by_collection: dict[int | None, list[Any]] = {}
    for row in rows:
        by_collection.setdefault(row.collection_id, []).append(row)
    seen: list[Access] = []
    for collection_id, some in by_collection.items():
        if collection_id is None:
            continue
        reader = reader_of(some, now)
        if agreement_rule(reader, now) is not None:
            continue
        access = _access(some[0], reader)
        if access.can_read or access.can_write:
            seen.append(access)
    return seen


def _access(row: Any, reader: PeerReader) -> Access:
    can_read, can_write = rights(row.kind, reader.terms.direction if reader.terms else None)
    place = Place(row.feed_id, row.last_us, row.trail_seq, row.collection_id, row.kind, reader)
    return Access(
        row.collection_id,
        row.uuid,
        row.alias,
        row.title,
        row.description,
        can_read=can_read,
        can_write=can_write,
        place=place if can_read else None,
    )


def _door(*conditions: sa.ColumnElement[bool]) -> Prepared:
    """The account, its peer with the agreements and, where it is a member, the collections."""
    mine = (
        sa.select(
            Member.peer_id.label("member_id"),
            Collection.id.label("collection_id"),
            Collection.uuid,
            Collection.alias,
            Collection.title,
            Collection.description,
            Collection.kind,
            Feed.id.label("feed_id"),
            Feed.last_us,
        )
        .join(Member, Member.collection_id == Collection.id)
        .join(
            Feed,
            sa.and_(Feed.peer_id == Member.peer_id, Feed.collection_id == Member.collection_id),
        )
        .where(*conditions)
        .subquery()
    )
    trail = sa.select(AuditHead.seq).where(AuditHead.id == 1).scalar_subquery()
    shown = [column for column in mine.c if column.name != "member_id"]
    account = (PeerCredential.password_hash, PeerCredential.changed_at)
    return Prepared(
        sa.select(*account, *READER_COLUMNS, *shown, trail.label("trail_seq"))
        .select_from(PeerCredential)
        .join(Peer, Peer.id == PeerCredential.peer_id)
        .outerjoin(Agreement, Agreement.peer_id == Peer.id)
        .outerjoin(mine, mine.c.member_id == Peer.id)
        .where(PeerCredential.username == sa.bindparam("username"))
        .order_by(mine.c.collection_id)
    )


_KEY = sa.bindparam("key", type_=sa.String)
_EVERY = _door()
_NAMED = _door(sa.or_(Collection.uuid == _KEY, Collection.alias == _KEY))
