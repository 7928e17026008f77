"""A peer marks RED what it brought before: the earlier versions leave every collection (rulings 5)."""

from collections import defaultdict
from collections.abc import Iterable

import sqlalchemy as sa

from cirt.kernel.work import Work
from cirt.objects.models import StixObject
from cirt.parties.models import Peer
from cirt.release.locks import lock_collections
from cirt.release.models import Collection, CollectionEntry
from cirt.release.removal import take_out


def close_earlier(work: Work, stix_ids: Iterable[str], peer: Peer) -> int:
    """Of objects that this peer was the first to bring; how many were closed.

    The RED version itself is not here, so nothing else would keep the earlier ones from being offered.
    """
    standing = sa.select(
        CollectionEntry.collection_id, CollectionEntry.version_id, StixObject.stix_id
    ).join(StixObject, StixObject.id == CollectionEntry.object_id)
    brought = standing.where(
        StixObject.stix_id.in_(sorted(set(stix_ids))), StixObject.brought_by_id == peer.id
    )
    versions: dict[int, list[int]] = defaultdict(list)
    closed: set[str] = set()
    for collection_id, version_id, stix_id in work.session.execute(brought):
        versions[collection_id].append(version_id)
        closed.add(stix_id)
    lock_collections(work.session, versions)
    for collection_id, version_ids in sorted(versions.items()):
        take_out(work, work.session.get_one(Collection, collection_id), version_ids)
    for stix_id in sorted(closed):
        work.audit("arrival.red", stix_id, peer=peer.slug)
    return len(closed)
