"""What goes along with objects: our identity and the definitions of markings that they name (rulings 4).

A reader is offered these only with an object that names them: a definition that came along with what is withheld would
tell that something so marked stands there.
"""

from collections.abc import Collection as Some
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.among import among
from cirt.kernel.tlp import Tlp
from cirt.objects.markings import PAP_REFS, TLP2_REFS
from cirt.objects.models import ObjectFacts, ObjectVersion, StixObject
from cirt.objects.resolve import DEFINITION
from cirt.parties.peers import ourselves
from cirt.release.models import CollectionEntry
from cirt.sharing.standing import Loaded

_Query = TypeVar("_Query", bound=sa.Select[*tuple[Any, ...]])
_FIXED = frozenset({*TLP2_REFS.values(), *PAP_REFS.values()})


@dataclass(frozen=True, slots=True)
class _Naming:
    """What an object names: definitions by their ids, and who made it where it is our own."""

    marks: AbstractSet[str]
    maker: str | None
    level: Tlp | None


def companions(session: Session, version_ids: Some[int]) -> list[int]:
    """Versions of the definitions that these name, and of our identity where one of these is ours."""
    columns = (
        ObjectFacts.marks,
        ObjectFacts.origin_id,
        ObjectFacts.creator,
        ObjectFacts.written_tlp,
    )
    rows = session.execute(_of(sa.select(*columns), version_ids))
    return _along(
        session,
        (
            _Naming(_split(marks), creator if origin is None else None, level)
            for marks, origin, creator, level in rows
        ),
    )


def companions_among(session: Session, loaded: Loaded, version_ids: AbstractSet[int]) -> list[int]:
    """As ``companions``, of what was loaded already."""
    asked = (one.facts for one in loaded.alike if not version_ids.isdisjoint(one.version_ids))
    return _along(
        session,
        (
            _Naming(set(facts.marks), facts.creator if facts.is_own else None, facts.written_tlp)
            for facts in asked
        ),
    )


def definitions_named(session: Session, version_ids: Some[int]) -> list[int]:
    """The same without our identity and the TLP, for files and mails, whose readers know those."""
    rows = session.scalars(_of(sa.select(ObjectFacts.marks), version_ids))
    named = {stix_id for marks in rows for stix_id in _split(marks)}
    return _newest(session, _with_their_own(session, named))


def going_along(session: Session, collection_id: int) -> frozenset[int]:
    """What stands there only for the sake of what names it; a definition that a peer posted stands for itself."""
    fixed = [ourselves(session).identity_id, *TLP2_REFS.values()]
    definitions = sa.select(StixObject.id).where(StixObject.type == DEFINITION)
    always = sa.select(StixObject.id).where(among(StixObject.stix_id, fixed))
    object_id = CollectionEntry.object_id
    query = sa.select(CollectionEntry.version_id).where(
        CollectionEntry.collection_id + 0 == collection_id,  # an expression: by object, not by all
        sa.or_(
            object_id.in_(always),
            sa.and_(object_id.in_(definitions), CollectionEntry.brought_by_id.is_(None)),
        ),
        object_id.in_(sa.union_all(definitions, always)),
    )
    return frozenset(session.scalars(query))


def _of(query: _Query, version_ids: Some[int]) -> _Query:
    return (
        query.join(ObjectVersion, ObjectVersion.facts_id == ObjectFacts.id)
        .where(among(ObjectVersion.id, version_ids))
        .distinct()
    )


def _along(session: Session, named: Iterable[_Naming]) -> list[int]:
    """An object of ours brings who made it, and the definition of its level."""
    identity = ourselves(session).identity_id
    found: set[str] = set()
    for one in named:
        found |= one.marks
        if one.maker == identity:
            found |= {identity, TLP2_REFS[one.level]} if one.level else {identity}
    return _newest(session, _with_their_own(session, found))


def _with_their_own(session: Session, named: set[str]) -> set[str]:
    """And what definitions are marked by themselves; the fixed ones are by nothing."""
    found, fresh = set(named), named - _FIXED - {ourselves(session).identity_id}
    while fresh:
        query = (
            sa.select(ObjectFacts.marks)
            .join(ObjectVersion, ObjectVersion.facts_id == ObjectFacts.id)
            .join(StixObject, StixObject.newest_id == ObjectVersion.id)
            .where(among(StixObject.stix_id, sorted(fresh)), ObjectFacts.marks.is_not(None))
        )
        fresh = {each for marks in session.scalars(query) for each in _split(marks)} - found
        found |= fresh
    return found


def _split(marks: str | None) -> set[str]:
    return set(marks.split()) if marks else set()


def _newest(session: Session, stix_ids: Iterable[str]) -> list[int]:
    query = sa.select(StixObject.newest_id).where(among(StixObject.stix_id, sorted(stix_ids)))
    return [each for each in session.scalars(query.order_by(StixObject.id)) if each is not None]
