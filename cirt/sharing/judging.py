"""Judges what was loaded for one recipient: one decision for all versions that are alike."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import reduce

from cirt.sharing.case import SHARED
from cirt.sharing.facts import Consent, Facts, NamedReader, PeerReader, Recipient
from cirt.sharing.rules import decide, decide_all, decide_recall, end_withheld, stricter
from cirt.sharing.standing import JOINS, End, Loaded
from cirt.sharing.verdicts import Decision, Verdict


@dataclass(frozen=True, slots=True)
class Question:
    """Who asks, where, when. ``posted``: versions that a peer put into the collection. ``recalls``: bare
    revocations that stand there for this reader, because it had the object."""

    recipient: Recipient
    kind: str | None
    now: datetime
    posted: frozenset[int] = field(default_factory=frozenset)
    recalls: frozenset[int] = field(default_factory=frozenset)


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
        rule = "end-withheld" if self.facts.type in JOINS else "reference-withheld"
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
