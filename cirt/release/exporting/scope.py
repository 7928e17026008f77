"""Which versions a file could hold, before the gate is asked: what stands there for staff, or what is offered to a peer."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.among import among
from cirt.kernel.clock import to_us
from cirt.kernel.errors import NotFound
from cirt.kernel.work import Work
from cirt.objects.catalogue import newest_versions
from cirt.objects.index import find_listed
from cirt.objects.models import ObjectVersion
from cirt.parties.models import Peer
from cirt.parties.peers import find_peer
from cirt.release.collections import collections_for, find_collection
from cirt.release.exporting.commands import Export, Subject
from cirt.release.exporting.errors import NoSuchExport
from cirt.release.filters import ALL, Filter
from cirt.release.models import CollectionEntry
from cirt.release.queries import proposal_view
from cirt.release.windows import find_place, look
from cirt.sharing.facts import Recipient
from cirt.sharing.narrow import visible_facts
from cirt.sharing.queries import peer_reader, staff_reader


@dataclass(frozen=True, slots=True)
class Part:
    """Versions for one recipient, as they stand in one kind of collection (None: in none)."""

    recipient: Recipient
    kind: str | None
    version_ids: Sequence[int]
    posted: frozenset[int] = frozenset()
    recalls: frozenset[int] = frozenset()


def parts(work: Work, cmd: Export) -> list[Part]:
    """
    Raises:
        NoSuchExport: what is named is not there, or not for the actor to see.
    """
    try:
        version_ids = _standing(work, cmd)
        peer = find_peer(work.session, cmd.audience) if cmd.audience else None
    except NotFound:
        raise NoSuchExport from None
    if peer is None:
        return [Part(staff_reader(work.actor), None, version_ids)]
    return _offered(work, cmd, peer, version_ids)


def _standing(work: Work, cmd: Export) -> list[int]:
    session = work.session
    shown = visible_facts(staff_reader(work.actor), None, work.now)
    if cmd.subject is Subject.INDICATORS:
        return newest_versions(session, cmd.wanted, shown, to_us(work.now))
    if cmd.subject is Subject.OBJECT:
        listed = find_listed(session, cmd.name, shown)
        if listed is None:
            raise NoSuchExport
        return [listed.version_id]
    if cmd.subject is Subject.RELEASE:
        view = proposal_view(work, cmd.name)
        return [each.version_id for each in view.objects if each.version_id in view.going]
    return _last_in(session, find_collection(session, cmd.name).id)


def _last_in(session: Session, collection_id: int) -> list[int]:
    """The last version of each object that stands in the collection, in the order of their coming."""
    query = (
        sa.select(CollectionEntry.object_id, CollectionEntry.version_id)
        .join(ObjectVersion, ObjectVersion.id == CollectionEntry.version_id)
        .where(CollectionEntry.collection_id == collection_id)
        .order_by(ObjectVersion.version_us, CollectionEntry.id)
    )
    return list({row.object_id: row.version_id for row in session.execute(query)}.values())


def _offered(work: Work, cmd: Export, peer: Peer, version_ids: Sequence[int]) -> list[Part]:
    """What stands in the peer's own feeds: approved, offered, and not yet asked of the gate for today.

    Of a release its very versions; else of each object the last that the peer may have.
    """
    session = work.session
    reader = peer_reader(session, peer.id, work.now)
    is_exact = cmd.subject is Subject.RELEASE
    wanted = Filter(versions=(ALL,)) if is_exact else Filter()
    chosen = frozenset(version_ids)
    objects = frozenset() if is_exact else _objects_of(session, version_ids)
    only = find_collection(session, cmd.name).id if cmd.subject is Subject.COLLECTION else None
    found, seen = list[Part](), set[int]()
    for collection in collections_for(session, peer.id):
        if only is not None and collection.id != only:
            continue
        try:
            place = find_place(work, reader, collection)
        except NotFound:
            continue  # for this peer it does not exist now
        standing = look(work, place, wanted, -1, None).standing
        mine = _meant(session, standing.version_ids, chosen, objects, whole=only is not None)
        going = [each for each in mine if each not in seen]
        seen.update(going)
        found.append(Part(reader, place.kind.value, going, standing.posted, standing.recalls))
    return found


def _meant(
    session: Session,
    offered: Sequence[int],
    versions: frozenset[int],
    objects: frozenset[int],
    *,
    whole: bool,
) -> Iterable[int]:
    if whole:
        return offered
    if not objects:
        return [each for each in offered if each in versions]
    of_them = _object_of(session, offered)
    return [each for each in offered if of_them[each] in objects]


def _objects_of(session: Session, version_ids: Sequence[int]) -> frozenset[int]:
    return frozenset(_object_of(session, version_ids).values())


def _object_of(session: Session, version_ids: Sequence[int]) -> dict[int, int]:
    query = sa.select(ObjectVersion.id, ObjectVersion.object_id)
    rows = session.execute(query.where(among(ObjectVersion.id, version_ids)))
    return {row.id: row.object_id for row in rows}
