"""The one door for objects from anywhere: TAXII POST, pull, console import, connectors."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.exchange import quarantine
from cirt.exchange.judging import (
    FIXED_MARKINGS,
    RED,
    Reason,
    held,
    judge_markings,
    judge_red,
    judge_versions,
    unread,
)
from cirt.exchange.loops.disputes import dispute
from cirt.exchange.loops.rates import judge_rates
from cirt.exchange.models import Link, Outcome, Quarantined, Run
from cirt.exchange.red import close_earlier
from cirt.exchange.seen import note_sightings
from cirt.kernel.among import among
from cirt.kernel.errors import Invalid
from cirt.kernel.text import mark
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.objects import codec
from cirt.objects.codec import Refusal, StixObject
from cirt.objects.models import ObjectFacts, ObjectVersion, WayKind
from cirt.objects.store import Kept, Stored, put_many
from cirt.objects.ways import note_also_seen, way_id
from cirt.parties.models import Peer
from cirt.release.collections import publish
from cirt.release.models import Collection, CollectionKind
from cirt.release.recalling.passing_on import pass_on
from cirt.release.settling import Concerned, hold_concerned, settle_concerned
from cirt.sharing.facts import PeerReader
from cirt.sharing.gate import peer_reader

Read = StixObject | Refusal


class RedNotImported(Invalid):
    code = "red-not-imported"
    message = mark("TLP:RED is for named persons and cannot be given to a whole import.")


class Arrival(NamedTuple):
    """What became of one object, and why, where it was not taken."""

    outcome: Outcome
    stix_id: str | None
    version_text: str | None
    reason: Reason | None = None
    object_id: int | None = None
    version_id: int | None = None

    @property
    def code(self) -> str | None:
        return self.reason.code if self.reason else None

    @property
    def message(self) -> str:
        return self.reason.message if self.reason else ""

    @property
    def values(self) -> Mapping[str, Any]:
        return self.reason.values if self.reason else {}

    @property
    def sentence(self) -> str:
        return self.reason.sentence if self.reason else ""


@dataclass(frozen=True, slots=True)
class _Door:
    """Where a call's objects come from, and what holds for all of them."""

    peer: Peer | None
    reader: PeerReader | None
    collection: Collection | None
    run_id: int | None
    default_tlp: Tlp | None
    way_id: int | None
    is_counted: bool = True  # against the alarm of rule 14; not what a person lets in

    @property
    def source(self) -> quarantine.Source:
        return quarantine.Source(
            self.peer.id if self.peer else None,
            self.collection.id if self.collection else None,
            self.run_id,
        )


def take(
    work: Work,
    pieces: Sequence[bytes | Read],
    *,
    peer: Peer | None,
    reader: PeerReader | None = None,
    collection: Collection | None = None,
    run_id: int | None = None,
    tlp: Tlp | None = None,
) -> list[Arrival]:
    """Take what may be taken; one answer per piece, in the order given. Nothing is lost without a reason.

    Pieces that :func:`codec.read` has read already need not be read while others wait for this transaction.
    ``peer`` None is the console, which vouches for what it brings (rulings 10); ``tlp`` then binds what
    carries no level. ``reader`` is the peer under its present terms, where the caller has it. What is held or
    refused is kept with its bytes, but for RED from a peer.

    Raises:
        RedNotImported.
    """
    door = _door(work, peer, collection, run_id, tlp, reader)
    arrivals, definitions = _take(work, pieces, door)
    counts = Counter(arrival.outcome for arrival in arrivals)
    if counts.total() > counts[Outcome.KNOWN]:
        work.audit(
            "arrivals.take",
            peer.slug if peer else "import",
            collection=collection.alias if collection else None,
            run=run_id,
            **{outcome.value: counts[outcome] for outcome in Outcome},
        )
    _retry(work, definitions)
    return arrivals


def _door(
    work: Work,
    peer: Peer | None,
    collection: Collection | None,
    run_id: int | None,
    tlp: Tlp | None,
    reader: PeerReader | None = None,
) -> _Door:
    if tlp is Tlp.RED:
        raise RedNotImported
    if peer is None:
        return _Door(None, None, collection, run_id, tlp, None)
    reader = reader or peer_reader(work.session, peer.id, work.now)
    default = reader.terms.default_tlp if reader.terms else None
    way = _way(work.session, peer, collection, run_id)
    return _Door(peer, reader, collection, run_id, default, way)


