"""Takes objects in bulk: bytes as they came, versions, facts, and what is found by.

The rows of the objects are locked first, in one order, so that two transactions that bring the same
object follow one another; the first bytes of an (id, version) stay.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

import sqlalchemy as sa

from cirt.kernel.inserting import insert_columns, insert_rows
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.objects.codec import StixObject
from cirt.objects.content import ObjectContent, says_the_same
from cirt.objects.factsets import FactSet
from cirt.objects.held import Held, Numbers, Version, lock, settle_facts
from cirt.objects.markings import TLP_IDS, strictest, tlp_of_definition
from cirt.objects.models import (
    KnownMarking,
    ObjectEnd,
    ObjectVersion,
)
from cirt.objects.newest import follow_newest
from cirt.objects.persons import concerns_persons
from cirt.objects.policies import Iep, Policy, as_data, policy_of, together
from cirt.objects.resolve import (
    DEFINITION,
    policies,
    refs_of,
    unresolved_markings,
    written_tlps,
)
from cirt.objects.withholding import on_the_list

__all__ = [
    "Kept",
    "Stored",
    "put_many",
    "unresolved_markings",
    "written_tlps",
]

_CHUNK = 5000  # objects in hand at once
_COMPANIONS = frozenset({DEFINITION, "extension-definition"})


class Kept(StrEnum):
    NEW = "new"
    KNOWN = "known"
    CONFLICT = "conflict"  # this version is here with other content; nothing was stored


class Stored(NamedTuple):
    outcome: Kept
    object_id: int
    version_id: int  # of a conflict: the version that is here
    stix_id: str
    version_text: str
    origin_id: int | None = None  # who brought the version that is here
    remarked: bool = False  # the object was here, and what is decided by is not what it was


@dataclass(frozen=True, slots=True)
class _Terms:
    """What holds for a whole call."""

    origin_id: int | None
    default_tlp: Tlp | None
    sector: str | None
    bare: bool
    companion: bool
    absent: frozenset[str]
    personal: bool | None
    way_id: int | None


class _Said(NamedTuple):
    """What one object's own bytes say."""

    tlp: Tlp | None
    policy: Policy
    is_listed: bool  # on the do-not-share list


def put_many(
    work: Work,
    objects: Sequence[StixObject],
    *,
    origin_id: int | None,
    default_tlp: Tlp | None = None,
    sector: str | None = None,
    bare: bool = False,
    companion: bool = False,
    absent: frozenset[str] = frozenset(),
    personal: bool | None = None,
    way_id: int | None = None,
) -> list[Stored]:
    """Store what is new; one answer per object, in the order given.

    ``origin_id`` is the peer that brought them, None ourselves. ``default_tlp`` is bound to those whose
    bytes state no level (None: AMBER). ``companion`` marks our identity, which goes with what refers to it.
    ``personal``: whether they hold personal data; None leaves it to what can be told from them.
    ``way_id`` is the road by which they came.
    ``absent`` are ids of which this transaction has found nothing: they are not looked for again.
    ORM rows of these objects that the session already holds are not refreshed.

    Raises:
        MarkingUnresolved: an object should have been held (``unresolved_markings``).
    """
    work.session.flush()
    terms = _Terms(origin_id, default_tlp, sector, bare, companion, absent, personal, way_id)
    said = _said(work, objects)
    order = sorted(range(len(objects)), key=lambda i: (objects[i].stix_id, objects[i].version_us))
    answers: dict[int, Stored] = {}
    for start in range(0, len(order), _CHUNK):
        part = sorted(order[start : start + _CHUNK])  # as they came: so they are read, one by one
        chunk = [(objects[i], said[i]) for i in part]
        answers.update(zip(part, _put_chunk(work, chunk, terms), strict=True))
    return [answers[i] for i in range(len(objects))]


def _said(work: Work, objects: Sequence[StixObject]) -> list[_Said]:
    session = work.session
    levels, said = written_tlps(session, objects), policies(session, objects)
    listed = on_the_list(session.connection(), objects)
    return [_Said(*each) for each in zip(levels, said, listed, strict=True)]


def _put_chunk(
    work: Work, chunk: Sequence[tuple[StixObject, _Said]], terms: _Terms
) -> list[Stored]:
    connection = work.session.connection()
    objects = [one for one, _ in chunk]
    held, numbers = lock(
        connection,
        objects,
        brought_by_id=terms.origin_id,
        now=work.now,
        absent=terms.absent,
    )
    before = {o.object_id: _decided_by(o) for o in held.values() if not o.is_new}
    outcomes = [
        _take(connection, held[one.stix_id], one, said, terms, numbers) for one, said in chunk
    ]
    settle_facts(work, held.values())
    remarked = {o.object_id for o in held.values() if _is_remarked(o, before.get(o.object_id))}
    new = [(object_, version) for kept, object_, version in outcomes if kept is Kept.NEW]
    if new:
        _insert_versions(connection, work, new, terms)
        _insert_parts(connection, [version for _, version in new])
        follow_newest(connection, list({o.object_id: o for o, _ in new}.values()))
    return [
        Stored(
            outcome,
            object_.object_id,
            version.id,
            one.stix_id,
            one.version_text,
            version.facts.origin_id,
            object_.object_id in remarked,
        )
        for (one, _), (outcome, object_, version) in zip(chunk, outcomes, strict=True)
    ]


