"""Where objects come from, and what holds for all that come by one door."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.exchange import quarantine
from cirt.exchange.models import Link, Run
from cirt.kernel.errors import Invalid
from cirt.kernel.text import mark
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.objects.models import WayKind
from cirt.objects.ways import way_id
from cirt.parties.models import Peer
from cirt.release.models import Collection
from cirt.sharing.facts import PeerReader
from cirt.sharing.queries import peer_reader


class RedNotImported(Invalid):
    code = "red-not-imported"
    message = mark("TLP:RED is for named persons and cannot be given to a whole import.")


@dataclass(frozen=True, slots=True)
class Door:
    """Where a call's objects come from, and what holds for all of them."""

    peer: Peer | None
    reader: PeerReader | None
    collection: Collection | None
    run_id: int | None
    default_tlp: Tlp | None
    way_id: int | None
    is_counted: bool = True  # against the alarm of rule 14; not what a person lets in
    lets: frozenset[str] = frozenset()  # codes of reasons that a person has set aside

    @property
    def source(self) -> quarantine.Source:
        return quarantine.Source(
            self.peer.id if self.peer else None,
            self.collection.id if self.collection else None,
            self.run_id,
        )


def door_of(
    work: Work,
    peer: Peer | None,
    collection: Collection | None,
    run_id: int | None,
    tlp: Tlp | None,
    reader: PeerReader | None = None,
) -> Door:
    """
    Raises:
        RedNotImported.
    """
    if tlp is Tlp.RED:
        raise RedNotImported
    if peer is None:
        return Door(None, None, collection, run_id, tlp, None)
    reader = reader or peer_reader(work.session, peer.id, work.now)
    default = reader.terms.default_tlp if reader.terms else None
    way = _way(work.session, peer, collection, run_id)
    return Door(peer, reader, collection, run_id, default, way)


def _way(
    session: Session, peer: Peer, collection: Collection | None, run_id: int | None
) -> int | None:
    """The collection of ours into which a peer posts, or the one of theirs that a run reads."""
    if collection is not None:
        return way_id(session, peer.id, WayKind.POSTED, collection.alias)
    query = sa.select(Link.remote).join(Run, Run.link_id == Link.id).where(Run.id == run_id)
    remote = session.scalar(query) if run_id is not None else None
    return way_id(session, peer.id, WayKind.READ, remote) if remote else None
