"""What an object's marking references mean: fixed ones, those taken before, and those beside it."""

from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.among import among
from cirt.kernel.errors import Invalid
from cirt.kernel.text import mark
from cirt.kernel.tlp import Tlp
from cirt.objects.codec import StixObject
from cirt.objects.markings import PAP_IDS, TLP_IDS, strictest, tlp_of_definition
from cirt.objects.models import KnownMarking
from cirt.objects.policies import FIXED, NOTHING_SAID, Policy, from_data, policy_of, together

Meanings = dict[str, Tlp | None]  # of a marking-definition's id; None: it says nothing about TLP

DEFINITION = "marking-definition"
_FIXED: Meanings = {**TLP_IDS, **dict.fromkeys(PAP_IDS)}
_AT_ONCE = 10_000  # ids in one query, however many a peer makes up


class MarkingUnresolved(Invalid):
    code = "marking-unresolved"
    message = mark("{stix_id} refers to {marking}, of which there is no definition here. Hold it.")


def meanings(session: Session, objects: Sequence[StixObject], refs: Iterable[str] = ()) -> Meanings:
    """Of every marking that these objects refer to, and of ``refs``, that can be resolved.

    Of one id with several definitions, here or beside, the strictest counts: nobody lowers what another marks by
    having sent its definition first.
    """
    asked = {*refs, *(ref for one in objects for ref in refs_of(one))}
    asked.difference_update(_FIXED)
    found = _known(session, asked)
    for one in objects:
        if one.type == DEFINITION:
            levels = found.get(one.stix_id), tlp_of_definition(one.content())
            found[one.stix_id] = strictest(levels)
    return found | _FIXED


def _known(session: Session, stix_ids: Iterable[str]) -> Meanings:
    wanted = sorted(filter(_may_be_known, stix_ids))
    query = sa.select(KnownMarking.stix_id, KnownMarking.tlp)
    found: dict[str, Tlp | None] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        rows = session.execute(query.where(among(KnownMarking.stix_id, some)))
        found.update((row.stix_id, row.tlp) for row in rows)
    return found


def _may_be_known(stix_id: str) -> bool:
    """What an object that was refused refers to may be any text, also one that no database takes."""
    return stix_id.isascii() and stix_id.isprintable()


def refs_of(one: StixObject) -> tuple[str, ...]:
    return one.marking_refs + one.granular_refs


def unresolved_markings(session: Session, objects: Sequence[StixObject]) -> dict[int, str]:
    """By index, the first marking that is neither fixed, nor known, nor among the objects."""
    known = meanings(session, objects)
    missing: dict[int, str] = {}
    for index, one in enumerate(objects):
        for ref in refs_of(one):
            if ref not in known:
                missing[index] = ref
                break
    return missing


def written_tlps(session: Session, objects: Sequence[StixObject]) -> list[Tlp | None]:
    """The strictest level that each object's own bytes state, object and granular markings alike.

    Raises:
        MarkingUnresolved: it cannot be said, so the object must be held.
    """
    known = meanings(session, objects)
    levels: dict[tuple[str, ...], Tlp | None] = {}  # most objects have the markings of another
    for one in objects:
        refs = refs_of(one)
        if refs not in levels:
            levels[refs] = _written(one, known)
    return [levels[refs_of(one)] for one in objects]


def _written(one: StixObject, known: Meanings) -> Tlp | None:
    refs = refs_of(one)
    for ref in refs:
        if ref not in known:
            raise MarkingUnresolved(stix_id=one.stix_id, marking=ref)
    return strictest(known[ref] for ref in refs)


def policies(session: Session, objects: Sequence[StixObject]) -> list[Policy]:
    """What each object's markings, granular ones too, say of PAP and IEP; all of them are resolved already."""
    refs = {ref for one in objects for ref in refs_of(one)} - _FIXED.keys()
    known = dict(FIXED)
    if refs:
        query = sa.select(KnownMarking.stix_id, KnownMarking.policy)
        rows = session.execute(query.where(among(KnownMarking.stix_id, refs)))
        known |= {row.stix_id: from_data(row.policy or {}) for row in rows}
        for one in objects:
            if one.type == DEFINITION and one.stix_id in refs:
                here = known.get(one.stix_id, NOTHING_SAID)
                known[one.stix_id] = together([here, policy_of(one.content())])
    said: dict[tuple[str, ...], Policy] = {}  # most objects have the markings of another
    for one in objects:
        refs_here = refs_of(one)
        if refs_here not in said:
            said[refs_here] = together(known.get(ref, NOTHING_SAID) for ref in refs_here)
    return [said[refs_of(one)] for one in objects]
