"""One version, two contents: the first stays, and neither goes on to anybody until a person has decided (rule 5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.exchange import quarantine
from cirt.exchange.models import Ending, Quarantined
from cirt.kernel.among import among
from cirt.kernel.errors import Conflict
from cirt.kernel.text import mark
from cirt.kernel.work import Work
from cirt.objects.codec import NO_VERSION, StixObject
from cirt.objects.models import ObjectFacts, ObjectVersion
from cirt.objects.models import StixObject as ObjectRow
from cirt.objects.stating import state_disputed
from cirt.objects.store import Stored
from cirt.objects.timestamps import parse_us
from cirt.release.models import Collection
from cirt.release.settling import settle_objects

CONFLICT = "conflict"
_UNVERSIONED = frozenset({"marking-definition"})


class NotAConflict(Conflict):
    code = "not-a-conflict"
    message = mark("Number {id} is no second content of a version that is here.")


class Solution(StrEnum):
    """What a person holds to be right."""

    FIRST = "first"  # what is here; it goes on again to whom it may go
    NEITHER = (
        "neither"  # it stays here and goes on to nobody, until its author sends a newer version
    )


@dataclass(frozen=True, slots=True)
class Solve:
    arrival_id: int
    solution: Solution


@dataclass(frozen=True, slots=True)
class Disputed:
    """The version of which an arrival brought other content."""

    version_id: int
    object_id: int
    stix_id: str
    origin_id: int | None  # None: ours, which nobody can dispute
    is_disputed: bool


def dispute(
    work: Work, conflicts: Sequence[tuple[StixObject, Stored]], next_in: Collection | None
) -> None:
    """Stop relaying versions of others that came with other bytes; ours stand, whatever comes.

    What has no versions of its own, as observables, is written in many ways and means the same.
    """
    of_others = {
        stored.version_id: stored
        for one, stored in conflicts
        if stored.origin_id is not None and _is_versioned(one)
    }
    fresh = _undisputed(work.session, list(of_others))
    if not fresh:
        return
    state_disputed(work, fresh, disputed=True)
    objects = {of_others[each].object_id for each in fresh}
    settle_objects(work, objects, [next_in.id] if next_in else [])
    for each in fresh:
        stored = of_others[each]
        work.audit("version.dispute", stored.stix_id, version=stored.version_text)


def solve(work: Work, cmd: Solve) -> Disputed:
    """Say which content is right; the arrival is settled with its bytes kept for the record.

    Raises:
        NoSuchArrival, NotAConflict, NotAllowed.
    """
    work.require("sync:run")
    row = quarantine.open_arrival(work, cmd.arrival_id)
    found = disputed_by(work.session, row)
    if found is None:
        raise NotAConflict(id=cmd.arrival_id)
    quarantine.close(work, row, Ending(cmd.solution.value))
    work.session.flush()
    goes_on = cmd.solution is Solution.FIRST and not _has_others(work.session, row)
    if found.is_disputed and goes_on:
        state_disputed(work, [found.version_id], disputed=False)
        settle_objects(work, {found.object_id})
    work.audit("version.solve", found.stix_id, solution=cmd.solution.value, arrival=row.id)
    return found


def disputed_by(session: Session, row: Quarantined) -> Disputed | None:
    """The version here of which this arrival is another content; None where it is no such arrival."""
    version_us = parse_us(row.version_text or "")
    if row.code != CONFLICT or version_us is None:
        return None
    query = (
        sa.select(
            ObjectVersion.id,
            ObjectRow.id,
            ObjectRow.stix_id,
            ObjectFacts.origin_id,
            ObjectFacts.disputed,
        )
        .join(ObjectVersion, ObjectVersion.object_id == ObjectRow.id)
        .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
        .where(ObjectRow.stix_id == row.stix_id, ObjectVersion.version_us == version_us)
    )
    found = session.execute(query).one_or_none()
    return Disputed(*found) if found else None


def resting(session: Session, code: str, rows: Sequence[Any]) -> set[int]:
    """The ids of those arrivals that are second contents of versions that rest, in one query.

    A row has ``id``, ``stix_id`` and ``version_text``.
    """
    if code != CONFLICT:
        return set()
    query = (
        sa.select(ObjectRow.stix_id, ObjectVersion.version_us)
        .join(ObjectVersion, ObjectVersion.object_id == ObjectRow.id)
        .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
        .where(among(ObjectRow.stix_id, {row.stix_id for row in rows}), ObjectFacts.disputed)
    )
    found = {tuple(each) for each in session.execute(query)}
    return {row.id for row in rows if (row.stix_id, parse_us(row.version_text or "")) in found}


def is_disputed(session: Session, version_id: int) -> bool:
    query = sa.select(ObjectFacts.disputed).join(
        ObjectVersion, ObjectVersion.facts_id == ObjectFacts.id
    )
    return bool(session.scalar(query.where(ObjectVersion.id == version_id)))


def _is_versioned(one: StixObject) -> bool:
    return one.type not in _UNVERSIONED and one.version_text != NO_VERSION


def _undisputed(session: Session, version_ids: Sequence[int]) -> list[int]:
    query = (
        sa.select(ObjectVersion.id)
        .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
        .where(ObjectVersion.id.in_(version_ids), ObjectFacts.disputed.is_(False))
    )
    return sorted(session.scalars(query)) if version_ids else []


def _has_others(session: Session, row: Quarantined) -> bool:
    """Whether further contents of the same version wait for a decision."""
    same = sa.exists().where(
        Quarantined.stix_id == row.stix_id,
        Quarantined.version_text == row.version_text,
        Quarantined.code == CONFLICT,
        Quarantined.settled_at.is_(None),
    )
    return bool(session.scalar(sa.select(same)))
