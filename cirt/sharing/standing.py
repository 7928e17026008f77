"""Loads what the gate judges by, without content, and judges it for one recipient."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import reduce
from itertools import chain
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from cirt.kernel.among import among, among_given, gathered
from cirt.kernel.prepared import Prepared
from cirt.objects.factsets import COLUMNS, set_of
from cirt.objects.models import ObjectEnd, ObjectFacts, ObjectVersion, StixObject
from cirt.objects.observables.findings import ABOUT_OTHERS
from cirt.sharing.consent import load_consent
from cirt.sharing.facts import NO_CONSENT, Consent, Facts, NamedReader, PeerReader, Recipient
from cirt.sharing.rules import (
    SHARED,
    Decision,
    decide,
    decide_all,
    decide_recall,
    end_withheld,
    stricter,
)
from cirt.sharing.verdicts import Verdict

_JOINS = frozenset({"relationship", "sighting"})
NAMES_ENDS = _JOINS | ABOUT_OTHERS


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
    consent: Consent = NO_CONSENT
    creators: Mapping[str, End] = field(
        default_factory=dict
    )  # identities whose being known matters


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
    ends = _load_ends(connection, with_ends) if with_ends else {}
    creators = _load_creators(connection, facts.values())
    return Loaded(alike, ends, _load_consent(connection, facts.values(), ends, creators), creators)


def _load_consent(
    connection: sa.Connection,
    facts: Iterable[Facts],
    ends: Mapping[int, Sequence[End]],
    creators: Mapping[str, End],
) -> Consent:
    """Only where something came from others, or a policy wants to be asked about."""
    named = (end.facts for several in (*ends.values(), creators.values()) for end in several)
    matters = any(not one.is_own or one.iep.actions for one in chain(facts, named))
    return load_consent(connection) if matters else NO_CONSENT


def _load_creators(connection: sa.Connection, facts: Iterable[Facts]) -> Mapping[str, End]:
    """Makers whose identity is here and does not go along with everything, as our own does."""
    named = {one.creator for one in facts if one.creator and not one.companion}
    if not named:
        return {}
    rows = _CREATORS.rows(connection, {"ids": sorted(named)})
    return {
        row.stix_id: End(row.stix_id, facts_of(row), row.brought_by_id)
        for row in rows
        if not row.companion
    }


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


FACTS = (ObjectFacts.id, *COLUMNS)
_FACTS_AMONG = Prepared(sa.select(*FACTS).where(among_given(ObjectFacts.id, "ids")))
_CREATORS = Prepared(
    sa.select(StixObject.stix_id, StixObject.brought_by_id, *FACTS)
    .join(ObjectVersion, ObjectVersion.id == StixObject.newest_id)
    .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
    .where(among_given(StixObject.stix_id, "ids"))
)


def facts_of(row: sa.Row[*tuple[Any, ...]]) -> Facts:
    return Facts(**set_of(row)._asdict())


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


def every_word(loaded: Loaded, question: Question) -> list[Decision]:
    """Of one version: what each rule says that speaks, the strictest first; that one is its decision."""
    [alike] = loaded.alike
    asked = _Asked(alike.facts, question, loaded.consent, posted=False)
    ends = next(iter(loaded.ends.values()), ())
    named = [asked.of_creator(loaded.creators), *map(asked.of_end, ends)]
    said = [*asked.every(), *(each for each in named if not each.lets_leave())]
    return sorted(said, key=lambda each: -each.verdict.strictness)


def named_in_the_way(loaded: Loaded, question: Question) -> list[str]:
    """Of one version: the ids in its bytes that may not be known to the recipient, each once."""
    said = every_word(loaded, question)
    return list(dict.fromkeys(each.values["end_id"] for each in said if "end_id" in each.values))


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
            asked = _Asked(facts, question, loaded.consent, posted)
            decision = stricter(asked.decision(), asked.of_creator(loaded.creators))
            if not loaded.ends:
                yield _Judged(some, decision, posted)
                continue
            with_ends = some & loaded.ends.keys()
            yield _Judged(some - with_ends, decision, posted)
            for each in with_ends:
                of_ends = map(asked.of_end, loaded.ends[each])
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


@dataclass(frozen=True, slots=True)
class _Asked:
    """Versions with these facts, in one question."""

    facts: Facts
    question: Question
    consent: Consent
    posted: bool

    def decision(self) -> Decision:
        asked = self.question
        return decide(
            self.facts,
            asked.recipient,
            asked.kind,
            asked.now,
            posted=self.posted,
            consent=self.consent,
        )

    def every(self) -> list[Decision]:
        asked = self.question
        return decide_all(
            self.facts,
            asked.recipient,
            asked.kind,
            asked.now,
            posted=self.posted,
            consent=self.consent,
        )

    def of_end(self, end: End) -> Decision:
        rule = "end-withheld" if self.facts.type in _JOINS else "reference-withheld"
        return self._of_named(end, rule)

    def of_creator(self, creators: Mapping[str, End]) -> Decision:
        """Its maker's id is in its bytes. Of a peer's own identity an unmarked one hides nothing."""
        end = creators.get(self.facts.creator or "")
        if end is None:
            return _NOTHING_SAID
        if end.brought_by_id is not None and end.facts.written_tlp is None:
            return _NOTHING_SAID
        return self._of_named(end, "creator-withheld")

    def _of_named(self, end: End, rule: str) -> Decision:
        """What an end has to say to a version with these facts (rulings 9).

        In our own objects every end counts but those that the recipient brought itself; in a peer's only its own
        and ours, so that nothing shows of what others sent us, and in what the recipient brought itself none: by
        what is missing it could tell which ids are here. Echo is no reason here: no bytes of the end go.
        """
        origin_id, asked = self.facts.origin_id, self.question
        reader = asked.recipient
        peer = reader.peer if isinstance(reader, NamedReader) else reader
        if isinstance(peer, PeerReader) and origin_id == peer.peer_id:
            return _NOTHING_SAID
        if origin_id is None:
            counts = not (isinstance(peer, PeerReader) and end.brought_by_id == peer.peer_id)
        else:
            counts = end.brought_by_id in (None, origin_id)
        if not counts:
            return _NOTHING_SAID
        came_along = asked.kind == SHARED and self.posted and end.brought_by_id == origin_id
        of_it = decide(
            end.facts, reader, SHARED, asked.now, posted=came_along, consent=self.consent
        )
        return of_it if of_it.lets_leave() else end_withheld(end.stix_id, end.facts, reader, rule)


_NOTHING_SAID = Decision(Verdict.YES, "table-yes")  # the mildest, so that every other stands
