"""Links: which of a peer's collections we read or write, how often, and when the next run is due."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.exchange import trouble
from cirt.exchange.health import LinkHealth, link_health
from cirt.exchange.models import Link, LinkDirection, LinkState
from cirt.kernel import jobs
from cirt.kernel.clock import to_us
from cirt.kernel.errors import Conflict, Invalid, NotFound
from cirt.kernel.jobs import Job, JobState
from cirt.kernel.text import mark
from cirt.kernel.work import Work
from cirt.parties.models import Peer, PeerState
from cirt.parties.peers import find_peer
from cirt.release.collections import find_collection

__all__ = [
    "JOB",
    "AddLink",
    "LinkHealth",
    "add_link",
    "due_links",
    "find_link",
    "link_health",
    "links",
    "pause_link",
    "put_due",
    "resume_link",
]

JOB = "link.sync"
MIN_EVERY_S, MAX_EVERY_S = 1, 86_400


class NoSuchLink(NotFound):
    code = "no-such-link"
    message = mark("There is no link {id}. List them with: cirt link list.")


class LinkExists(Conflict):
    code = "link-exists"
    message = mark("There is already a link to {peer} for {remote} in this direction.")


class EveryWrong(Invalid):
    code = "every-wrong"
    message = mark("A link runs every {least} to {most} seconds, not every {every}.")


class FromOnlyForPush(Invalid):
    code = "from-only-for-push"
    message = mark("Only a push link is fed from a collection of ours.")


@dataclass(frozen=True, slots=True)
class AddLink:
    peer: str  # slug
    remote: str  # id or alias of the peer's collection
    direction: LinkDirection
    collection: str | None = None  # id or alias of ours, from which a push is fed
    every_s: int = 300
    since: datetime | None = None


def add_link(work: Work, cmd: AddLink) -> Link:
    """
    Raises:
        NoSuchPeer, NoSuchCollection, LinkExists, EveryWrong, FromOnlyForPush, NotAllowed.
    """
    work.require("peer:write")
    if not MIN_EVERY_S <= cmd.every_s <= MAX_EVERY_S:
        raise EveryWrong(least=MIN_EVERY_S, most=MAX_EVERY_S, every=cmd.every_s)
    if cmd.collection and cmd.direction is LinkDirection.PULL:
        raise FromOnlyForPush
    peer = find_peer(work.session, cmd.peer)
    mine = find_collection(work.session, cmd.collection) if cmd.collection else None
    same = sa.exists().where(
        Link.peer_id == peer.id, Link.direction == cmd.direction, Link.remote == cmd.remote
    )
    if work.session.scalar(sa.select(same)):
        raise LinkExists(peer=peer.slug, remote=cmd.remote)
    link = Link(
        peer_id=peer.id,
        direction=cmd.direction,
        remote=cmd.remote,
        collection_id=mine.id if mine else None,
        every_s=cmd.every_s,
        since=cmd.since,
        state=LinkState.ACTIVE,
        error_values={},
        created_at=work.now,
    )
    work.session.add(link)
    work.session.flush()
    _audit(work, "link.add", link, peer)
    return link


def pause_link(work: Work, link_id: int) -> Link:
    return _set_state(work, link_id, LinkState.PAUSED, "link.pause")


def resume_link(work: Work, link_id: int) -> Link:
    return _set_state(work, link_id, LinkState.ACTIVE, "link.resume")


def links(session: Session, peer_id: int | None = None) -> list[tuple[Link, Peer]]:
    query = sa.select(Link, Peer).join(Peer, Peer.id == Link.peer_id)
    if peer_id is not None:
        query = query.where(Link.peer_id == peer_id)
    return list(session.execute(query.order_by(Peer.name, Link.id)))


def find_link(session: Session, link_id: int) -> Link:
    """
    Raises:
        NoSuchLink.
    """
    link = session.get(Link, link_id)
    if link is None:
        raise NoSuchLink(id=link_id)
    return link


def due_links(session: Session, now: datetime) -> list[Link]:
    """Those by line that may run now: neither paused, nor of a suspended peer, nor told to wait, nor still at it."""
    busy = sa.exists().where(
        Job.slot.startswith(sa.literal(f"{JOB}-") + sa.cast(Link.id, sa.String) + "-"),
        Job.state.in_([JobState.WAITING, JobState.RUNNING]),
    )
    query = (
        sa.select(Link)
        .join(Peer, Peer.id == Link.peer_id)
        .where(
            Link.state == LinkState.ACTIVE,
            Link.by_file.is_(False),
            Peer.state == PeerState.ACTIVE,
            ~busy,
        )
        .order_by(Link.id)
    )
    return [link for link in session.scalars(query) if not _is_told_to_wait(link, now)]


def put_due(work: Work) -> int:
    """Ask for a run of each link that is due, once in its slot over any number of workers; how many."""
    return sum(
        jobs.put(work.session, JOB, {"link": link.id}, run_at=work.now, slot=_slot(link, work.now))
        for link in due_links(work.session, work.now)
    )


def _slot(link: Link, now: datetime) -> str:
    """Slots of different links begin at different moments, so that not all run at once."""
    seconds = to_us(now) // 1_000_000
    return f"{JOB}-{link.id}-{link.every_s}-{(seconds + 7 * link.id) // link.every_s}"


def _is_told_to_wait(link: Link, now: datetime) -> bool:
    """A peer that asked us to wait is left alone until then, a day at most."""
    if link.error != trouble.PeerBusy.code or link.last_run_at is None:
        return False
    wait_s = min(float(link.error_values.get("wait_s", 0)), MAX_EVERY_S)
    return link.last_run_at <= now < link.last_run_at + timedelta(seconds=wait_s)


def _set_state(work: Work, link_id: int, state: LinkState, act: str) -> Link:
    work.require("peer:write")
    link = find_link(work.session, link_id)
    if link.state is not state:
        link.state = state
        _audit(work, act, link, work.session.get_one(Peer, link.peer_id))
    return link


def _audit(work: Work, act: str, link: Link, peer: Peer) -> None:
    facts = {"peer": peer.slug, "direction": link.direction.value, "remote": link.remote}
    work.audit(act, f"link {link.id}", **facts, every_s=link.every_s)