def _way(
    session: Session, peer: Peer, collection: Collection | None, run_id: int | None
) -> int | None:
    """The collection of ours into which a peer posts, or the one of theirs that a run reads."""
    if collection is not None:
        return way_id(session, peer.id, WayKind.POSTED, collection.alias)
    query = sa.select(Link.remote).join(Run, Run.link_id == Link.id).where(Run.id == run_id)
    remote = session.scalar(query) if run_id is not None else None
    return way_id(session, peer.id, WayKind.READ, remote) if remote else None


def _take(
    work: Work, pieces: Sequence[bytes | Read], door: _Door
) -> tuple[list[Arrival], list[str]]:
    """What became of each, and the marking-definitions that are new. RED is decided before all else."""
    read = [codec.read(piece) if isinstance(piece, bytes) else piece for piece in pieces]
    reasons = {i: unread(one) for i, one in enumerate(read) if isinstance(one, Refusal)}
    if door.peer is not None:
        reasons |= judge_red(work, read)
    objects = {
        i: one for i, one in enumerate(read) if isinstance(one, StixObject) and i not in reasons
    }
    judged = judge_versions(work, objects, door.peer)
    reasons |= judged.reasons
    objects = {i: one for i, one in objects.items() if i not in reasons}
    reasons |= judge_markings(work, objects, door.reader, door.default_tlp)
    objects = {i: one for i, one in objects.items() if i not in reasons}
    if door.peer is not None and door.is_counted:
        reasons |= judge_rates(work, objects, door.peer, judged)
        objects = {i: one for i, one in objects.items() if i not in reasons}
    stored = _store(work, objects, door, judged.absent)
    conflicts = {i: one for i, one in stored.items() if _is_conflict(one)}
    reasons |= {i: _conflict(one) for i, one in conflicts.items()}
    dispute(work, [(objects[i], one) for i, one in conflicts.items()], door.collection)
    _keep(work, read, reasons, door)
    _close_red(work, read, reasons, door.peer)
    new = [one for i, one in objects.items() if stored[i].outcome is Kept.NEW]
    concerned = _hold_remarked(work, stored.values(), door)
    _follow_up(work, new, [stored[i] for i in objects], door)
    settle_concerned(work, concerned)
    arrivals = [
        _withheld(one, reasons[i]) if i in reasons else _passed(stored[i])
        for i, one in enumerate(read)
    ]
    return arrivals, [one.stix_id for one in new if one.type == "marking-definition"]


def _store(
    work: Work, objects: Mapping[int, StixObject], door: _Door, absent: frozenset[str]
) -> dict[int, Stored]:
    answers = put_many(
        work,
        list(objects.values()),
        origin_id=door.peer.id if door.peer else None,
        default_tlp=door.default_tlp,
        absent=absent,
        way_id=door.way_id,
    )
    return dict(zip(objects, answers, strict=True))


def _is_conflict(stored: Stored) -> bool:
    """The fixed definitions are written in many ways; what they say has been checked."""
    return stored.outcome is Kept.CONFLICT and stored.stix_id not in FIXED_MARKINGS


def _conflict(stored: Stored) -> Reason:
    return held("conflict", id=stored.stix_id, version=stored.version_text)


def _keep(
    work: Work,
    read: Sequence[StixObject | Refusal],
    reasons: Mapping[int, Reason],
    door: _Door,
) -> None:
    kept = [
        quarantine.Kept(read[i].raw, read[i].stix_id, read[i].version_text, reason)
        for i, reason in sorted(reasons.items())
    ]
    if kept:
        quarantine.keep(work, door.source, kept)


def _close_red(
    work: Work,
    read: Sequence[StixObject | Refusal],
    reasons: Mapping[int, Reason],
    peer: Peer | None,
) -> None:
    ids = [read[i].stix_id for i, reason in reasons.items() if reason.code == RED]
    if peer is not None and ids:
        close_earlier(work, [stix_id for stix_id in ids if stix_id], peer)


def _hold_remarked(work: Work, stored: Iterable[Stored], door: _Door) -> Concerned:
    """What of all that stands in collections is marked otherwise by these; closed and offered once these are in."""
    remarked = {one.object_id for one in stored if one.remarked}
    if not remarked:
        return Concerned(frozenset(), ())
    return hold_concerned(work, remarked, [door.collection.id] if door.collection else [])


