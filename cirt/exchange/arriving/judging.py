"""What keeps an arrival from being taken: whose object it is, what the agreement says, what cannot be resolved."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.exchange.models import Outcome
from cirt.kernel.among import among
from cirt.kernel.clock import to_us
from cirt.kernel.text import mark
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.objects.codec import Refusal, StixObject
from cirt.objects.markings import PAP_IDS, TLP_IDS
from cirt.objects.models import ObjectFacts, ObjectVersion
from cirt.objects.models import StixObject as ObjectRow
from cirt.objects.resolve import meanings, refs_of
from cirt.objects.store import unresolved_markings, written_tlps
from cirt.parties.models import Peer
from cirt.parties.peers import ourselves
from cirt.sharing.facts import Facts, PeerReader
from cirt.sharing.rules import decide_arrival
from cirt.sharing.verdicts import RULES, Decision, Verdict
from cirt.sharing.waiting import levels_of

FIXED_MARKINGS = TLP_IDS.keys() | PAP_IDS.keys()
RED = "red-arrival"  # the gate's rule, of which no bytes are kept (rulings 5)
_AHEAD = timedelta(days=1)
_COMPANIONS = frozenset({"marking-definition", "extension-definition"})

MESSAGES: dict[str, str] = {
    "marking-unresolved": mark(
        "It refers to {marking}, of which there is no definition here. It is kept until that comes."
    ),
    "foreign-version": mark(
        "{id} was first brought by somebody else. Only they and its author send new versions."
    ),
    "foreign-revocation": mark(
        "{id} was first brought by somebody else. Only they and its author revoke it."
    ),
    "conflict": mark("Version {version} of {id} is here already, with other content."),
    "revoked": mark("{id} has been revoked. Nothing newer is taken."),
    "our-name": mark("It names us as its author, and we have never made it."),
    "their-name": mark(
        "It names {author} as its author, and the agreement with {peer} does not let it pass on what"
        " others made."
    ),
    "too-often": mark(
        "{count} versions of {id} came from this peer within an hour. Until a person has looked, no"
        " other one is taken from there."
    ),
    "far-future": mark("Its version, {version}, lies more than a day ahead of our clock."),
}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an arrival was held or refused; ``message`` is marked, with {values}."""

    outcome: Outcome
    code: str
    message: str
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        return self.message.format(**self.values)


def held(code: str, **values: Any) -> Reason:
    return Reason(Outcome.HELD, code, MESSAGES[code], values)


def refused(code: str, **values: Any) -> Reason:
    return Reason(Outcome.REFUSED, code, MESSAGES[code], values)


def judge_broken(work: Work, read: Sequence[StixObject | Refusal]) -> dict[int, Reason]:
    """By index: what cannot be read. Its own words stand in the reason where its bytes may be shown."""
    broken = {index: one for index, one in enumerate(read) if isinstance(one, Refusal)}
    levels = levels_of(work.session, [(one.raw, one.stix_id) for one in broken.values()])
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
    asked = {ref for found in refs.values() for ref in found}
    known = stated | meanings(work.session, objects, asked)
    reason = Reason(Outcome.REFUSED, RED, RULES[RED].sentence)
    return {
        index: reason
        for index, found in refs.items()
        if any(known.get(ref) is Tlp.RED for ref in found)
    }


@dataclass(slots=True)
class _Present:
    """An object that is here, or was seen earlier in the same call."""

    brought_by_id: int | None
    newest_us: int
    is_revoked: bool
    is_vouched: bool = False
    is_ours: bool = False
    creator: str | None = None
    versions: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Judged:
    """Reasons by index; ids of which nothing is here yet; the indexes of versions that are here."""

    reasons: dict[int, Reason]
    absent: frozenset[str]
    known: set[int]


def judge_versions(
    work: Work,
    objects: Mapping[int, StixObject],
    reader: PeerReader | None,
    lets: frozenset[str] = frozenset(),
) -> Judged:
    """Who may version what, and when. In the order of the arrivals, as each sees those before it.

    ``reader`` None is the console. ``lets`` are the codes that a person has set aside; what is ours nobody else
    versions all the same.
    """
    names = _claimed(work.session, objects.values(), reader)
    asked = {one.stix_id for one in objects.values()}
    present = _present(work.session, asked)
    if lets:
        _note_ours(work.session, present.values())
    absent = frozenset(asked - present.keys())
    latest_us = to_us(work.now + _AHEAD)
    reasons: dict[int, Reason] = {}
    known: set[int] = set()
    for index, one in objects.items():
        here = present.get(one.stix_id)
        reason = _future_reason(one, latest_us, lets) or _version_reason(one, here, reader, lets)
        if reason is None and reader is not None and _claims_anew(one, here):
            reason = _claim_reason(one, reader, names, lets)
        if reason is not None:
            reasons[index] = reason
            continue
        if here is None:
            bringer = reader.peer_id if reader else None
            here = present[one.stix_id] = _Present(bringer, -1, is_revoked=False)
        if one.version_us in here.versions:
            known.add(index)
        here.versions.add(one.version_us)
        if one.version_us > here.newest_us:
            here.newest_us, here.is_revoked = one.version_us, one.revoked
            here.creator = one.created_by_ref
    return Judged(reasons, absent, known)


