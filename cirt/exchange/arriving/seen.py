"""Sightings that peers send of our objects: they show on the incidents that these belong to."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.among import among
from cirt.kernel.work import Work
from cirt.objects.codec import StixObject
from cirt.objects.models import StixObject as ObjectRow
from cirt.objects.timestamps import moment_of
from cirt.parties.models import Peer
from cirt.register.service import note_sighting


def note_sightings(work: Work, objects: Sequence[StixObject], peer: Peer) -> None:
    sightings = [one for one in objects if one.type == "sighting" and not one.revoked]
    ours = _ours(work.session, {one.ends[0] for one in sightings})
    for one in sightings:
        if one.ends[0] not in ours:
            continue
        said = one.content()
        first, last = moment_of(said.get("first_seen")), moment_of(said.get("last_seen"))
        note_sighting(work, ours[one.ends[0]], peer.name, said.get("count", 1), first, last)


def _ours(session: Session, stix_ids: set[str]) -> dict[str, int]:
    """Which of these we brought ourselves."""
    query = sa.select(ObjectRow.stix_id, ObjectRow.id).where(
        among(ObjectRow.stix_id, stix_ids), ObjectRow.brought_by_id.is_(None)
    )
    return {row.stix_id: row.id for row in session.execute(query)}
