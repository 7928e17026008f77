"""Whether there is room for more from outside: a flood ends at these bounds, not with the disk or the desk."""

import shutil
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.exchange.arriving.reasons import ALWAYS_HIDDEN, MAY_BE_HIDDEN
from cirt.exchange.models import Quarantined
from cirt.exchange.trouble import DiskLow, QuarantineFull
from cirt.parties.models import Peer

MOST = 1 << 30  # bytes of one peer that may wait in quarantine
_ROW = 1024  # bytes that an arrival takes besides its own
LEAST_FREE = 1 << 30  # bytes of the disk that are left for the desk
_PART_FREE = 20  # of a small disk this part


def check_room(session: Session, peer: Peer) -> None:
    """
    Raises:
        DiskLow: what is free is for the desk.
        QuarantineFull: as much as may wait of one peer waits of this one.
    """
    check_disk(session.connection().engine)
    waits = _waiting(session, Quarantined.peer_id == peer.id).get(peer.id, 0)
    if waits >= MOST:
        raise QuarantineFull(peer=peer.slug, size=waits >> 20)


def check_disk(engine: sa.Engine) -> None:
    """Where the database is a file; of PostgreSQL's disk nothing can be seen from here.

    Raises:
        DiskLow: what is free is for the desk.
    """
    url = engine.url
    if url.get_backend_name() != "sqlite" or not url.database:
        return
    disk = shutil.disk_usage(Path(url.database).parent)
    least = min(LEAST_FREE, disk.total // _PART_FREE)
    if disk.free < least:
        raise DiskLow(free=disk.free >> 20, least=least >> 20)


def full_peers(session: Session) -> list[Peer]:
    """Those of whom nothing more is taken until somebody decides on what waits, by name."""
    waiting = _waiting(session, Quarantined.peer_id.is_not(None))
    full = [peer_id for peer_id, size in waiting.items() if size >= MOST]
    query = sa.select(Peer).where(Peer.id.in_(full)).order_by(Peer.name)
    return list(session.scalars(query)) if full else []


def _waiting(session: Session, of: sa.ColumnElement[bool]) -> dict[int, int]:
    """By peer, in bytes. What a peer is not told of does not count: being stopped would tell it (rulings 22)."""
    size = sa.func.sum(Quarantined.size) + _ROW * sa.func.count()
    query = sa.select(Quarantined.peer_id, Quarantined.code, size).where(
        Quarantined.settled_at.is_(None), of
    )
    found: dict[int, int] = {}
    rows = session.execute(query.group_by(Quarantined.peer_id, Quarantined.code))
    for peer_id, code, waits in rows:
        if peer_id is not None and code not in MAY_BE_HIDDEN | ALWAYS_HIDDEN:
            found[peer_id] = found.get(peer_id, 0) + int(waits)
    return found
