"""Relationships of ours between objects, whoever made these; one of each kind between the same two (rule 9)."""

from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from cirt.exchange.remarks.errors import Itself, OtherType
from cirt.exchange.remarks.rules import markings_beside
from cirt.exchange.remarks.subject import find_subject
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.objects import build, codec
from cirt.objects.models import ObjectEnd, ObjectFacts, ObjectVersion, StixObject
from cirt.objects.store import put_many
from cirt.parties.models import Peer
from cirt.parties.peers import ourselves
from cirt.sharing.gate import release
from cirt.sharing.narrow import visible_facts
from cirt.sharing.queries import staff_reader

_SHOWN = 25


class Relation(StrEnum):
    """The kinds that any two objects may have (STIX 2.1, section 3.7); the last two, those of one type."""

    RELATED = "related-to"
    DUPLICATE = "duplicate-of"
    DERIVED = "derived-from"


@dataclass(frozen=True, slots=True)
class RelateObjects:
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
        NoSuchObject, Itself, OtherType, MarkingLower, RedNotSaid, NotAllowed.
    """
    work.require("sighting:write")
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
    for line in _lines(work, ids):
        if (line.kind, line.source, line.target) == wanted:
            return line.stix_id
    return None


def relations_of(work: Work, stix_id: str) -> list[RelationLine]:
    """The newest relationships that name this object, as far as the actor may read them."""
    query = (
        sa.select(StixObject.newest_id, Peer.name, Peer.slug)
        .join(ObjectVersion, ObjectVersion.id == StixObject.newest_id)
        .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
        .join(ObjectEnd, ObjectEnd.version_id == StixObject.newest_id)
        .outerjoin(Peer, Peer.id == StixObject.brought_by_id)
        .where(
            ObjectEnd.stix_id == stix_id,
            StixObject.type == "relationship",
            StixObject.revoked.is_(False),
            visible_facts(staff_reader(work.actor), None, work.now),
        )
        .order_by(StixObject.newest_us.desc(), StixObject.id.desc())
        .limit(_SHOWN)
    )
    makers = {row.newest_id: (row.name, row.slug) for row in work.session.execute(query)}
    return _lines(work, list(makers), makers)


def _lines(
    work: Work,
    version_ids: list[int],
    makers: dict[int | None, tuple[str | None, str | None]] | None = None,
) -> list[RelationLine]:
    lines, us = [], ourselves(work.session).identity_id
    for each in release(work, staff_reader(work.actor), None, version_ids):
        read = codec.read(each.body)
        if isinstance(read, codec.Refusal):
            continue
        said = read.content()
        peer, slug = (makers or {}).get(each.version_id, (None, None))
        lines.append(
            RelationLine(
                each.stix_id,
                peer,
                slug,
                peer is None and said.get("created_by_ref") == us,
                said["relationship_type"],
                said["source_ref"],
                said["target_ref"],
            )
        )
    return lines
