"""Asking for a run of a link out of turn."""

import sqlalchemy as sa

from cirt.exchange.links import JOB, find_link
from cirt.exchange.models import LinkState
from cirt.kernel import jobs
from cirt.kernel.clock import to_us
from cirt.kernel.errors import Conflict
from cirt.kernel.jobs import Job, JobState
from cirt.kernel.text import mark
from cirt.kernel.work import Work
from cirt.parties.models import Peer, PeerState


class LinkBusy(Conflict):
    code = "link-busy"
    message = mark("A run of this link is under way or waits for the worker already.")


class LinkRests(Conflict):
    code = "link-rests"
    message = mark("This link is paused, or {peer} is suspended. Resume it first.")


class LinkByFile(Conflict):
    code = "link-by-file"
    message = mark(
        "There is no line to {peer} here: files are carried. Use cirt exchange export and cirt exchange import."
    )


def run_now(work: Work, link_id: int) -> None:
    """Put a job for the worker; the run itself is the worker's.

    Raises:
        NoSuchLink, LinkBusy, LinkRests, LinkByFile, NotAllowed.
    """
    work.require("sync:run")
    link = find_link(work.session, link_id)
    peer = work.session.get_one(Peer, link.peer_id)
    if link.state is LinkState.PAUSED or peer.state is PeerState.SUSPENDED:
        raise LinkRests(peer=peer.name)
    if link.by_file:
        raise LinkByFile(peer=peer.name)
    own_slots = f"{JOB}-{link.id}-"
    busy = sa.exists().where(
        Job.slot.startswith(own_slots, autoescape=True),
        Job.state.in_([JobState.WAITING, JobState.RUNNING]),
    )
    if work.session.scalar(sa.select(busy)):
        raise LinkBusy
    slot = f"{own_slots}now-{to_us(work.now)}"
    jobs.put(work.session, JOB, {"link": link.id}, run_at=work.now, slot=slot)
    work.audit("link.run", f"link {link.id}", peer=peer.slug, direction=link.direction.value)
