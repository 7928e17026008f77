"""What of a page of a manifest is here: taken, known from elsewhere, in quarantine, or missing."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.exchange.models import Quarantined
from cirt.kernel.among import among
from cirt.objects.models import ObjectFacts, ObjectVersion, StixObject
from cirt.objects.timestamps import parse_us


class Entry(NamedTuple):
    """A version in a manifest, as the peer writes it."""

    stix_id: str
    version: str


class Place(StrEnum):
    TAKEN = "taken"
    KNOWN = "known"  # here, but brought by somebody else
    QUARANTINED = "quarantined"
    MISSING = "missing"


def places_of(session: Session, peer_id: int, entries: Sequence[Entry]) -> list[Place]:
    """One per entry, in the order given; three queries at most."""
    keys = [(entry.stix_id, parse_us(entry.version)) for entry in entries]
    here = dict(_here(session, {entry.stix_id for entry in entries}))
    absent = {stix_id for stix_id, version_us in keys if (stix_id, version_us) not in here}
    kept = set(_quarantined(session, peer_id, absent)) if absent else set()
    return [
        _place(here.get(key), peer_id, is_kept=key in kept, is_here=key in here) for key in keys
    ]


def _place(origin_id: int | None, peer_id: int, *, is_kept: bool, is_here: bool) -> Place:
    if is_here:
        return Place.TAKEN if origin_id == peer_id else Place.KNOWN
    return Place.QUARANTINED if is_kept else Place.MISSING


def _here(
    session: Session, stix_ids: set[str]
) -> Iterator[tuple[tuple[str, int | None], int | None]]:
    query = (
        sa.select(StixObject.stix_id, ObjectVersion.version_us, ObjectFacts.origin_id)
        .join(ObjectVersion, ObjectVersion.object_id == StixObject.id)
        .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
        .where(among(StixObject.stix_id, sorted(stix_ids)))
    )
    for stix_id, version_us, origin_id in session.execute(query):
        yield (stix_id, version_us), origin_id


def _quarantined(
    session: Session, peer_id: int, stix_ids: set[str]
) -> Iterator[tuple[str | None, int | None]]:
    query = sa.select(Quarantined.stix_id, Quarantined.version_text).where(
        Quarantined.peer_id == peer_id, among(Quarantined.stix_id, sorted(stix_ids))
    )
    for stix_id, version in session.execute(query):
        yield stix_id, parse_us(version or "")
