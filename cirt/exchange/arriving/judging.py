"""What keeps an arrival from being taken: what cannot be read or resolved, what the agreement says."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from sqlalchemy.orm import Session

from cirt.exchange.arriving.reasons import RED, Reason, held
from cirt.exchange.models import Outcome
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.objects.codec import Refusal, StixObject
from cirt.objects.markings import PAP_IDS, TLP_IDS
from cirt.objects.resolve import meanings, refs_of
from cirt.objects.store import unresolved_markings, written_tlps
from cirt.sharing.facts import Facts, PeerReader
from cirt.sharing.rules import decide_arrival
from cirt.sharing.verdicts import RULES, Decision, Verdict
from cirt.sharing.waiting import levels_of

FIXED_MARKINGS = TLP_IDS.keys() | PAP_IDS.keys()
_COMPANIONS = frozenset({"marking-definition", "extension-definition"})


def judge_broken(work: Work, read: Sequence[StixObject | Refusal]) -> dict[int, Reason]:
    """By index: what cannot be read. Its own words stand in the reason where its bytes may be shown."""
    broken = {index: one for index, one in enumerate(read) if isinstance(one, Refusal)}
    levels = levels_of(work.session, [(one.seen, one.stix_id) for one in broken.values()])
    return {
        index: _unread(one, is_open=level is not None and level is not Tlp.RED)
        for (index, one), level in zip(broken.items(), levels, strict=True)
    }


def _unread(refusal: Refusal, *, is_open: bool) -> Reason:
    values = {
        name: value if is_open or not isinstance(value, str) else "…"
        for name, value in refusal.values.items()
    }
    return Reason(Outcome.REFUSED, refusal.code, refusal.message, values)


def judge_red(work: Work, read: Sequence[StixObject | Refusal]) -> dict[int, Reason]:
    """By index: what is RED, whatever else is wrong with it, by all that its text shows (rulings 5)."""
    refs: dict[int, set[str]] = {}
    stated: dict[str, Tlp | None] = {}
    for index, one in enumerate(read):
        if isinstance(one, StixObject):
            refs[index] = set(refs_of(one))
            continue
        refs[index] = one.seen.refs
        stated |= one.seen.stated
    objects = [one for one in read if isinstance(one, StixObject)]
    asked = chain.from_iterable(refs.values())
    known = stated | meanings(work.session, objects, asked)
    reason = Reason(Outcome.REFUSED, RED, RULES[RED].sentence)
    return {
        index: reason
        for index, found in refs.items()
        if any(known.get(ref) is Tlp.RED for ref in found)
    }


def judge_markings(
    work: Work,
    objects: Mapping[int, StixObject],
    reader: PeerReader | None,
    default_tlp: Tlp | None,
) -> dict[int, Reason]:
    """By index: markings that cannot be resolved, and what the agreement does not let this peer send.

    A definition that is itself not taken resolves nothing, so this goes round until nothing more falls out.
    """
    reasons: dict[int, Reason] = {}
    while True:
        rest = {index: one for index, one in objects.items() if index not in reasons}
        fallen = dict(_unresolved(work.session, rest, None if reader else default_tlp))
        if not fallen and reader is not None:
            fallen = _not_agreed(work, rest, reader, default_tlp)
        if not fallen:
            return reasons
        reasons |= fallen


def _unresolved(
    session: Session, objects: Mapping[int, StixObject], import_tlp: Tlp | None
) -> Iterator[tuple[int, Reason]]:
    """What an import said of its level is kept with what waits, for the day on which it is taken."""
    said = {"import_tlp": import_tlp.value} if import_tlp else {}
    for index, marking in _missing(session, objects).items():
        yield index, held("marking-unresolved", marking=marking, **said)


def _missing(session: Session, objects: Mapping[int, StixObject]) -> dict[int, str]:
    """By index, the marking that cannot be resolved: also where its definition is beside, and falls itself."""
    places = list(objects)
    first = unresolved_markings(session, list(objects.values()))
    missing = {places[place]: marking for place, marking in first.items()}
    if not missing:
        return {}
    users: dict[str, list[int]] = defaultdict(list)
    for index, one in objects.items():
        for ref in refs_of(one):
            users[ref].append(index)
    here = meanings(session, [], users)
    beside = Counter(one.stix_id for one in objects.values())
    waiting = list(missing)
    while waiting:
        fallen = objects[waiting.pop()].stix_id
        beside[fallen] -= 1
        if beside[fallen] or fallen in here:
            continue
        for index in users[fallen]:
            if index not in missing:
                missing[index] = fallen
                waiting.append(index)
    return missing


def _not_agreed(
    work: Work, objects: Mapping[int, StixObject], reader: PeerReader, default_tlp: Tlp | None
) -> dict[int, Reason]:
    decided: dict[tuple[str, Tlp | None], Decision] = {}
    reasons: dict[int, Reason] = {}
    written = written_tlps(work.session, list(objects.values()))
    for (index, one), level in zip(objects.items(), written, strict=True):
        decision = decided.get((one.type, level))
        if decision is None:
            facts = Facts(
                type=one.type,
                tlp=level or default_tlp or Tlp.AMBER,
                written_tlp=level,
                origin_id=reader.peer_id,
                companion=one.type in _COMPANIONS,
            )
            decision = decided[one.type, level] = decide_arrival(facts, reader, work.now)
        if decision.verdict is not Verdict.YES:
            sentence = RULES[decision.rule].sentence
            reasons[index] = Reason(Outcome.REFUSED, decision.rule, sentence, dict(decision.values))
    return reasons
