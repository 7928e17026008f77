"""What becomes of what came: judged, stored, kept where it was not taken."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from cirt.exchange import quarantine
from cirt.exchange.arriving.doors import Door
from cirt.exchange.arriving.following import follow_up
from cirt.exchange.arriving.judging import (
    FIXED_MARKINGS,
    judge_broken,
    judge_markings,
    judge_red,
)
from cirt.exchange.arriving.reasons import RED, Reason, held
from cirt.exchange.arriving.red import close_earlier
from cirt.exchange.arriving.versions import judge_versions
from cirt.exchange.loops.disputes import CONFLICT, dispute
from cirt.exchange.loops.rates import judge_rates
from cirt.exchange.models import Outcome
from cirt.kernel.work import Work
from cirt.objects import codec
from cirt.objects.codec import Read, Refusal, StixObject
from cirt.objects.store import Kept, Stored, put_many
from cirt.parties.models import Peer
from cirt.release.settling import Concerned, hold_concerned, settle_concerned


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


def take_by(
    work: Work, pieces: Sequence[bytes | Read], door: Door
) -> tuple[list[Arrival], list[str]]:
    """What became of each, and the marking-definitions that are new."""
    read = codec.read_all(pieces)
    reasons, absent = _judge(work, read, door)
    objects = _left(read, reasons)
    stored = _store(work, objects, door, absent)
    conflicts = {i: one for i, one in stored.items() if _is_conflict(one)}
    reasons |= {i: _conflict(one) for i, one in conflicts.items()}
    _dispute(work, objects, conflicts, door)
    _keep(work, read, reasons, door)
    _close_red(work, read, reasons, door.peer)
    new = [one for i, one in objects.items() if stored[i].outcome is Kept.NEW]
    concerned = _hold_remarked(work, stored.values(), door)
    follow_up(work, new, [stored[i] for i in objects], door)
    settle_concerned(work, concerned)
    arrivals = [
        _withheld(one, reasons[i]) if i in reasons else _passed(stored[i])
        for i, one in enumerate(read)
    ]
    return arrivals, [one.stix_id for one in new if one.type == "marking-definition"]


def _judge(
    work: Work, read: Sequence[Read], door: Door
) -> tuple[dict[int, Reason], frozenset[str]]:
    """Why some are not taken, and the ids that were not here yet. RED is decided before all else."""
    reasons = judge_broken(work, read)
    if door.peer is not None:
        reasons |= judge_red(work, read)
    judged = judge_versions(work, _left(read, reasons), door.reader, door.lets)
    reasons |= judged.reasons
    reasons |= judge_markings(work, _left(read, reasons), door.reader, door.default_tlp)
    if door.peer is not None and door.is_counted:
        reasons |= judge_rates(work, _left(read, reasons), door.peer, judged)
    return reasons, judged.absent


def _left(read: Sequence[Read], reasons: Collection[int]) -> dict[int, StixObject]:
    return {
        i: one for i, one in enumerate(read) if isinstance(one, StixObject) and i not in reasons
    }


def _store(
    work: Work, objects: Mapping[int, StixObject], door: Door, absent: frozenset[str]
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


def _dispute(
    work: Work,
    objects: Mapping[int, StixObject],
    conflicts: Mapping[int, Stored],
    door: Door,
) -> None:
    """Not for bytes on which a person has decided: who sends them again changes nothing."""
    if not conflicts:
        return
    digests = {i: objects[i].sha256.hex() for i in conflicts}
    done = quarantine.decided(work.session, door.source.peer_id, CONFLICT, digests.values())
    fresh = [(objects[i], one) for i, one in conflicts.items() if digests[i] not in done]
    dispute(work, fresh, door.collection)


def _conflict(stored: Stored) -> Reason:
    return held("conflict", id=stored.stix_id, version=stored.version_text)


def _keep(
    work: Work,
    read: Sequence[Read],
    reasons: Mapping[int, Reason],
    door: Door,
) -> None:
    kept = [
        quarantine.Kept(read[i].raw, read[i].stix_id, read[i].version_text, reason)
        for i, reason in sorted(reasons.items())
    ]
    if kept:
        quarantine.keep(work, door.source, kept)


def _close_red(
    work: Work,
    read: Sequence[Read],
    reasons: Mapping[int, Reason],
    peer: Peer | None,
) -> None:
    ids = [read[i].stix_id for i, reason in reasons.items() if reason.code == RED]
    if peer is not None and ids:
        close_earlier(work, [stix_id for stix_id in ids if stix_id], peer)


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


def _hold_remarked(work: Work, stored: Iterable[Stored], door: Door) -> Concerned:
    """What of all that stands in collections is marked otherwise by these; closed and offered once these are in."""
    remarked = {one.object_id for one in stored if one.remarked}
    if not remarked:
        return Concerned(frozenset(), ())
    return hold_concerned(work, remarked, [door.collection.id] if door.collection else [])
