"""Links to a server, and what they brought."""

from typing import Any

import sqlalchemy as sa

from cirt.exchange.links.service import AddLink, add_link
from cirt.exchange.models import LinkDirection
from cirt.kernel.program import Program
from cirt.kernel.work import CONSOLE, Work
from cirt.objects.models import StixObject
from cirt.parties.models import Peer
from cirt.parties.peers import PASSWORD_SEAL
from tests.support.release import a_reader


def a_far_peer(program: Program, work: Work, url: str, slug: str = "cert-b", **terms: Any) -> Peer:
    """A peer with an agreement, whom we reach at this address."""
    peer = a_reader(work, slug, **terms)
    peer.discovery_url = url
    peer.username = "us"
    peer.sealed_password = program.keys.seal(PASSWORD_SEAL, "our password")
    return peer


def a_link(
    program: Program,
    url: str,
    remote: str = "c",
    direction: LinkDirection = LinkDirection.PULL,
    slug: str = "cert-b",
    **more: Any,
) -> int:
    with program.work(CONSOLE) as work:
        peer = a_far_peer(program, work, url, slug)
        return add_link(work, AddLink(peer.slug, remote, direction, **more)).id


def have(program: Program, kind: str = "indicator") -> list[str]:
    """The ids of the objects of a type that are here."""
    with program.work(CONSOLE, write=False) as work:
        query = sa.select(StixObject.stix_id).where(StixObject.type == kind)
        return sorted(work.session.scalars(query))
