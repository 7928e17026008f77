"""Objects that name another, with their content, as far as the actor may read them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.objects import codec
from cirt.objects.models import ObjectEnd, ObjectFacts, ObjectVersion, StixObject
from cirt.parties.models import Peer
from cirt.parties.peers import ourselves
from cirt.register.pages import Query
from cirt.sharing.gate import Released, release
from cirt.sharing.narrow import visible_facts
from cirt.sharing.queries import staff_reader

_SHOWN = 25


@dataclass(frozen=True, slots=True)
class Naming:
    """``peer`` None: our own, or from a file."""

    stix_id: str
    version_id: int
    peer: str | None
    slug: str | None
    is_ours: bool
    tlp: Tlp
    newest_us: int
    first_at: datetime
    said: Mapping[str, Any]


def naming(work: Work, stix_id: str, *types: str) -> tuple[list[Naming], int]:
    """The newest of these types that are not revoked, and how many there are."""
    query: Query = (
        sa.select(
            StixObject.newest_id,
            StixObject.newest_us,
            StixObject.first_at,
            Peer.name,
            Peer.slug,
            ObjectFacts.tlp,
            sa.func.count().over().label("total"),
        )
        .join(ObjectVersion, ObjectVersion.id == StixObject.newest_id)
        .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
        .join(ObjectEnd, ObjectEnd.version_id == StixObject.newest_id)
        .outerjoin(Peer, Peer.id == StixObject.brought_by_id)
        .where(
            ObjectEnd.stix_id == stix_id,
            StixObject.type.in_(types),
            StixObject.revoked.is_(False),
            visible_facts(staff_reader(work.actor), None, work.now),
        )
        .order_by(StixObject.newest_us.desc(), StixObject.id.desc())
        .limit(_SHOWN)
    )
    rows = {row.newest_id: row for row in work.session.execute(query)}
    us = ourselves(work.session).identity_id
    found = [
        _naming(rows[each.version_id], each, said, us)
        for each, said in contents_of(work, list(rows))
    ]
    return found, next((row.total for row in rows.values()), 0)


def _naming(row: sa.Row[Any], found: Released, said: Mapping[str, Any], us: str) -> Naming:
    return Naming(
        stix_id=found.stix_id,
        version_id=found.version_id,
        peer=row.name,
        slug=row.slug,
        is_ours=row.name is None and said.get("created_by_ref") == us,
        tlp=row.tlp,
        newest_us=row.newest_us,
        first_at=row.first_at,
        said=said,
    )


def contents_of(
    work: Work, version_ids: Sequence[int]
) -> Iterator[tuple[Released, Mapping[str, Any]]]:
    """What the gate lets the actor read of these, in the order given."""
    for each in release(work, staff_reader(work.actor), None, version_ids):
        read = codec.read(each.body)
        if not isinstance(read, codec.Refusal):
            yield each, read.content()
