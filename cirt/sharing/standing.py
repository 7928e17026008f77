"""Loads what the gate judges by, without content, and judges it for one recipient."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from cirt.kernel.among import among
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

_NAMES_ENDS = frozenset({"relationship", "sighting"})


@dataclass(frozen=True, slots=True)
class Standing:
    """A version as the gate sees it before its bytes."""

    version_id: int
    stix_id: str
    version_text: str
    type: str
    facts_id: int
    bare: bool


@dataclass(frozen=True, slots=True)
class End:
    """An end that we hold, by the facts of its newest version."""

    stix_id: str
    facts_id: int
    brought_by_id: int | None


@dataclass(frozen=True, slots=True)
class Loaded:
    versions: Mapping[int, Standing]
    facts: Mapping[int, Facts]
    ends: Mapping[int, Sequence[End]]


@dataclass(frozen=True, slots=True)
class Question:
    """Who asks, where, when. ``posted``: versions that a peer put into the collection. ``recalls``: bare
    revocations that stand there for this reader, because it had the object."""

    recipient: Recipient
    kind: str | None
    now: datetime
    posted: frozenset[int] = field(default_factory=frozenset)
    recalls: frozenset[int] = field(default_factory=frozenset)


def load(session: Session, version_ids: Sequence[int]) -> Loaded:
    query = (
        sa.select(
            ObjectVersion.id,
            StixObject.stix_id,
            ObjectVersion.version_text,
            StixObject.type,
            ObjectVersion.facts_id,
            ObjectVersion.bare,
        )
        .join(StixObject, StixObject.id == ObjectVersion.object_id)
        .where(among(ObjectVersion.id, version_ids))
    )
    versions = {row[0]: Standing(*row) for row in session.execute(query)}
    ends = _load_ends(session, [v.version_id for v in versions.values() if v.type in _NAMES_ENDS])
    used = {version.facts_id for version in versions.values()}
    used |= {end.facts_id for several in ends.values() for end in several}
    return Loaded(versions, _load_facts(session, sorted(used)), ends)


def _load_ends(session: Session, version_ids: Sequence[int]) -> Mapping[int, Sequence[End]]:
    found: dict[int, list[End]] = defaultdict(list)
    if not version_ids:
        return found
    newest = aliased(ObjectVersion)
    query = (
        sa.select(
            ObjectEnd.version_id, StixObject.stix_id, newest.facts_id, StixObject.brought_by_id
        )
        .join(StixObject, StixObject.stix_id == ObjectEnd.stix_id)
        .join(newest, newest.id == StixObject.newest_id)
        .where(among(ObjectEnd.version_id, version_ids))
    )
    for version_id, stix_id, facts_id, brought_by_id in session.execute(query):
        found[version_id].append(End(stix_id, facts_id, brought_by_id))
    return found


def _load_facts(session: Session, facts_ids: Sequence[int]) -> Mapping[int, Facts]:
    rows = session.execute(sa.select(*FACTS).where(among(ObjectFacts.id, facts_ids)))
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
)


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
    )


def judge(
    loaded: Loaded, question: Question, *, sector: str | None = None
) -> Mapping[int, Decision]:
    """The decision for each version; one computation per distinct set of facts.

    ``sector`` is what a release would state for all of them.
    """
    made: dict[tuple[int, bool], Decision] = {}
    decisions: dict[int, Decision] = {}
    for version in loaded.versions.values():
        facts = loaded.facts[version.facts_id]
        if sector is not None:
            facts = replace(facts, sector=sector)
        if version.bare and isinstance(question.recipient, PeerReader):
            had_it = version.version_id in question.recalls
            decisions[version.version_id] = decide_recall(
                facts, question.recipient, question.now, had_it=had_it
            )
            continue
        posted = version.version_id in question.posted
        key = version.facts_id, posted
        if key not in made:
            made[key] = decide(
                facts, question.recipient, question.kind, question.now, posted=posted
            )
        decision = made[key]
        for end in loaded.ends.get(version.version_id, ()):
            of_end = _end_decision(loaded, question, version, end)
            decision = stricter(decision, of_end) if of_end else decision
        decisions[version.version_id] = decision
    return decisions


def leaving(loaded: Loaded, question: Question) -> frozenset[int]:
    """Versions that may leave now. What a peer posted has no approval of ours to lean on."""
    return frozenset(
        version_id
        for version_id, decision in judge(loaded, question).items()
        if decision.lets_leave(approved=version_id not in question.posted)
    )


def _end_decision(
    loaded: Loaded, question: Question, version: Standing, end: End
) -> Decision | None:
    """What an end has to say, or None where it does not count (rulings 9).

    In our own objects every end counts but those that the recipient brought itself; in a peer's only its own
    and ours, so that nothing shows of what others sent us. Echo is no reason here: no bytes of the end go.
    """
    origin_id, reader = loaded.facts[version.facts_id].origin_id, question.recipient
    if origin_id is None:
        counts = not (isinstance(reader, PeerReader) and end.brought_by_id == reader.peer_id)
    else:
        counts = end.brought_by_id in (None, origin_id)
    if not counts:
        return None
    facts = loaded.facts[end.facts_id]
    came_along = (
        question.kind == SHARED
        and version.version_id in question.posted
        and end.brought_by_id == origin_id
    )
    decision = decide(facts, reader, SHARED, question.now, posted=came_along)
    return decision if decision.lets_leave() else end_withheld(end.stix_id, facts, reader)