def _decided_by(held: Held) -> dict[int, FactSet]:
    return {version_us: version.facts for version_us, version in held.versions.items()}


def _is_remarked(held: Held, before: Mapping[int, FactSet] | None) -> bool:
    """Whether a version that was here, or the newest, by which ends are judged, has other facts than before."""
    if not before or held.versions.keys() == before.keys():
        return False
    newest_before, newest = before[max(before)], held.versions[max(held.versions)].facts
    return newest != newest_before or any(
        held.versions[version_us].facts != facts for version_us, facts in before.items()
    )


def _take(
    connection: sa.Connection,
    held: Held,
    one: StixObject,
    said: _Said,
    terms: _Terms,
    numbers: Numbers,
) -> tuple[Kept, Held, Version]:
    present = held.versions.get(one.version_us)
    if present is not None:
        is_same = present.sha256 == one.sha256 or says_the_same(connection, present.id, one.raw)
        if not is_same:
            return Kept.CONFLICT, held, present
        if terms.origin_id is None and present.facts.origin_id is not None:
            present.facts = present.facts._replace(vouched=True)  # rulings 10
        return Kept.KNOWN, held, present
    is_ours = terms.origin_id is None
    goes_along = one.type in _COMPANIONS or (is_ours and (terms.companion or _was_companion(held)))
    policy = _own_period(one, said.policy) if goes_along else said.policy
    facts = FactSet(
        type=one.type,
        tlp=Tlp.RED,  # until settle_facts has seen all versions
        written_tlp=said.tlp,
        origin_id=terms.origin_id,
        creator=one.created_by_ref,
        sector=terms.sector,
        vouched=False,
        companion=goes_along,
        pap=policy.pap,
        iep=policy.iep,
        personal=not goes_along and _is_personal(held, one, terms),
        withheld=said.is_listed,
        marks=_marks(one),
    )
    bound = None if said.tlp else terms.default_tlp or Tlp.AMBER
    version_id = numbers[one.stix_id, one.version_us]
    version = Version(one.version_us, one.sha256, bound, facts, version_id, source=one)
    held.versions[one.version_us] = version
    return Kept.NEW, held, version


def _own_period(one: StixObject, policy: Policy) -> Policy:
    """A definition goes wherever what names it goes, and no longer than that."""
    iep = together([policy, policy_of(one.content())]).iep
    return Policy(iep=Iep(iep.start_us, iep.end_us))


def _marks(one: StixObject) -> tuple[str, ...]:
    return tuple(sorted({ref for ref in refs_of(one) if ref not in TLP_IDS}))


def _is_personal(held: Held, one: StixObject, terms: _Terms) -> bool:
    """Of what is ours and here already a person has decided, and that holds on."""
    if terms.personal is not None:
        return terms.personal
    return (terms.origin_id is not None or not held.versions) and concerns_persons(one)


def _was_companion(held: Held) -> bool:
    return any(v.facts.companion and v.facts.origin_id is None for v in held.versions.values())


def _insert_versions(
    connection: sa.Connection, work: Work, new: Sequence[tuple[Held, Version]], terms: _Terms
) -> None:
    sources = [version.new_source for _, version in new]
    columns: dict[str, list[Any]] = {
        "id": [version.id for _, version in new],
        "object_id": [object_.object_id for object_, _ in new],
        "version_us": [one.version_us for one in sources],
        "version_text": [one.version_text for one in sources],
        "spec_version": [one.spec_version for one in sources],
        "facts_id": [version.facts_id for _, version in new],
        "bound_tlp": [version.bound for _, version in new],
        "revoked": [one.revoked for one in sources],
        "name": [one.name for one in sources],
        "valid_from_us": [one.valid_from_us for one in sources],
        "valid_until_us": [one.valid_until_us for one in sources],
        "size": [len(one.raw) for one in sources],
        "sha256": [one.sha256 for one in sources],
    }
    same = {"bare": terms.bare, "received_at": work.now, "way_id": terms.way_id}
    insert_columns(connection, ObjectVersion, columns, same=same)


def _insert_parts(connection: sa.Connection, versions: Sequence[Version]) -> None:
    """Content, ends and the meaning of definitions."""
    bodies: dict[str, list[Any]] = {
        "version_id": [version.id for version in versions],
        "body": [version.new_source.raw for version in versions],
    }
    insert_columns(connection, ObjectContent, bodies)
    ends = [
        {"version_id": v.id, "stix_id": end}
        for v in versions
        for end in dict.fromkeys(v.new_source.ends)
    ]
    insert_rows(connection, ObjectEnd, ends)
    definitions = [v.new_source for v in versions if v.facts.type == DEFINITION]
    meaning = [_meaning(stix_id, some) for stix_id, some in _by_id(definitions).items()]
    insert_rows(connection, KnownMarking, meaning, unless=["stix_id"])


def _by_id(objects: Sequence[StixObject]) -> dict[str, list[StixObject]]:
    found: dict[str, list[StixObject]] = {}
    for one in objects:
        found.setdefault(one.stix_id, []).append(one)
    return found


def _meaning(stix_id: str, definitions: Sequence[StixObject]) -> dict[str, Any]:
    """Of several that come together under one id all that they say, and the strictest of it."""
    contents = [one.content() for one in definitions]
    return {
        "stix_id": stix_id,
        "tlp": strictest(map(tlp_of_definition, contents)),
        "policy": as_data(together(map(policy_of, contents))) or None,
    }
