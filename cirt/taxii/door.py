"""Who asks, and which collections exist for them: hidden and absent go the same way."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from flask import g

from cirt.kernel.audit import AuditHead
from cirt.kernel.errors import NotFound
from cirt.kernel.program import Program
from cirt.kernel.work import PUBLIC, Actor, ActorKind, Work
from cirt.parties.models import Peer
from cirt.release.ledger import Recorder
from cirt.release.models import Collection, CollectionKind, Feed, Member
from cirt.release.pages import Pages
from cirt.release.windows import Place
from cirt.sharing.facts import PeerReader
from cirt.sharing.models import Agreement, Direction
from cirt.sharing.queries import READER_COLUMNS, reader_of
from cirt.sharing.rules import agreement_rule
from cirt.taxii.errors import CannotRead, CannotWrite
from cirt.taxii.limits import ProvenAccounts
from cirt.taxii.signin import Doorkeeper

_READABLE = (CollectionKind.PUBLISHED, CollectionKind.SHARED)
_WRITABLE = (CollectionKind.INBOX, CollectionKind.SHARED)


class Desk:
    """What one process of the server keeps between requests."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.doorkeeper = Doorkeeper(program)
        self.proven = ProvenAccounts()
        self.pages = Pages()
        self.recorder = Recorder(program)


@dataclass(slots=True)
class Visit:
    """One request of a peer. What it reads is of one moment, from the sign-in on until it leaves."""

    desk: Desk
    peer_id: int = 0
    username: str = ""
    _open: ExitStack = field(default_factory=ExitStack)
    _work: Work | None = None

    @property
    def program(self) -> Program:
        return self.desk.program

    @property
    def work(self) -> Work:
        """The reading unit of work; opened anew after ``leave``."""
        if self._work is None:
            reading = self.program.work(self._actor, write=False)
            self._work = self._open.enter_context(reading)
        return self._work

    def sign_in(self, peer_id: int, username: str) -> None:
        self.peer_id, self.username = peer_id, username
        self.work.actor = self._actor

    def leave(self) -> None:
        """What was read stays readable."""
        self._open.close()
        self._work = None

    def writing(self) -> AbstractContextManager[Work]:
        """A unit of work of this peer that changes something."""
        self.leave()
        return self.program.work(self._actor)

    @property
    def _actor(self) -> Actor:
        return Actor(ActorKind.PEER, self.peer_id, self.username) if self.peer_id else PUBLIC


def visit() -> Visit:
    """The present request's; the blueprint has signed the peer in."""
    found: Visit = g.taxii_visit
    return found


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


def seen_collections(work: Work) -> list[Access]:
    """The collections that exist for the asking peer now, the oldest first."""
    return _seen(work, work.connection.execute(_EVERY, {"peer_id": work.actor.id}).all())


def seen_collection(work: Work, key: str) -> Access:
    """By id or alias.

    Raises:
        NotFound: absent, or hidden from this peer; both by the same way.
    """
    if "\0" in key:  # names nothing, and PostgreSQL takes none
        raise NotFound
    values = {"peer_id": work.actor.id, "key": key.lower()}
    for one in _seen(work, work.connection.execute(_NAMED, values).all()):
        return one
    raise NotFound


def _seen(work: Work, rows: Sequence[sa.Row[*tuple[Any, ...]]]) -> list[Access]:
    """From one row for each collection and agreement; none without an agreement in force (rulings 8)."""
    by_collection: dict[int | None, list[sa.Row[*tuple[Any, ...]]]] = {}
    for row in rows:
        by_collection.setdefault(row.collection_id, []).append(row)
    seen: list[Access] = []
    for collection_id, some in by_collection.items():
        reader = reader_of(some, work.now)
        if collection_id is None or agreement_rule(reader, work.now) is not None:
            continue
        access = _access(some[0], reader)
        if access.can_read or access.can_write:
            seen.append(access)
    return seen


def _access(row: sa.Row[*tuple[Any, ...]], reader: PeerReader) -> Access:
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


def rights(kind: CollectionKind, direction: Direction | None) -> tuple[bool, bool]:
    """can_read and can_write, as the kind and the agreement's direction leave them (contract, section 6)."""
    gives = direction in (Direction.GIVE, Direction.BOTH)
    takes = direction in (Direction.TAKE, Direction.BOTH)
    return gives and kind in _READABLE, takes and kind in _WRITABLE


def _door(*conditions: sa.ColumnElement[bool]) -> sa.Select[*tuple[Any, ...]]:
    """The peer with its agreements and, where it is a member, the collections."""
    mine = (
        sa.select(
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
        .where(Member.peer_id == sa.bindparam("peer_id"), *conditions)
        .subquery()
    )
    trail = sa.select(AuditHead.seq).where(AuditHead.id == 1).scalar_subquery()
    return (
        sa.select(*READER_COLUMNS, *mine.c, trail.label("trail_seq"))
        .select_from(Peer)
        .outerjoin(Agreement, Agreement.peer_id == Peer.id)
        .outerjoin(mine, sa.true())
        .where(Peer.id == sa.bindparam("peer_id"))
        .order_by(mine.c.collection_id)
    )


_KEY = sa.bindparam("key", type_=sa.String)
_EVERY = _door()
_NAMED = _door(sa.or_(Collection.uuid == _KEY, Collection.alias == _KEY))
