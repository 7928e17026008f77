"""What follows from what was taken: it is published, counted as seen, revocations are passed on,
and what it meets of ours is news."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.exchange.arriving.doors import Door
from cirt.exchange.arriving.matching import tell_of_matches
from cirt.exchange.arriving.seen import note_sightings
from cirt.kernel.among import among
from cirt.kernel.work import Work
from cirt.objects.codec import StixObject
from cirt.objects.models import ObjectFacts, ObjectVersion
from cirt.objects.store import Kept, Stored
from cirt.objects.ways import note_also_seen
from cirt.parties.models import Peer
from cirt.release.models import Collection, CollectionKind
from cirt.release.publishing import publish
from cirt.release.recalling.passing_on import pass_on


def follow_up(work: Work, new: Sequence[StixObject], stored: Sequence[Stored], door: Door) -> None:
    if door.collection is not None:
        _publish(work, door.collection, door.peer, stored)
    if door.peer is not None:
        _note_echoes(work, stored, door, door.peer)
        note_sightings(work, new, door.peer)
        revoked = {one.stix_id for one in new if one.revoked}
        if revoked:
            pass_on(work, [one.version_id for one in stored if one.stix_id in revoked])
        tell_of_matches(work, new, stored, door, door.peer)


def _note_echoes(work: Work, stored: Sequence[Stored], door: Door, peer: Peer) -> None:
    """What was here with the same bytes, from another or by ourselves, has passed this peer too."""
    of_others = [
        one.version_id for one in stored if one.outcome is Kept.KNOWN and one.origin_id != peer.id
    ]
    note_also_seen(work, of_others, peer.id, door.way_id)


def _publish(
    work: Work, collection: Collection, peer: Peer | None, stored: Sequence[Stored]
) -> None:
    """What the console imports into a collection is released; what a peer posts stands in a shared one.

    A peer puts there what it brings now or brought before, never what others or we brought: by that it
    could give our versions to whom we have not.
    """
    if peer is not None and collection.kind is not CollectionKind.SHARED:
        return
    good = [one for one in stored if one.outcome is not Kept.CONFLICT]
    if peer is not None:
        known = [one.version_id for one in good if one.outcome is Kept.KNOWN]
        own = _brought_by(work.session, peer, known) if known else set()
        good = [one for one in good if one.outcome is Kept.NEW or one.version_id in own]
    publish(work, collection, [one.version_id for one in good], brought_by=peer)


def _brought_by(session: Session, peer: Peer, version_ids: Sequence[int]) -> set[int]:
    query = (
        sa.select(ObjectVersion.id)
        .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
        .where(among(ObjectVersion.id, version_ids), ObjectFacts.origin_id == peer.id)
    )
    return set(session.scalars(query))
