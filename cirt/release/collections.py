"""TAXII collections and their members."""

import re
import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.work import Work
from cirt.parties.models import Peer
from cirt.release.errors import AliasWrong, CollectionExists, NoSuchCollection, NotAMember
from cirt.release.locks import lock_collections
from cirt.release.models import Collection, CollectionKind, Feed, Member
from cirt.release.publishing import feeds_of_members
from cirt.release.settling import settle

_ALIAS = re.compile(r"[a-z0-9][a-z0-9-]{0,58}[a-z0-9]\Z")


@dataclass(frozen=True, slots=True)
class AddCollection:
    alias: str
    title: str
    kind: CollectionKind
    description: str = ""


def add_collection(work: Work, cmd: AddCollection) -> Collection:
    """An empty one; nobody sees it until it has members.

    Raises:
        AliasWrong, CollectionExists, NotAllowed.
    """
    work.require("collection:write")
    if not _ALIAS.match(cmd.alias):
        raise AliasWrong(alias=cmd.alias[:80])
    if _find(work.session, cmd.alias) is not None:
        raise CollectionExists(alias=cmd.alias)
    collection = Collection(
        uuid=str(uuid.uuid4()),
        alias=cmd.alias,
        title=cmd.title.strip() or cmd.alias,
        description=cmd.description,
        kind=cmd.kind,
        created_at=work.now,
    )
    work.session.add(collection)
    work.session.flush()
    work.audit("collection.add", collection.alias, kind=cmd.kind.value, uuid=collection.uuid)
    return collection


def add_member(work: Work, collection: Collection, peer: Peer) -> int:
    """Let a peer use a collection; the newest of each object in it is offered. How many were."""
    work.require("member:write")
    lock_collections(work.session, [collection.id])
    if work.session.get(Member, (collection.id, peer.id)) is None:
        work.session.add(Member(collection_id=collection.id, peer_id=peer.id, since=work.now))
    known = sa.exists().where(Feed.peer_id == peer.id, Feed.collection_id == collection.id)
    if not work.session.scalar(sa.select(known)):
        work.session.add(Feed(peer_id=peer.id, collection_id=collection.id))
    work.session.flush()
    feed = feeds_of_members(work.session, collection, peer.id)[0]
    offered = settle(work, feed, collection).offered
    work.audit("member.add", collection.alias, peer=peer.slug, offered=offered)
    return offered


def remove_member(work: Work, collection: Collection, peer: Peer) -> None:
    """Hide a collection from a peer at once. Its feed stays as it is and is taken up again on return.

    Raises:
        NotAMember, NotAllowed.
    """
    work.require("member:write")
    lock_collections(work.session, [collection.id])
    member = work.session.get(Member, (collection.id, peer.id))
    if member is None:
        raise NotAMember(peer=peer.slug, collection=collection.alias)
    work.session.delete(member)
    work.session.flush()
    work.audit("member.remove", collection.alias, peer=peer.slug)


def find_collection(session: Session, key: str) -> Collection:
    """By id or alias.

    Raises:
        NoSuchCollection.
    """
    found = _find(session, key)
    if found is None:
        raise NoSuchCollection(collection=key[:80])
    return found


def collections(session: Session) -> list[Collection]:
    return list(session.scalars(sa.select(Collection).order_by(Collection.alias)))


def collections_for(session: Session, peer_id: int) -> list[Collection]:
    """Those a peer is a member of. Whether they exist for it now, its agreement says."""
    mine = sa.select(Collection).join(Member).where(Member.peer_id == peer_id)
    return list(session.scalars(mine.order_by(Collection.id)))


def members_of(session: Session, collection: Collection) -> list[Peer]:
    query = sa.select(Peer).join(Member).where(Member.collection_id == collection.id)
    return list(session.scalars(query.order_by(Peer.name)))


def _find(session: Session, key: str) -> Collection | None:
    wanted = sa.or_(Collection.alias == key.lower(), Collection.uuid == key.lower())
    return session.scalars(sa.select(Collection).where(wanted)).one_or_none()
