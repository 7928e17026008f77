"""Which links may run now: each once in its slot, and after a failure when its patience is over."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.exchange.models import Link, LinkState
from cirt.exchange.timing.slots import Schedule, next_begin, present_slot
from cirt.kernel import jobs
from cirt.kernel.clock import to_us
from cirt.kernel.work import Work
from cirt.parties.models import Peer, PeerState

JOB = "link.sync"
_GIVEN_UP = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """``retry_at`` stands in for the schedule after a failure, and where a day's share is used up."""

    schedule: Schedule
    retry_at: datetime | None
    last_run_at: datetime | None


def put_due(work: Work) -> int:
    """Ask for a run of each link that is due; how many jobs."""
    put = 0
    for link in _ready_links(work.session):
        slot = due_slot(rhythm_of(link), work.now)
        if slot is not None:
            put += ask_for_run(work, link, slot)
    return put


def ask_for_run(work: Work, link: Link, slot: str) -> bool:
    """Put the job, in the lane of its peer: whoever is slow holds up nobody else."""
    name = f"{JOB}-{link.id}-{slot}"
    lane = lane_of(link.peer_id)
    return jobs.put(work.session, JOB, {"link": link.id}, run_at=work.now, slot=name, lane=lane)


def lane_of(peer_id: int) -> str:
    return f"peer-{peer_id}"


def due_slot(rhythm: Rhythm, now: datetime) -> str | None:
    """The slot in which the link is to run now; None where it is not due.

    A retry whose job was given up, for it ended its workers, is asked for anew each hour.
    """
    ran_at = rhythm.last_run_at
    if ran_at is not None and ran_at > now:
        ran_at = None  # our clock stepped back
    elif rhythm.retry_at is not None:
        late = (now - rhythm.retry_at) // _GIVEN_UP
        return f"retry-{to_us(rhythm.retry_at)}-{late}" if late >= 0 else None
    slot = present_slot(rhythm.schedule, now)
    if slot is None or (ran_at is not None and ran_at >= slot.begins_at):
        return None
    return slot.name


def next_run(rhythm: Rhythm, now: datetime) -> datetime | None:
    """When the worker asks for the next run by itself."""
    if rhythm.retry_at is not None:
        return max(rhythm.retry_at, now)
    return next_begin(rhythm.schedule, now)


def rhythm_of(link: Link) -> Rhythm:
    schedule = Schedule(link.id, link.every_s, link.cron, link.set_at or link.created_at)
    return Rhythm(schedule, link.retry_at, link.last_run_at)


def is_busy(link_id: sa.ColumnElement[int] | int) -> sa.ColumnElement[bool]:
    """Whether a run is under way or waits for the worker."""
    return jobs.is_open(sa.literal(f"{JOB}-") + sa.cast(link_id, sa.String) + "-")


def is_awake() -> sa.ColumnElement[bool]:
    """On Link and Peer: nobody has told it to rest, and it waits for nobody's choice."""
    return sa.and_(
        Link.state == LinkState.ACTIVE,
        Link.waits_for_choice.is_(False),
        Peer.state == PeerState.ACTIVE,
    )


def _ready_links(session: Session) -> list[Link]:
    """Those that are awake, and not still at it."""
    query = (
        sa.select(Link)
        .join(Peer, Peer.id == Link.peer_id)
        .where(is_awake(), Link.by_file.is_(False), ~is_busy(Link.id.expression))
        .order_by(Link.id)
    )
    return list(session.scalars(query))
