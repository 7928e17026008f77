"""Too many versions of one object from one peer within an hour: a loop, most likely (rule 14).

Times are those of the versions themselves, so that a long history that is read for the first time is no alarm.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.exchange.arriving.reasons import Reason, held
from cirt.exchange.arriving.versions import Judged
from cirt.exchange.loops.models import RateAlarm
from cirt.kernel.among import among
from cirt.kernel.work import Work
from cirt.objects.codec import StixObject
from cirt.objects.models import ObjectFacts, ObjectVersion
from cirt.objects.models import StixObject as ObjectRow
from cirt.parties.models import Peer

TOO_OFTEN = "too-often"
MOST_AN_HOUR = 20  # versions of one object from one peer
_UNVERSIONED = frozenset({"marking-definition"})
_HOUR_US = timedelta(hours=1) // timedelta(microseconds=1)


def judge_rates(
    work: Work, objects: Mapping[int, StixObject], peer: Peer, judged: Judged
) -> dict[int, Reason]:
    """By index: what comes while an alarm stands for it, and what raises one. What is known passes.

    A revocation passes always: it ends every loop.
    """
    fresh: dict[str, list[int]] = defaultdict(list)
    for index, one in objects.items():
        is_new = index not in judged.known and not one.revoked
        if is_new and one.type not in _UNVERSIONED:
            fresh[one.stix_id].append(index)
    reasons: dict[int, Reason] = {}
    here = fresh.keys() - judged.absent
    standing = _standing(work.session, peer, here)
    for stix_id, count in standing.items():
        reasons |= dict.fromkeys(fresh[stix_id], _reason(stix_id, count))
    rest = {stix_id: each for stix_id, each in fresh.items() if stix_id not in standing}
    times = _times(work.session, peer, here & rest.keys())
    for stix_id, indexes in rest.items():
        seen = times.get(stix_id, [])
        if len(seen) + len(indexes) > MOST_AN_HOUR:
            reasons |= _count(work, peer, stix_id, {i: objects[i] for i in indexes}, seen)
    return reasons


def _count(
    work: Work, peer: Peer, stix_id: str, coming: Mapping[int, StixObject], seen: Sequence[int]
) -> dict[int, Reason]:
    """From the version on that is one too many within its hour, in the order of their times."""
    order = sorted(coming, key=lambda index: coming[index].version_us)
    times = sorted({*seen, *(one.version_us for one in coming.values())})
    for place, index in enumerate(order):
        at = coming[index].version_us
        within = bisect_right(times, at) - bisect_right(times, at - _HOUR_US)
        if within > MOST_AN_HOUR:
            _raise(work, peer, stix_id, within)
            return dict.fromkeys(order[place:], _reason(stix_id, within))
    return {}


def _raise(work: Work, peer: Peer, stix_id: str, count: int) -> None:
    alarm = RateAlarm(peer_id=peer.id, stix_id=stix_id, count=count, raised_at=work.now)
    work.session.add(alarm)
    work.session.flush()
    work.audit("loop.alarm", stix_id, peer=peer.slug, count=count)


def _reason(stix_id: str, count: int) -> Reason:
    return held(TOO_OFTEN, id=stix_id, count=count)


def _standing(session: Session, peer: Peer, stix_ids: AbstractSet[str]) -> dict[str, int]:
    if not stix_ids:
        return {}
    query = sa.select(RateAlarm.stix_id, RateAlarm.count).where(
        RateAlarm.peer_id == peer.id,
        RateAlarm.lifted_at.is_(None),
        among(RateAlarm.stix_id, stix_ids),
    )
    return dict(session.execute(query).all())


def _times(session: Session, peer: Peer, stix_ids: AbstractSet[str]) -> dict[str, list[int]]:
    """Versions that this peer brought, by object; after an alarm was lifted they are counted anew."""
    if not stix_ids:
        return {}
    lifted = (
        sa.select(sa.func.max(RateAlarm.lifted_at))
        .where(RateAlarm.peer_id == peer.id, RateAlarm.stix_id == ObjectRow.stix_id)
        .scalar_subquery()
    )
    query = (
        sa.select(ObjectRow.stix_id, ObjectVersion.version_us)
        .join(ObjectVersion, ObjectVersion.object_id == ObjectRow.id)
        .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
        .where(
            among(ObjectRow.stix_id, stix_ids),
            ObjectFacts.origin_id == peer.id,
            sa.or_(lifted.is_(None), ObjectVersion.received_at > lifted),
        )
    )
    found: dict[str, list[int]] = defaultdict(list)
    for stix_id, version_us in session.execute(query):
        found[stix_id].append(version_us)
    return found
