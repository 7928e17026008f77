"""What is taken out of a collection again: by the peer that brought it, by a recall, or because it is RED."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.among import among
from cirt.kernel.work import Work
from cirt.objects.models import ObjectVersion
from cirt.parties.models import Peer
from cirt.release.errors import NoSuchObject, RemovalRefused
from cirt.release.filters import ALL, Filter
from cirt.release.locks import feeds_of, lock_collections
from cirt.release.models import Collection, CollectionEntry, CollectionKind, Feed, Member
from cirt.release.offers import close_rows
from cirt.release.pages import all_of, records
from cirt.release.publishing import feeds_of_members, publish
from cirt.release.readers import has_access
from cirt.release.settling import settle
from cirt.release.unnamed import close_unnamed, released_naming
from cirt.release.windows import find_place
from cirt.sharing.queries import peer_reader


def remove_object(
    work: Work,
    peer: Peer,
    collection: Collection,
    stix_id: str,
    wanted: Filter | None = None,
) -> int:
    """TAXII DELETE: take out of a shared collection what this peer brought there; how many versions.

    Without a filter all versions. Everything is removed or nothing. The rows of feeds stay, closed; the same
    version may be posted again later and then gets a new date.

    Raises:
        NotFound: the peer sees no such object here.
        RemovalRefused: another brought one of them, or nothing can be removed here.
    """
    lock_collections(work.session, [collection.id])
    reader = peer_reader(work.session, peer.id, work.now)
    if collection.kind is CollectionKind.INBOX and has_access(reader, work.now):
        raise RemovalRefused
    chosen = wanted or Filter(versions=(ALL,))
    narrowed = Filter(ids=(stix_id,), versions=chosen.versions, spec_versions=chosen.spec_versions)
    found = all_of(work, find_place(work, reader, collection), narrowed)
    if not found.version_ids:
        raise NoSuchObject(stix_id=stix_id[:300])
    if not _brought_all(work.session, collection, peer, found.version_ids):
        raise RemovalRefused
    take_out(work, collection, found.version_ids)
    _keep_along(work, collection, found.version_ids)
    work.audit(
        "object.remove",
        stix_id,
        collection=collection.alias,
        versions=[each.version_text for each in records(work, found)],
    )
    return len(found.version_ids)


def take_out(work: Work, collection: Collection, version_ids: Iterable[int]) -> None:
    """Out of a collection and of every feed made from it. The caller holds the collection.

    A reader that came late has been offered the newest version only: the one before it is its due now.
    """
    gone = list(version_ids)
    work.session.execute(
        sa.delete(CollectionEntry)
        .where(
            CollectionEntry.collection_id == collection.id,
            among(CollectionEntry.version_id, gone),
        )
        .execution_options(synchronize_session=False)
    )
    of_these = sa.select(ObjectVersion.object_id).where(among(ObjectVersion.id, gone))
    objects = set(work.session.scalars(of_these))
    for feed in feeds_of(work.session, Feed.collection_id == collection.id):
        close_rows(work, feed, gone)
        if work.session.get(Member, (collection.id, feed.peer_id)) is not None:
            settle(work, feed, collection, objects)
        close_unnamed(work, feed, collection.id, gone)


def _keep_along(work: Work, collection: Collection, version_ids: Sequence[int]) -> None:
    """Definitions that something of ours there names go along with that, to whom it may go and to nobody else."""
    naming = released_naming(work.session, collection.id, version_ids)
    if not naming:
        return
    publish(work, collection, list(naming))
    for feed in feeds_of_members(work.session, collection):
        settle(work, feed, collection, set(naming.values()))


def take_out_standing(work: Work, *conditions: sa.ColumnElement[bool]) -> bool:
    """Every entry of this kind, out of all collections; whether there was any. On CollectionEntry; the caller
    holds the collections."""
    standing: dict[int, list[int]] = defaultdict(list)
    rows = sa.select(CollectionEntry.collection_id, CollectionEntry.version_id).where(*conditions)
    for collection_id, version_id in work.session.execute(rows):
        standing[collection_id].append(version_id)
    for collection_id in sorted(standing):
        take_out(work, work.session.get_one(Collection, collection_id), standing[collection_id])
    return bool(standing)


def _brought_all(
    session: Session, collection: Collection, peer: Peer, version_ids: Sequence[int]
) -> bool:
    if collection.kind is not CollectionKind.SHARED:
        return False
    mine = sa.select(sa.func.count()).where(
        CollectionEntry.collection_id == collection.id,
        CollectionEntry.version_id.in_(version_ids),
        CollectionEntry.brought_by_id == peer.id,
    )
    return session.scalar(mine) == len(version_ids)
