"""Loads what the gate judges by, without content, and judges it for one recipient."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import reduce
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from cirt.kernel.among import among, among_given, gathered
from cirt.kernel.prepared import Prepared
from cirt.objects.models import ObjectEnd, ObjectFacts, ObjectVersion, StixObject
from cirt.sharing.facts import Facts, PeerReader, Recipient
from cirt.sharing.rules import (
    SHARED,
    Decision,
    decide,
    decide_recall,
    end_withheld,
    stricter,
)
from cirt.sharing.verdicts import Verdict

NAMES_ENDS = frozenset({"relationship", "sighting", "note", "opinion"})


@dataclass(frozen=True, slots=True)
class Alike:
    """Versions of which everything is decided by the same facts, but for their ends."""

    facts: Facts
    bare: bool
    version_ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class End:
    """An end that we hold, by the facts of its newest version."""

    stix_id: str
    facts: Facts
    brought_by_id: int | None


@dataclass(frozen=True, slots=True)
class Loaded:
    """What is asked about, with the ends of each version that names any."""

    alike: Sequence[Alike]
    ends: Mapping[int, Sequence[End]]


# What a caller that has the rows at hand selects along with the ids, so that they are not looked up again.
BASIS = ObjectVersion.facts_id * 2 + sa.cast(ObjectVersion.bare, sa.Integer)


@dataclass(frozen=True, slots=True)
class Standing:
    """Versions as they stand in one collection: what the gate judges them by, read in the same transaction.

    ``bases`` holds the ``BASIS`` of each. ``posted`` and ``recalls`` are as in ``Question``.
    """

    version_ids: Sequence[int]
    bases: Sequence[int]
    posted: frozenset[int] = frozenset()
    recalls: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Question:
    """Who asks, where, when. ``posted``: versions that a peer put into the collection. ``recalls``: bare
    revocations that stand there for this reader, because it had the object."""

    recipient: Recipient
    kind: str | None
    now: datetime
    posted: frozenset[int] = field(default_factory=frozenset)
    recalls: frozenset[int] = field(default_factory=frozenset)


def load(connection: sa.Connection, version_ids: Sequence[int]) -> Loaded:
    query = (
        sa.select(ObjectVersion.facts_id, ObjectVersion.bare, gathered(ObjectVersion.id))
        .where(among(ObjectVersion.id, version_ids))
        .group_by(ObjectVersion.facts_id, ObjectVersion.bare)
    )
    rows = connection.execute(query)
    return _load(connection, [(facts_id, bare, ids) for facts_id, bare, ids in rows])


def load_standing(connection: sa.Connection, standing: Standing) -> Loaded:
    """The same for versions of which the caller has read the ``BASIS``."""
    groups = _by_basis(standing)
    return _load(connection, [(basis >> 1, bool(basis & 1), ids) for basis, ids in groups.items()])


def _by_basis(standing: Standing) -> Mapping[int, Sequence[int]]:
    different = set(standing.bases)
    if len(different) == 1:  # as in most pages
        return {different.pop(): standing.version_ids}
    groups: dict[int, list[int]] = defaultdict(list)
    for basis, version_id in zip(standing.bases, standing.version_ids, strict=True):
        groups[basis].append(version_id)
    return groups


def _load(connection: sa.Connection, groups: Sequence[tuple[int, bool, Collection[int]]]) -> Loaded:
    """Groups of versions by facts and bareness."""
    facts = _load_facts(connection, {facts_id for facts_id, _, _ in groups})
    alike = [Alike(facts[facts_id], bare, frozenset(ids)) for facts_id, bare, ids in groups]
    with_ends = [each for one in alike if one.facts.type in NAMES_ENDS for each in one.version_ids]
    return Loaded(alike, _load_ends(connection, with_ends) if with_ends else {})


def _load_ends(
    connection: sa.Connection, version_ids: Sequence[int]
) -> Mapping[int, Sequence[End]]:
    newest = aliased(ObjectVersion)
    query = (
        sa.select(
            ObjectEnd.version_id, StixObject.stix_id, newest.facts_id, StixObject.brought_by_id
        )
        .join(StixObject, StixObject.stix_id == ObjectEnd.stix_id)
        .join(newest, newest.id == StixObject.newest_id)
        .where(among(ObjectEnd.version_id, version_ids))
    )
    rows = connection.execute(query).all()
    facts = _load_facts(connection, {row.facts_id for row in rows})
    found: dict[int, list[End]] = defaultdict(list)
    for version_id, stix_id, facts_id, brought_by_id in rows:
        found[version_id].append(End(stix_id, facts[facts_id], brought_by_id))
    return found


def _load_facts(connection: sa.Connection, facts_ids: Collection[int]) -> dict[int, Facts]:
    rows = _FACTS_AMONG.rows(connection, {"ids": sorted(facts_ids)})
    return {row.id: facts_of(row) for row in rows}


FACTS = (
    ObjectFacts.id,
    ObjectFacts.type,
    ObjectFacts.tlp,
    ObjectFacts.written_tlp,
    ObjectFacts.origin_id,
    ObjectFacts.creator,
    ObjectFacts.sector,
    ObjectFacts.vouched,
    ObjectFacts.companion,
    ObjectFacts.disputed,
)
_FACTS_AMONG = Prepared(sa.select(*FACTS).where(among_given(ObjectFacts.id, "ids")))


def facts_of(row: sa.Row[*tuple[Any, ...]]) -> Facts:
    return Facts(
        type=row.type,
        tlp=row.tlp,
        written_tlp=row.written_tlp,
        origin_id=row.origin_id,
        creator=row.creator,
        sector=row.sector,
        vouched=row.vouched,
        companion=row.companion,
        disputed=row.disputed,
    )


def judge(
    loaded: Loaded, question: Question, *, sector: str | None = None
) -> Mapping[int, Decision]:
    """The decision for each version. ``sector`` is what a release would state for all of them."""
    return {
        version_id: judged.decision
        for judged in _judge(loaded, question, sector)
        for version_id in judged.version_ids
    }


def leaving(loaded: Loaded, question: Question) -> frozenset[int]:
    """Versions that may leave now. What a peer posted has no approval of ours to lean on."""
    groups = [
        judged.version_ids
        for judged in _judge(loaded, question)
        if judged.decision.lets_leave(approved=not judged.posted)
    ]
    return frozenset().union(*groups)


def verdicts(loaded: Loaded, question: Question) -> tuple[bool, ...]:
    """Whether each group of versions that are judged alike may leave; always in the same order."""
    return tuple(
        judged.decision.lets_leave(approved=not judged.posted)
        for judged in _judge(loaded, question)
    )


@dataclass(frozen=True, slots=True)
class _Judged:
    version_ids: AbstractSet[int]
    decision: Decision
    posted: bool = False


def _judge(loaded: Loaded, question: Question, sector: str | None = None) -> Iterator[_Judged]:
    """One computation per distinct set of facts, and one for each version that names ends."""
    reader = question.recipient
    for alike in loaded.alike:
        facts = alike.facts if sector is None else replace(alike.facts, sector=sector)
        if alike.bare and isinstance(reader, PeerReader):
            for had_it, some in _split(alike.version_ids, question.recalls):
                yield _Judged(some, decide_recall(facts, reader, question.now, had_it=had_it))
            continue
        for posted, some in _split(alike.version_ids, question.posted):
            decision = decide(facts, reader, question.kind, question.now, posted=posted)
            if not loaded.ends:
                yield _Judged(some, decision, posted)
                continue
            with_ends = some & loaded.ends.keys()
            yield _Judged(some - with_ends, decision, posted)
            for each in with_ends:
                of_ends = [_end_decision(facts, question, end, posted) for end in loaded.ends[each]]
                yield _Judged(frozenset([each]), reduce(stricter, of_ends, decision), posted)


def _split(
    version_ids: AbstractSet[int], chosen: AbstractSet[int]
) -> Iterator[tuple[bool, AbstractSet[int]]]:
    """Those that are among the chosen, and those that are not, where there are any."""
    if not chosen:
        yield False, version_ids
        return
    for is_chosen, some in (True, version_ids & chosen), (False, version_ids - chosen):
        if some:
            yield is_chosen, some


def _end_decision(named_by: Facts, question: Question, end: End, posted: bool) -> Decision:
    """What an end has to say to a version with these facts (rulings 9).

    In our own objects every end counts but those that the recipient brought itself; in a peer's only its own
    and ours, so that nothing shows of what others sent us. Echo is no reason here: no bytes of the end go.
    """
    origin_id, reader = named_by.origin_id, question.recipient
    if origin_id is None:
        counts = not (isinstance(reader, PeerReader) and end.brought_by_id == reader.peer_id)
    else:
        counts = end.brought_by_id in (None, origin_id)
    if not counts:
        return _NOTHING_SAID
    came_along = question.kind == SHARED and posted and end.brought_by_id == origin_id
    decision = decide(end.facts, reader, SHARED, question.now, posted=came_along)
    return decision if decision.lets_leave() else end_withheld(end.stix_id, end.facts, reader)


_NOTHING_SAID = Decision(Verdict.YES, "table-yes")  # the mildest, so that every other stands
