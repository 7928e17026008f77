"""Who may bring which version of what: its author or first bringer, under its own name, not from the future."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.exchange.arriving.reasons import Reason, held, refused
from cirt.kernel.among import among
from cirt.kernel.clock import to_us
from cirt.kernel.work import Work
from cirt.objects.codec import StixObject
from cirt.objects.models import ObjectFacts, ObjectVersion
from cirt.objects.models import StixObject as ObjectRow
from cirt.parties.models import Peer
from cirt.parties.peers import ourselves
from cirt.sharing.facts import PeerReader

_AHEAD = timedelta(days=1)


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
