"""How far files have come with a peer, and the links under which that shows beside those that go by a line."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.exchange.carrying.models import Carried, CarriedFile
from cirt.exchange.models import Link, LinkDirection, LinkState
from cirt.kernel.inserting import insert_new
from cirt.kernel.work import Work
from cirt.parties.models import Peer

_AHEAD = 1_000_000  # files of ours that a peer may have and we know nothing of, after a backup

REMOTE = "by file"  # where links by line name a collection


def carried_with(work: Work, peer: Peer) -> Carried:
    """Held until commit; made where there is none."""
    connection = work.session.connection()
    row = {"peer_id": peer.id, "taken_number": 0, "open_pages": 0, "told_number": 0}
    connection.execute(insert_new(connection, Carried, "peer_id"), [{**row, "said_number": 0}])
    held = sa.select(Carried).where(Carried.peer_id == peer.id).with_for_update()
    return work.session.scalars(held.execution_options(populate_existing=True)).one()


def link_by_file(work: Work, peer: Peer, direction: LinkDirection) -> Link:
    """Made where there is none. Call it after ``carried_with``, which keeps two from making it."""
    query = sa.select(Link).where(
        Link.peer_id == peer.id, Link.direction == direction, Link.by_file.is_(True)
    )
    link = work.session.scalars(query).one_or_none()
    if link is None:
        link = Link(
            peer_id=peer.id,
            direction=direction,
            remote=REMOTE,
            by_file=True,
            state=LinkState.ACTIVE,
            error_values={},
            created_at=work.now,
        )
        work.session.add(link)
        work.session.flush()
        work.audit(
            "link.add", f"link {link.id}", peer=peer.slug, direction=direction, remote=REMOTE
        )
    return link


def last_file(session: Session, peer_id: int) -> CarriedFile | None:
    """The last that we made for a peer."""
    query = sa.select(CarriedFile).where(CarriedFile.peer_id == peer_id)
    return session.scalars(query.order_by(CarriedFile.number.desc()).limit(1)).one_or_none()


def file_numbered(session: Session, peer_id: int, number: int) -> CarriedFile | None:
    query = sa.select(CarriedFile).where(
        CarriedFile.peer_id == peer_id, CarriedFile.number == number
    )
    return session.scalars(query).one_or_none()


def files(session: Session, peer_id: int | None = None) -> list[tuple[CarriedFile, Peer]]:
    """Those that we made, or those for one peer, newest first."""
    query = sa.select(CarriedFile, Peer).join(Peer, Peer.id == CarriedFile.peer_id)
    if peer_id is not None:
        query = query.where(CarriedFile.peer_id == peer_id)
    rows = session.execute(query.order_by(Peer.name, CarriedFile.number.desc()))
    return [(row[0], row[1]) for row in rows]


def note_told(work: Work, peer: Peer, number: int) -> None:
    """The peer says that it has taken our files up to this one. A number of no sense would leave us none to go on with."""
    carried = carried_with(work, peer)
    made = last_file(work.session, peer.id)
    latest = max(made.number if made else 0, carried.told_number) + _AHEAD
    if not carried.told_number < number <= latest:
        return
    carried.told_number = number
    work.session.execute(
        sa.update(CarriedFile)
        .where(
            CarriedFile.peer_id == peer.id,
            CarriedFile.number <= number,
            CarriedFile.taken_at.is_(None),
        )
        .values(taken_at=work.now)
    )
    link_by_file(work, peer, LinkDirection.PUSH).last_data_at = work.now
