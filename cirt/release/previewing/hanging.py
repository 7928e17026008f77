"""What stands in collections and hangs on something else: on its bringer's agreement, or on what it names."""

from collections.abc import Collection as Collected

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from cirt.kernel.among import among
from cirt.objects.models import ObjectEnd, ObjectFacts, ObjectVersion, StixObject
from cirt.release.models import Collection, CollectionEntry

_MAKER = "identity"


def released_from(session: Session, peer_id: int) -> set[int]:
    """Objects that this peer brought and we have put into collections."""
    mine = sa.select(ObjectFacts.id).where(ObjectFacts.origin_id == peer_id)
    query = (
        sa.select(CollectionEntry.object_id)
        .join(ObjectVersion, ObjectVersion.id == CollectionEntry.version_id)
        .where(ObjectVersion.facts_id.in_(mine), CollectionEntry.brought_by_id.is_(None))
    )
    return set(session.scalars(query.distinct()))


def hanging_on(session: Session, peer_id: int) -> set[int]:
    """Objects in collections that leave for others only as this peer's agreement lets go on what it brings.

    They are what it brought, and what has such an object as an end or as its maker, whoever made it.
    """
    mine = sa.select(ObjectFacts.id).where(ObjectFacts.origin_id == peer_id)
    version = sa.select(CollectionEntry.object_id).join(
        ObjectVersion, ObjectVersion.id == CollectionEntry.version_id
    )
    newest = aliased(ObjectVersion)
    theirs = (
        sa.select(StixObject.stix_id)
        .join(newest, newest.id == StixObject.newest_id)
        .where(newest.facts_id.in_(mine))
    )
    names_it = version.join(ObjectEnd, ObjectEnd.version_id == CollectionEntry.version_id).where(
        ObjectEnd.stix_id.in_(theirs)
    )
    makers = theirs.where(StixObject.type == _MAKER)
    made = version.join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id).where(
        ObjectFacts.creator.in_(makers)
    )
    found = released_from(session, peer_id)
    for query in (names_it, made):
        found.update(session.scalars(query.distinct()))
    return found


def naming(session: Session, object_ids: Collected[int]) -> set[int]:
    """What stands in collections and has one of these as an end, or as its maker."""
    if not object_ids:
        return set()
    named = sa.select(StixObject.stix_id).where(among(StixObject.id, object_ids))
    ends = sa.select(ObjectVersion.object_id).join(
        ObjectEnd, ObjectEnd.version_id == ObjectVersion.id
    )
    found = set(session.scalars(ends.where(ObjectEnd.stix_id.in_(named))))
    makers = session.scalars(named.where(StixObject.type == _MAKER)).all()
    if makers:
        made = (
            sa.select(CollectionEntry.object_id)
            .join(ObjectVersion, ObjectVersion.id == CollectionEntry.version_id)
            .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
            .where(among(ObjectFacts.creator, makers))
        )
        found |= set(session.scalars(made.distinct()))
    return found


def standing_in(session: Session, object_ids: Collected[int]) -> list[Collection]:
    entries = sa.select(CollectionEntry.collection_id).where(
        among(CollectionEntry.object_id, object_ids)
    )
    query = sa.select(Collection).where(Collection.id.in_(entries), Collection.kind != "inbox")
    return list(session.scalars(query.order_by(Collection.id)))