def _claimed(
    session: Session, objects: Iterable[StixObject], reader: PeerReader | None
) -> Mapping[str, str]:
    """Whose names these claim, by identity: ours is empty. Asked only where another's than the sender's is named."""
    named = {name for one in objects for name in (one.created_by_ref, one.stix_id) if name}
    named = {name for name in named if name.startswith("identity--")}
    if reader is None or not named - {reader.identity_id}:
        return {}
    query = sa.select(Peer.identity_id, Peer.name).where(
        among(Peer.identity_id, named), Peer.id != reader.peer_id
    )
    found = {row.identity_id: row.name for row in session.execute(query)}
    return {**found, ourselves(session).identity_id: ""}


def _claims_anew(one: StixObject, here: _Present | None) -> bool:
    """Whether it names an author that is not named here; what is here was asked about when it came."""
    if here is None:
        return True
    return one.version_us not in here.versions and one.created_by_ref != here.creator


def _claim_reason(
    one: StixObject, reader: PeerReader, names: Mapping[str, str], lets: frozenset[str]
) -> Reason | None:
    """What is ours nobody brings us first; what is a peer's, who may pass it on. An identity names itself, whoever
    is said to have made it."""
    claimed = [name for name in (one.created_by_ref, one.stix_id) if name and name in names]
    if not claimed:
        return None
    if not all(names[name] for name in claimed):
        return held("our-name")
    passes_on = reader.terms is not None and reader.terms.transit
    if passes_on or "their-name" in lets:
        return None
    return held("their-name", author=names[claimed[0]], peer=reader.name)


def _future_reason(one: StixObject, latest_us: int, lets: frozenset[str]) -> Reason | None:
    if one.version_us > latest_us and "far-future" not in lets:
        return held("far-future", version=one.version_text)
    return None


def _version_reason(
    one: StixObject, here: _Present | None, reader: PeerReader | None, lets: frozenset[str]
) -> Reason | None:
    if here is None or one.version_us in here.versions:
        return None
    if here.is_revoked and one.version_us > here.newest_us:
        return refused("revoked", id=one.stix_id)
    if reader is None or _may_version(one, here, reader):
        return None
    code = "foreign-revocation" if one.revoked else "foreign-version"
    return held(code, id=one.stix_id) if here.is_ours or code not in lets else None


def _may_version(one: StixObject, here: _Present, reader: PeerReader) -> bool:
    """Its first bringer or its author; what we have vouched for waits for a person (rulings 10)."""
    if here.brought_by_id is None or here.is_vouched:
        return False
    is_author = (
        reader.identity_id is not None and here.creator == one.created_by_ref == reader.identity_id
    )
    return here.brought_by_id == reader.peer_id or is_author


def _note_ours(session: Session, present: Iterable[_Present]) -> None:
    """What was imported at the console is not: we only vouch for it."""
    own = ourselves(session).identity_id
    for here in present:
        here.is_ours = here.brought_by_id is None and here.creator == own


def _present(session: Session, stix_ids: set[str]) -> dict[str, _Present]:
    found: dict[str, _Present] = {}
    query = (
        sa.select(
            ObjectRow.stix_id,
            ObjectRow.brought_by_id,
            ObjectRow.newest_us,
            ObjectRow.revoked,
            ObjectVersion.version_us,
            ObjectFacts.vouched,
            ObjectFacts.creator,
        )
        .join(ObjectVersion, ObjectVersion.object_id == ObjectRow.id)
        .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
        .where(among(ObjectRow.stix_id, stix_ids))
    )
    for (
        stix_id,
        brought_by_id,
        newest_us,
        is_revoked,
        version_us,
        vouched,
        creator,
    ) in session.execute(query):
        here = found.setdefault(stix_id, _Present(brought_by_id, newest_us, is_revoked))
        here.versions.add(version_us)
        here.is_vouched |= vouched
        if version_us == newest_us:
            here.creator = creator
    return found


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
