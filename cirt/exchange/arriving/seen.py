"""Sightings that peers send of our objects: they show on the incidents that these belong to."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.clock import from_us
from cirt.kernel.work import Work
from cirt.objects.codec import StixObject
from cirt.objects.models import StixObject as ObjectRow
from cirt.objects.timestamps import parse_us
from cirt.parties.models import Peer
from cirt.register.service import note_sighting

_CHUNK = 500


def note_sightings(work: Work, objects: Sequence[StixObject], peer: Peer) -> None:
    sightings = [one for one in objects if one.type == "sighting" and not one.revoked]
    ours = _ours(work.session, {one.ends[0] for one in sightings})
    for one in sightings:
        if one.ends[0] not in ours:
            continue
        said = one.content()
        first, last = _moment(said.get("first_seen")), _moment(said.get("last_seen"))
        note_sighting(work, ours[one.ends[0]], peer.name, said.get("count", 1), first, last)


def _ours(session: Session, stix_ids: set[str]) -> dict[str, int]:
    """Which of these we brought ourselves."""
    found: dict[str, int] = {}
    wanted = sorted(stix_ids)
    for start in range(0, len(wanted), _CHUNK):
        query = sa.select(ObjectRow.stix_id, ObjectRow.id).where(
            ObjectRow.stix_id.in_(wanted[start : start + _CHUNK]),
            ObjectRow.brought_by_id.is_(None),
        )
        found |= {row.stix_id: row.id for row in session.execute(query)}
    return found


def _moment(text: str | None) -> datetime | None:
    moment_us = parse_us(text) if text else None
    return None if moment_us is None else from_us(moment_us)
