"""Who was offered a revocation and has not fetched it: only they are reminded."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from cirt.release.holdings.holds import Hold
from cirt.release.holdings.queries import holds_of
from cirt.release.recalling.models import Recall


def is_owed(session: Session, recall: Recall, peer_id: int) -> bool:
    return owes(_holds(session, recall.object_id), peer_id)


def owes(holds: Sequence[Hold], peer_id: int) -> bool:
    """It has a revocation before it that it has not fetched, by none of its ways."""
    mine = [hold for hold in holds if hold.peer_id == peer_id and hold.is_of_peer]
    return any(hold.owed for hold in mine) and not any(hold.knows for hold in mine)


def had_it(session: Session, object_id: int, peer_id: int) -> bool:
    """Whether any version of it went to this peer, and not to a person there alone."""
    mine = [hold for hold in _holds(session, object_id) if hold.peer_id == peer_id]
    return any(hold.had_it for hold in mine if hold.is_of_peer)


def _holds(session: Session, object_id: int) -> Sequence[Hold]:
    return holds_of(session, [object_id]).get(object_id, [])
