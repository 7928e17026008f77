"""Who asks, and which collections exist for them: hidden and absent go the same way."""

from contextlib import AbstractContextManager
from dataclasses import dataclass

from flask import g

from cirt.kernel.errors import NotFound
from cirt.kernel.program import Program
from cirt.kernel.work import Actor, ActorKind, Work
from cirt.parties.models import Peer
from cirt.release.collections import collections_for
from cirt.release.models import Collection, CollectionKind
from cirt.sharing.gate import peer_reader
from cirt.sharing.models import Direction
from cirt.sharing.rules import PeerReader, agreement_rule
from cirt.taxii.errors import CannotRead, CannotWrite

_READABLE = (CollectionKind.PUBLISHED, CollectionKind.SHARED)
_WRITABLE = (CollectionKind.INBOX, CollectionKind.SHARED)


@dataclass(frozen=True, slots=True)
class Asker:
    """A signed-in peer on this program."""

    program: Program
    peer_id: int
    username: str

    def work(self, *, write: bool) -> AbstractContextManager[Work]:
        actor = Actor(ActorKind.PEER, self.peer_id, self.username)
        return self.program.work(actor, write=write)


def asker() -> Asker:
    """The peer that makes the present request; the blueprint has signed it in."""
    found: Asker = g.taxii_asker
    return found


@dataclass(frozen=True, slots=True)
class Access:
    """A collection as one peer finds it under its agreement."""

    collection: Collection
    can_read: bool
    can_write: bool

    def require_read(self) -> None:
        if not self.can_read:
            raise CannotRead(needed="can_read")

    def require_write(self) -> None:
        if not self.can_write:
            raise CannotWrite(needed="can_write")


def access(collection: Collection, direction: Direction) -> Access:
    """What the kind of collection and the agreement's direction leave (contract, section 6)."""
    gives = direction in (Direction.GIVE, Direction.BOTH)
    takes = direction in (Direction.TAKE, Direction.BOTH)
    return Access(
        collection,
        can_read=gives and collection.kind in _READABLE,
        can_write=takes and collection.kind in _WRITABLE,
    )


def peer_of(work: Work) -> Peer:
    return work.session.get_one(Peer, work.actor.id)


def reader_of(work: Work) -> PeerReader:
    """The asking peer with its agreement, as the gate sees it."""
    return peer_reader(work.session, asker().peer_id, work.now)


def seen_collections(work: Work, reader: PeerReader) -> list[Access]:
    """The collections that exist for this reader now; none without an agreement in force (rulings 8)."""
    if reader.terms is None or agreement_rule(reader, work.now) is not None:
        return []
    found = collections_for(work.session, reader.peer_id)
    seen = [access(collection, reader.terms.direction) for collection in found]
    return [one for one in seen if one.can_read or one.can_write]


def seen_collection(work: Work, reader: PeerReader, key: str) -> Access:
    """By id or alias.

    Raises:
        NotFound: absent, or hidden from this reader; both by the same way.
    """
    for one in seen_collections(work, reader):
        if key.lower() in (one.collection.uuid, one.collection.alias):
            return one
    raise NotFound
