"""The two directions of a link under one name."""

from collections.abc import Iterator

from cirt.exchange.health import LinkHealth, link_health
from cirt.exchange.models import Link, LinkDirection, Run
from cirt.exchange.pulling.pull import pull_link
from cirt.exchange.pushing.push import push_link
from cirt.exchange.runs import Caps
from cirt.kernel.program import Program
from cirt.kernel.work import SYSTEM
from cirt.parties.peers import find_peer


def sync_link(
    program: Program,
    link_id: int,
    *,
    dry_run: bool = False,
    caps: Caps | None = None,
    gentle: bool = False,
) -> Run:
    """Run a link now, whichever way it goes; a ``gentle`` run leaves the machine to the desk in between."""
    with program.work(SYSTEM, write=False) as work:
        direction = work.session.get_one(Link, link_id).direction
    if direction is LinkDirection.PULL:
        return pull_link(program, link_id, dry_run=dry_run, caps=caps, gentle=gentle)
    return push_link(program, link_id, dry_run=dry_run, caps=caps)


def sync_all(
    program: Program, slug: str | None = None, *, dry_run: bool = False
) -> Iterator[tuple[LinkHealth, Run]]:
    """Run every link by line now, or those with one peer; as each ends, how it stands and its run.

    Raises:
        NoSuchPeer.
    """
    with program.work(SYSTEM, write=False) as work:
        peer_id = find_peer(work.session, slug).id if slug else None
        ids = [one.id for one in link_health(work.session, peer_id) if not one.by_file]
    for link_id in ids:
        run = sync_link(program, link_id, dry_run=dry_run)
        with program.work(SYSTEM, write=False) as work:
            [health] = [one for one in link_health(work.session, peer_id) if one.id == link_id]
        yield health, run
