"""Asking for a run of a link out of turn."""

import sqlalchemy as sa

from cirt.exchange.links.due import ask_for_run, is_busy
from cirt.exchange.links.service import find_link
from cirt.exchange.models import Link, LinkState
from cirt.exchange.trouble import ChoiceMissing
from cirt.kernel.clock import to_us
from cirt.kernel.errors import Conflict
from cirt.kernel.text import mark
from cirt.kernel.work import Work
from cirt.parties.models import Peer, PeerState


class LinkBusy(Conflict):
    code = "link-busy"
    message = mark("A run of this link is under way or waits for the worker already.")


class LinkRests(Conflict):
    code = "link-rests"
    message = mark("This link is paused, or {peer} is suspended. Resume it first.")


class LinkWaits(Conflict):
    code = "link-waits"
    message = ChoiceMissing.message


class LinkByFile(Conflict):
    code = "link-by-file"
    message = mark(
        "There is no line to {peer} here: files are carried. Use cirt exchange export and cirt exchange import."
    )


def run_now(work: Work, link_id: int) -> None:
    """Put a job for the worker; the run itself is the worker's.

    Raises:
        NoSuchLink, LinkBusy, LinkByFile, LinkRests, LinkWaits, NotAllowed.
    """
    work.require("sync:run")
    link = find_link(work.session, link_id)
    peer = check_awake(work, link)
    if link.waits_for_choice:
        raise LinkWaits
    if work.session.scalar(sa.select(is_busy(link.id))):
        raise LinkBusy
    ask_for_run(work, link, f"now-{to_us(work.now)}")
    work.audit("link.run", f"link {link.id}", peer=peer.slug, direction=link.direction.value)


def check_awake(work: Work, link: Link) -> Peer:
    """
    Raises:
        LinkRests, LinkByFile.
    """
    peer = work.session.get_one(Peer, link.peer_id)
    if link.state is LinkState.PAUSED or peer.state is PeerState.SUSPENDED:
        raise LinkRests(peer=peer.name)
    if link.by_file:
        raise LinkByFile(peer=peer.name)
    return peer
