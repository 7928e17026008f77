"""What went to them and what came from them, by type and marking."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.figures.agreements.scope import Scope
from cirt.kernel.tlp import Tlp
from cirt.objects.models import ObjectFacts, ObjectVersion
from cirt.release.holdings.models import FetchedRow, HandedOut


@dataclass(frozen=True, slots=True)
class Count:
    """Objects of one type and marking."""

    type: str
    tlp: Tlp
    objects: int


@dataclass(frozen=True, slots=True)
class Flow:
    """One direction: each object once, in each marking under which it went; ``objects`` counts it once in all."""

    objects: int
    sightings: int
    versions: int
    counts: list[Count]


def given(session: Session, scope: Scope) -> Flow:
    """All that went; what goes along by itself is left out, and so are revocations.

    So is what went to named persons as TLP:RED: to count it would tell of it.
    """
    columns = ("object_id", "version_id", "facts_id")
    fetched = scope.fetched(*(getattr(FetchedRow, name) for name in columns))
    handed = sa.select(*(getattr(HandedOut, name) for name in columns)).where(
        HandedOut.peer_id == scope.agreement.peer_id,
        HandedOut.agreement_id == scope.agreement.id,
        *scope.in_period(HandedOut.at),
        ~_is_red(),
    )
    went = sa.union_all(fetched, handed).subquery()  # what went twice counts once below
    query = (
        sa.select(went.c.object_id, went.c.version_id, went.c.facts_id)
        .join(ObjectVersion, ObjectVersion.id == went.c.version_id)
        .where(ObjectVersion.bare.is_(False))
    )
    return _flow(session, query.subquery())


def _is_red() -> sa.ColumnElement[bool]:
    """On HandedOut, by its marking of then."""
    red = sa.select(ObjectFacts.id).where(ObjectFacts.tlp == Tlp.RED)
    return HandedOut.facts_id.in_(red)


def received(session: Session, scope: Scope) -> Flow:
    """What this peer was the first to bring, of each version, while the agreement held."""
    query = (
        sa.select(
            ObjectVersion.object_id, ObjectVersion.id.label("version_id"), ObjectVersion.facts_id
        )
        .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
        .where(
            ObjectFacts.origin_id == scope.agreement.peer_id,
            *scope.in_period(ObjectVersion.received_at),
            *scope.while_it_held(ObjectVersion.received_at),
        )
    )
    return _flow(session, query.subquery())


def revocations(session: Session, scope: Scope) -> int:
    """Objects of which they fetched a revocation."""
    query = scope.fetched(sa.func.count(sa.distinct(FetchedRow.object_id)))
    query = query.join(ObjectVersion, ObjectVersion.id == FetchedRow.version_id)
    found: int | None = session.scalar(query.where(ObjectVersion.bare.is_(True)))
    return found or 0


def _flow(session: Session, went: sa.Subquery) -> Flow:
    with_facts = sa.select(went.c.object_id, went.c.version_id, ObjectFacts.type, ObjectFacts.tlp)
    facts = with_facts.join(ObjectFacts, ObjectFacts.id == went.c.facts_id).where(
        ObjectFacts.companion.is_(False)
    )
    each = facts.subquery()
    objects = sa.func.count(sa.distinct(each.c.object_id))
    rows = session.execute(
        sa.select(each.c.type, each.c.tlp, objects).group_by(each.c.type, each.c.tlp)
    )
    counts = sorted((Count(*row) for row in rows), key=lambda one: (one.type, one.tlp))
    sightings = sa.case((each.c.type == "sighting", each.c.object_id))
    versions = sa.func.count(sa.distinct(each.c.version_id))
    total = session.execute(
        sa.select(objects, sa.func.count(sa.distinct(sightings)), versions)
    ).one()
    return Flow(total[0], total[1], total[2], counts)