def _follow_up(
    work: Work, new: Sequence[StixObject], stored: Sequence[Stored], door: _Door
) -> None:
    if door.collection is not None:
        _publish(work, door.collection, door.peer, stored)
    if door.peer is not None:
        _note_echoes(work, stored, door, door.peer)
        note_sightings(work, new, door.peer)
        revoked = {one.stix_id for one in new if one.revoked}
        if revoked:
            pass_on(work, [one.version_id for one in stored if one.stix_id in revoked])


def _note_echoes(work: Work, stored: Sequence[Stored], door: _Door, peer: Peer) -> None:
    """What was here with the same bytes, from another or by ourselves, has passed this peer too."""
    of_others = [
        one.version_id for one in stored if one.outcome is Kept.KNOWN and one.origin_id != peer.id
    ]
    note_also_seen(work, of_others, peer.id, door.way_id)


def _publish(
    work: Work, collection: Collection, peer: Peer | None, stored: Sequence[Stored]
) -> None:
    """What the console imports into a collection is released; what a peer posts stands in a shared one.

    A peer puts there what it brings now or brought before, never what others or we brought: by that it
    could give our versions to whom we have not.
    """
    if peer is not None and collection.kind is not CollectionKind.SHARED:
        return
    good = [one for one in stored if one.outcome is not Kept.CONFLICT]
    if peer is not None:
        known = [one.version_id for one in good if one.outcome is Kept.KNOWN]
        own = _brought_by(work.session, peer, known) if known else set()
        good = [one for one in good if one.outcome is Kept.NEW or one.version_id in own]
    publish(work, collection, [one.version_id for one in good], brought_by=peer)


def _brought_by(session: Session, peer: Peer, version_ids: Sequence[int]) -> set[int]:
    query = (
        sa.select(ObjectVersion.id)
        .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
        .where(among(ObjectVersion.id, version_ids), ObjectFacts.origin_id == peer.id)
    )
    return set(session.scalars(query))


def _retry(work: Work, definitions: Sequence[str]) -> None:
    """Take anew what was held until these definitions came, and then what was held until those did."""
    while definitions:
        definitions = _take_all(work, quarantine.waiting_for(work.session, definitions))


def take_waiting(work: Work, rows: Sequence[Quarantined]) -> None:
    """Let in what was held, with whatever waits for it; a person has decided that it may come."""
    _retry(work, _take_all(work, rows, is_counted=False))


def _take_all(work: Work, rows: Sequence[Quarantined], *, is_counted: bool = True) -> list[str]:
    """Each by the door at which it came; the definitions among them that are taken now."""
    groups: dict[tuple[quarantine.Source, str | None], list[Quarantined]] = defaultdict(list)
    for row in rows:
        source = quarantine.Source(row.peer_id, row.collection_id, row.run_id)
        groups[source, row.values.get("import_tlp")].append(row)
    return [
        definition
        for (source, tlp), some in groups.items()
        for definition in _take_anew(work, source, tlp, some, is_counted=is_counted)
    ]


def _take_anew(
    work: Work,
    source: quarantine.Source,
    tlp: str | None,
    rows: Sequence[Quarantined],
    *,
    is_counted: bool,
) -> list[str]:
    """The definitions among them that are taken now."""
    session = work.session
    peer = session.get(Peer, source.peer_id) if source.peer_id else None
    collection = session.get(Collection, source.collection_id) if source.collection_id else None
    door = _door(work, peer, collection, source.run_id, Tlp.parse(tlp) if tlp else None)
    door = replace(door, is_counted=is_counted)
    arrivals, definitions = _take(work, [row.body or b"" for row in rows], door)
    for row, arrival in zip(rows, arrivals, strict=True):
        quarantine.settle(work, row, arrival.reason)
    counts = Counter(arrival.outcome.value for arrival in arrivals)
    work.audit("quarantine.retry", peer.slug if peer else "import", **counts)
    return definitions


def _passed(stored: Stored) -> Arrival:
    outcome = Outcome.TAKEN if stored.outcome is Kept.NEW else Outcome.KNOWN
    return Arrival(
        outcome,
        stored.stix_id,
        stored.version_text,
        object_id=stored.object_id,
        version_id=stored.version_id,
    )


def _withheld(one: StixObject | Refusal, reason: Reason) -> Arrival:
    return Arrival(reason.outcome, one.stix_id, one.version_text, reason)
