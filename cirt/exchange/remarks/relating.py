"""Relationships of ours between objects, whoever made these; one of each kind between the same two (rule 9)."""

from dataclasses import dataclass, replace
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from cirt.exchange.remarks.errors import Itself, OtherType
from cirt.exchange.remarks.meant import object_meant
from cirt.exchange.remarks.naming import contents_of, naming
from cirt.exchange.remarks.rules import markings_beside
from cirt.exchange.remarks.subject import find_subject
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.objects import build
from cirt.objects.models import ObjectEnd, ObjectFacts, ObjectVersion, StixObject
from cirt.objects.store import put_many
from cirt.parties.peers import ourselves


class Relation(StrEnum):
    """The kinds that any two objects may have (STIX 2.1, section 3.7); the last two, those of one type."""

    RELATED = "related-to"
    DUPLICATE = "duplicate-of"
    DERIVED = "derived-from"


@dataclass(frozen=True, slots=True)
class RelateObjects:
    """``target``: a STIX id, a value that the other one looks for, or a part of its name."""

    stix_id: str
    kind: Relation
    target: str
    tlp: Tlp


@dataclass(frozen=True, slots=True)
class Related:
    stix_id: str
    was_there: bool


@dataclass(frozen=True, slots=True)
class RelationLine:
    """``peer`` None: our own, or from a file. ``kind`` is what its maker calls it; ``source`` and ``target`` are ids."""

    stix_id: str
    peer: str | None
    slug: str | None
    is_ours: bool
    kind: str
    source: str
    target: str


def relate_objects(work: Work, cmd: RelateObjects) -> Related:
    """Our relationship between two objects; where we have the same already, that one.

    Raises:
        NoSuchObject, SeveralFit, Itself, OtherType, MarkingLower, RedNotSaid, NotAllowed.
    """
    work.require("sighting:write")
    cmd = replace(cmd, target=object_meant(work, cmd.target, but=cmd.stix_id))
    if cmd.stix_id == cmd.target:
        raise Itself
    ids = sorted([cmd.stix_id, cmd.target])
    subjects = [find_subject(work, each) for each in ids]  # held in one order
    if cmd.kind is not Relation.RELATED and len({each.partition("--")[0] for each in ids}) > 1:
        raise OtherType(kind=cmd.kind.value)
    least = max(each.tlp for each in subjects)
    refs = [ref for each in subjects for ref in each.refs]
    markings = markings_beside(refs, least, cmd.tlp)
    found = _same(work, cmd)
    if found is not None:
        return Related(found, was_there=True)
    made = build.new_relationship(
        source=cmd.stix_id,
        kind=cmd.kind.value,
        target=cmd.target,
        creator=ourselves(work.session).identity_id,
        at=work.now,
        marking_refs=markings,
    )
    [stored] = put_many(work, [made], origin_id=None)
    work.audit(
        "relationship.make", stored.stix_id, of=cmd.stix_id, kind=cmd.kind, target=cmd.target
    )
    return Related(stored.stix_id, was_there=False)


def _same(work: Work, cmd: RelateObjects) -> str | None:
    """Same source, kind, target and creator, and not revoked."""
    one, other = aliased(ObjectEnd), aliased(ObjectEnd)
    query = (
        sa.select(StixObject.newest_id)
        .join(ObjectVersion, ObjectVersion.id == StixObject.newest_id)
        .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
        .join(one, one.version_id == StixObject.newest_id)
        .join(other, other.version_id == StixObject.newest_id)
        .where(
            one.stix_id == cmd.stix_id,
            other.stix_id == cmd.target,
            StixObject.type == "relationship",
            StixObject.revoked.is_(False),
            ObjectFacts.origin_id.is_(None),
            ObjectFacts.creator == ourselves(work.session).identity_id,
        )
    )
    ids = [each for each in work.session.scalars(query) if each is not None]
    wanted = (cmd.kind.value, cmd.stix_id, cmd.target)
    same = (
        found.stix_id
        for found, said in contents_of(work, ids)
        if (said["relationship_type"], said["source_ref"], said["target_ref"]) == wanted
    )
    return next(same, None)


def relations_of(work: Work, stix_id: str) -> list[RelationLine]:
    """The newest relationships that name this object, as far as the actor may read them."""
    return [
        RelationLine(
            each.stix_id,
            each.peer,
            each.slug,
            each.is_ours,
            each.said["relationship_type"],
            each.said["source_ref"],
            each.said["target_ref"],
        )
        for each in naming(work, stix_id, "relationship")[0]
    ]
